/** RoI pooling, forward and backward. */
import { roiPool, type Device, type Tensor } from '../../src/nn/index.js';
import { backwardWork } from './backward.js';
import { mapTensor, randomData } from './data.js';
import { forwardWorkAsync } from './forward.js';
import type { MapCase } from './map-case.js';

/** RoIs (count, 5) of random faces on a picture of side x side: image 0, then x1, y1, x2, y2. */
export function randomRois(count: number, side: number): Float32Array {
  const numbers = randomData(count * 3, 8);
  const rois = new Float32Array(count * 5);
  for (let r = 0; r < count; r++) {
    const [u = 0, v = 0, s = 0] = numbers.subarray(3 * r, 3 * r + 3).map((n) => (n + 1) / 2);
    const size = (0.05 + 0.4 * s) * side;
    const [x, y] = [u * (side - size), v * (side - size)];
    rois.set([0, x, y, x + size - 1, y + size - 1], 5 * r);
  }
  return rois;
}

/** 128 RoIs on the last map of VGG16 of a picture of 512x512. */
export function roiCases(device: Device): MapCase[] {
  const [c, side, count] = [512, 32, 128];
  const inputs = (): [features: Tensor, rois: Tensor] => [
    mapTensor(device, [c, side, side], 1),
    device.release(device.tensor(randomRois(count, 512), [count, 5])),
  ];
  const pool = (features: Tensor, rois: Tensor): Tensor =>
    roiPool(features, rois, { spatialScale: 1 / 16 });
  const bytes = 4 * (c * side * side + count * c * 49);
  const shape = `${count} RoIs, ${c}x${side}x${side}`;
  return [
    {
      name: 'RoI pool forward',
      shape,
      flops: 0,
      bytes,
      prepareAsync() {
        const tensors = inputs();
        return forwardWorkAsync(device, { inputs: tensors, run: () => pool(...tensors) });
      },
    },
    {
      name: 'RoI pool backward',
      shape,
      flops: 0,
      bytes: bytes + 4 * count * c * 49,
      prepareAsync() {
        const [features, rois] = inputs();
        const forward = (): Tensor => pool(features, rois);
        const work = backwardWork(device, features, forward, (size) => randomData(size, 4));
        return Promise.resolve({
          ...work,
          disposeAsync() {
            work.dispose();
            features.dispose();
            rois.dispose();
            return Promise.resolve();
          },
        });
      },
    },
  ];
}
