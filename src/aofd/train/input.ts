import type { Device, Tensor } from '../../nn/index.js';
import type { InputNormalization } from './step-types.js';

/**
 * Pictures as the network's input: c4 [N,3,H,W], (value - mean) / std per channel.
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
  const table = new Float32Array(3 * 256);
  for (let c = 0; c < 3; c++) {
    for (let v = 0; v < 256; v++) table[c * 256 + v] = (v - (mean[c] ?? 0)) / (std[c] ?? 1);
  }
  const first = channelOrder === 'bgr' ? 2 : 0;
  const pixels = count * height * width;
  const data = new Float32Array(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    data[4 * i] = table[images[3 * i + first] as number] as number;
    data[4 * i + 1] = table[256 + (images[3 * i + 1] as number)] as number;
    data[4 * i + 2] = table[512 + (images[3 * i + 2 - first] as number)] as number;
  }
  const tensor = device.empty([count, 3, height, width], { layout: 'c4', name: 'images' });
  device.context.upload(tensor.buffer, data);
  return tensor;
}
