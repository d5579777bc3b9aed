/** Operations that memory bounds: pooling, upsampling, softmax, RoI pooling, elementwise, SGD. */
import {
  Sgd,
  add,
  maxPool2d,
  relu,
  softmax,
  upsampleBilinear,
  type Device,
  type Tensor,
} from '../../src/nn/index.js';
import type { BenchCase } from '../measure/case.js';
import { backwardWork } from './backward.js';
import { mapTensor, randomData } from './data.js';
import { forwardWorkAsync } from './forward.js';
import type { MapCase } from './map-case.js';
import { maxPoolAt, softmaxAt, upsample2At } from './reference.js';
import { roiCases } from './roi.js';

type MapSize = readonly [channels: number, height: number, width: number];

/** Cases at the sizes that a 512x512 picture gives in VGG16; a quarter of the area in quick runs. */
export function mapCases(device: Device, isQuick: boolean): BenchCase[] {
  const size: MapSize = isQuick ? [64, 256, 256] : [64, 512, 512];
  const cases = [
    ...poolCases(device, size),
    softmaxCase(device),
    ...roiCases(device),
    upsampleCase(device, size),
    ...elementwiseCases(device, size),
    sgdCase(device, size),
  ];
  return cases.map(({ prepareAsync, work = { kind: 'other' }, ...about }) => ({
    group: 'maps',
    ...about,
    work,
    contestants: [{ maker: 'aofd', variant: 'planned', prepareAsync }],
  }));
}

const elements = ([c, h, w]: MapSize): number => c * h * w;

function poolCases(device: Device, size: MapSize): MapCase[] {
  const [c, h, w] = size;
  const n = elements(size);
  const shape = size.join('x');
  return [
    {
      name: 'max pool forward',
      shape,
      flops: 0,
      bytes: 5 * n,
      work: { kind: 'pool', c, h, w },
      prepareAsync() {
        const x = randomData(n, 1);
        const input = mapTensor(device, size, 1);
        return forwardWorkAsync(device, {
          inputs: [input],
          run: () => maxPool2d(input),
          expected: (place) => maxPoolAt(x, h, w, place),
        });
      },
    },
    {
      name: 'max pool backward',
      shape,
      flops: 0,
      bytes: 9 * n,
      prepareAsync() {
        const input = mapTensor(device, size, 1);
        const forward = (): Tensor => maxPool2d(input);
        const work = backwardWork(device, input, forward, (count) => randomData(count, 4));
        return Promise.resolve({
          ...work,
          disposeAsync() {
            work.dispose();
            input.dispose();
            return Promise.resolve();
          },
        });
      },
    },
  ];
}

/** Face or not, for each anchor of a large picture. */
function softmaxCase(device: Device): MapCase {
  const [rows, columns] = [120_000, 2];
  return {
    name: 'softmax of 2',
    shape: `${rows}x${columns}`,
    flops: 0,
    bytes: 8 * columns * rows,
    work: { kind: 'softmax', rows, columns },
    prepareAsync() {
      const scores = randomData(rows * columns, 3);
      const input = device.release(device.tensor(scores, [rows, columns]));
      return forwardWorkAsync(device, {
        inputs: [input],
        run: () => softmax(input),
        expected: (place) => softmaxAt(scores, columns, place),
      });
    },
  };
}

/** Half of the size, doubled. */
function upsampleCase(device: Device, size: MapSize): MapCase {
  const [c, outH, outW] = size;
  const [h, w] = [outH / 2, outW / 2];
  return {
    name: 'bilinear x2',
    shape: `${c}x${h}x${w}`,
    flops: 0,
    bytes: 5 * elements(size),
    prepareAsync() {
      const x = randomData(c * h * w, 1);
      const input = mapTensor(device, [c, h, w], 1);
      return forwardWorkAsync(device, {
        inputs: [input],
        run: () => upsampleBilinear(input, { scale: 2, outH, outW }),
        expected: (place) => upsample2At(x, h, w, place),
      });
    },
  };
}

function elementwiseCases(device: Device, size: MapSize): MapCase[] {
  const n = elements(size);
  const shape = size.join('x');
  return [
    {
      name: 'ReLU',
      shape,
      flops: n,
      bytes: 8 * n,
      prepareAsync() {
        const x = randomData(n, 1);
        const input = mapTensor(device, size, 1);
        return forwardWorkAsync(device, {
          inputs: [input],
          run: () => relu(input),
          expected: (place) => Math.max(0, x[place] as number),
        });
      },
    },
    {
      name: 'add',
      shape,
      flops: n,
      bytes: 12 * n,
      prepareAsync() {
        const [x, y] = [randomData(n, 1), randomData(n, 2)];
        const [a, b] = [mapTensor(device, size, 1), mapTensor(device, size, 2)];
        return forwardWorkAsync(device, {
          inputs: [a, b],
          run: () => add(a, b),
          expected: (place) => Math.fround((x[place] as number) + (y[place] as number)),
        });
      },
    },
  ];
}

function sgdCase(device: Device, size: MapSize): MapCase {
  const n = elements(size);
  return {
    name: 'SGD step',
    shape: `${(n / 1e6).toFixed(1)} M parameters`,
    flops: 5 * n,
    bytes: 20 * n,
    async prepareAsync() {
      const param = device.parameter('w', randomData(n, 1), [n]);
      const optimizer = new Sgd([param]);
      param.grad = device.release(device.tensor(randomData(n, 2), [n]));
      await device.settledAsync();
      const runManyAsync = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) optimizer.step(1e-6);
        await device.settledAsync();
      };
      return {
        runAsync: () => runManyAsync(1),
        runManyAsync,
        disposeAsync() {
          optimizer.dispose();
          param.dispose();
          return Promise.resolve();
        },
      };
    },
  };
}
