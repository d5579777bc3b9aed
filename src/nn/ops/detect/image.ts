import { NnError } from '../../errors.js';
import { grid1d } from '../../kernel/dispatch.js';
import { sliceOf, windowsOf } from '../../kernel/windows.js';
import type { Device } from '../../tensor/device.js';
import type { Tensor } from '../../tensor/tensor.js';
import { requireBindable } from './checks.js';

export interface PictureToMapOptions {
  /** Size of the picture in pixels. */
  width: number;
  height: number;
  /** Bytes per pixel: 3 (RGB) or 4 (RGBA, the fourth is ignored). Default 3. */
  channels?: 3 | 4;
  /** Output pixels per picture pixel, both axes. Default 1. */
  scale?: number;
  /** Size of the map; what the resized picture does not cover is 0. Default the resized size. */
  mapWidth?: number;
  mapHeight?: number;
  /** Subtracted from and divided into the values 0..255, in output channel order. */
  mean?: readonly number[];
  std?: readonly number[];
  /** Output channel order. Default `rgb`. */
  order?: 'rgb' | 'bgr';
}

/** Rounds to the nearest whole number, halves to the even one. */
function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** Low and high source index and the bits of high's weight for every output of one axis. */
function axisTable(n: number, count: number, scale: number): Uint32Array {
  const table = new Uint32Array(3 * count);
  const weights = new Float32Array(table.buffer);
  for (let i = 0; i < count; i++) {
    const position = Math.min(n - 1, Math.max(0, (i + 0.5) / scale - 0.5));
    const low = Math.floor(position);
    table[3 * i] = low;
    table[3 * i + 1] = Math.min(n - 1, low + 1);
    weights[3 * i + 2] = position - low;
  }
  return table;
}

/**
 * An 8-bit picture (`bytes`, rows without gaps) as the network's input, c4 [1,3,H,W] (docs/spec.md
 * 1.2): bilinear resize by `scale` (size round-half-even(n s), source coordinate (i + 0.5)/s - 0.5,
 * clamped, no anti-aliasing), channel order, (value - mean) / std, zeros where the picture ends.
 * Positions are computed in float64, so that results agree with a CPU resize to float32 precision.
 */
export function pictureToMap(
  device: Device,
  bytes: Uint8Array | Uint8ClampedArray,
  options: PictureToMapOptions,
): Tensor {
  const { width, height, channels = 3, scale = 1, order = 'rgb' } = options;
  const { mean = [0, 0, 0], std = [1, 1, 1] } = options;
  if (bytes.length !== width * height * channels || bytes.length === 0) {
    throw new NnError(
      'picture',
      `pictureToMap: ${bytes.length} bytes are no picture of ${width}x${height}x${channels}.`,
      { fix: 'pass width, height and channels of the decoded picture.' },
    );
  }
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new NnError('option', `pictureToMap: scale must be positive, got ${scale}.`);
  }
  const contentW = Math.max(1, roundHalfEven(width * scale));
  const contentH = Math.max(1, roundHalfEven(height * scale));
  const { mapWidth = contentW, mapHeight = contentH } = options;
  if (mapWidth < contentW || mapHeight < contentH) {
    throw new NnError(
      'option',
      `pictureToMap: the resized picture of ${contentW}x${contentH} does not fit a map of ${mapWidth}x${mapHeight}.`,
      { fix: 'lower the scale or enlarge the map.' },
    );
  }
  const { context } = device;
  requireBindable('pictureToMap', 'the picture', bytes.length, context.bindingLimit);
  const words = Math.ceil(bytes.length / 4);
  const padded = new Uint8Array(4 * words);
  padded.set(bytes);
  const pixels = device.tensor(new Uint32Array(padded.buffer), [words], { dtype: 'u32' });
  const tables = [axisTable(width, contentW, scale), axisTable(height, contentH, scale)];
  const axes = device.tensor(
    Uint32Array.from(tables.flatMap((t) => [...t])),
    [3 * (contentW + contentH)],
    { dtype: 'u32' },
  );
  const y = device.empty([1, 3, mapHeight, mapWidth], { layout: 'c4' });
  for (const rows of windowsOf(mapHeight, mapWidth * 16, context.bindingLimit)) {
    const count = rows.count * mapWidth;
    device.dispatch({
      kernel: 'image/to_map',
      defines: { BGR: order === 'bgr', CHANNELS: channels },
      bindings: { pixels, axes, y: sliceOf(y.buffer, rows) },
      params: {
        source_w: width,
        content_w: contentW,
        content_h: contentH,
        width: mapWidth,
        row_from: rows.start,
        count,
        base: rows.base / 4,
        mean,
        factor: std.map((s) => 1 / s),
      },
      workgroups: grid1d(count),
    });
  }
  pixels.dispose();
  axes.dispose();
  return y;
}
