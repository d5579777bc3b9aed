import { grid1d, type Device, type Tensor } from '../../../nn/index.js';
import type { InputNormalization } from './types.js';

/**
 * Pictures as the network's input: c4 [N,3,H,W], (value - mean) / std per channel, computed on the
 * device from the bytes.
 *
 * @param images RGB bytes, [N,H,W,3]
 */
export function imageTensor(
  device: Device,
  images: Uint8Array,
  count: number,
  height: number,
  width: number,
  normalization: InputNormalization,
): Tensor {
  const { channelOrder, mean, std } = normalization;
  const pixels = count * height * width;
  const words = Math.ceil((pixels * 3) / 4);
  const bytes = device.empty([words], { dtype: 'u32', name: 'bytes' });
  const aligned = images.byteOffset % 4 === 0 && images.byteLength === words * 4;
  let padded = images;
  if (!aligned) {
    padded = new Uint8Array(words * 4);
    padded.set(images);
  }
  device.context.upload(bytes.buffer, padded);
  const tensor = device.empty([count, 3, height, width], { layout: 'c4', name: 'images' });
  device.dispatch({
    kernel: 'image/bytes_to_map',
    defines: { BGR: channelOrder === 'bgr' },
    bindings: { pixels: bytes, y: tensor },
    params: {
      count: pixels,
      mean: [mean[0] ?? 0, mean[1] ?? 0, mean[2] ?? 0, 0],
      factor: [1 / (std[0] ?? 1), 1 / (std[1] ?? 1), 1 / (std[2] ?? 1), 0],
    },
    workgroups: grid1d(pixels),
  });
  bytes.dispose();
  return tensor;
}
