import { bytesToMap, type Device, type Tensor } from '../../../nn/index.js';
import type { InputConfig } from '../../config/index.js';

/**
 * Pictures as the network's input: c4 [N,3,H,W], (value - mean) / std per channel, computed on the
 * device from the bytes (docs/spec.md 1.2). Detection does the same on the host while it resizes
 * (`detect/preprocess.ts`): there the picture is not yet of the network's size.
 *
 * @param images RGB bytes, [N,H,W,3]
 */
export function imageTensor(
  device: Device,
  images: Uint8Array,
  count: number,
  height: number,
  width: number,
  normalization: Pick<InputConfig, 'channelOrder' | 'mean' | 'std'>,
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
  const tensor = bytesToMap(bytes, { count, height, width, order: channelOrder, mean, std });
  bytes.dispose();
  return tensor;
}
