import { bytesToMap, type Tensor } from '../../../../src/nn/index.js';
import { bytesToMap as bytesToMapTwin } from '../../../../src/nn/twins/image.js';
import type { OpCase, TwinArray } from '../case.js';

function pictures(count: number, height: number, width: number, order: 'rgb' | 'bgr'): OpCase {
  const mean = [102.9801, 115.9465, 122.7717];
  const std = [58.4, 57.1, 57.4];
  const options = { count, height, width, order, mean, std };
  const words = Math.ceil((count * height * width * 3) / 4);
  return {
    name: `pictures as a map ${count}x${height}x${width} ${order}`,
    inputs: {
      bytes: { shape: [words], dtype: 'u32', fill: (random) => Math.floor(random() * 2 ** 32) },
    },
    rtol: 1e-6,
    atol: 1e-6,
    run: ({ bytes }) => bytesToMap(bytes as Tensor, options),
    twin: ({ bytes }) => bytesToMapTwin(bytes as TwinArray, options),
  };
}

export const cases: OpCase[] = [
  pictures(3, 5, 7, 'rgb'),
  pictures(3, 5, 7, 'bgr'),
  pictures(1, 1, 1, 'rgb'),
  pictures(2, 8, 16, 'bgr'),
];
