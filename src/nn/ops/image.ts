import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';

export interface BytesToMapOptions {
  /** Number of pictures, and their size in pixels. */
  count: number;
  height: number;
  width: number;
  /** Order of the map's channels. */
  order: 'rgb' | 'bgr';
  /** Three values each, in 0..255 and in the map's channel order. */
  mean: readonly number[];
  std: readonly number[];
}

/**
 * Pictures of one size as the network's input (docs/spec.md 1.2): (value - mean) / std per channel.
 *
 * @param bytes row u32 [ceil(N·H·W·3 / 4)]: the memory of RGB bytes [N, H, W, 3] without gaps
 * @returns c4 [N, 3, H, W]. No gradient.
 */
export function bytesToMap(bytes: Tensor, options: BytesToMapOptions): Tensor {
  const { count, height, width, order, mean, std } = options;
  const pixels = count * height * width;
  if (bytes.dtype !== 'u32' || bytes.size !== Math.ceil((pixels * 3) / 4)) {
    throw new NnError(
      'shape',
      `bytesToMap: ${bytes.describe()} does not hold ${count} pictures of ${width}x${height}.`,
      { fix: 'pass the words of RGB bytes without gaps.' },
    );
  }
  const y = bytes.device.empty([count, 3, height, width], { layout: 'c4' });
  bytes.device.dispatch({
    kernel: 'image/bytes_to_map',
    defines: { BGR: order === 'bgr' },
    bindings: { pixels: bytes, y },
    params: {
      count: pixels,
      mean: [mean[0] ?? 0, mean[1] ?? 0, mean[2] ?? 0, 0],
      factor: [1 / (std[0] ?? 1), 1 / (std[1] ?? 1), 1 / (std[2] ?? 1), 0],
    },
    workgroups: grid1d(pixels),
  });
  return y;
}
