import {
  sumMap as sumMapTwin,
  sumMapBackward as sumMapTwinGrad,
  sumRows as sumRowsTwin,
  sumRowsBackward as sumRowsTwinGrad,
  sum as sumTwin,
  sumBackward as sumTwinGrad,
} from '../../../../src/nn/twins/reduce.js';
import type { Layout, Tensor } from '../../../../src/nn/index.js';
import { mean, sum, sumMap, sumRows } from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { mapShapes, spread } from '../fill.js';

function total(shape: number[], layout: Layout, lowLimit?: number): OpCase {
  return {
    name: `sum ${shape.join('x')} ${layout}${lowLimit === undefined ? '' : ' in windows'}`,
    inputs: { x: { shape, layout, fill: spread() } },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    atol: 1e-5,
    run: ({ x }) => sum(x as Tensor),
    twin: ({ x }) => sumTwin(x as TwinArray),
    twinGrad: ({ x }, dY) => ({ x: sumTwinGrad(x as TwinArray, dY) }),
  };
}

function rows(shape: [number, number], lowLimit?: number): OpCase {
  return {
    name: `sumRows ${shape.join('x')}${lowLimit === undefined ? '' : ' in windows'}`,
    inputs: { x: { shape, fill: spread() } },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    atol: 1e-5,
    run: ({ x }) => sumRows(x as Tensor),
    twin: ({ x }) => sumRowsTwin(x as TwinArray),
    twinGrad: ({ x }, dY) => ({ x: sumRowsTwinGrad(x as TwinArray, dY) }),
  };
}

function map(shape: number[], lowLimit?: number): OpCase {
  return {
    name: `sumMap ${shape.join('x')}${lowLimit === undefined ? '' : ' in windows'}`,
    inputs: { x: { shape, layout: 'c4', fill: spread() } },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    atol: 1e-5,
    run: ({ x }) => sumMap(x as Tensor),
    twin: ({ x }) => sumMapTwin(x as TwinArray),
    twinGrad: ({ x }, dY) => ({ x: sumMapTwinGrad(x as TwinArray, dY) }),
  };
}

export const cases: OpCase[] = [
  total([1], 'row'),
  total([0, 3], 'row'),
  total([64], 'row'),
  total([65], 'row'),
  total([4096], 'row'),
  total([4097], 'row'),
  total([3, 3001], 'row'),
  total([2, 5, 31, 17], 'c4'),
  total([5, 8191], 'row', 16384),
  {
    // 2^20 numbers of one sign: a running sum in f32 would be off by far more than this.
    name: 'sum of 1024x1024 numbers near 1',
    inputs: { x: { shape: [1024, 1024], fill: (random) => 1 + 0.1 * random(), grad: false } },
    rtol: 1e-6,
    run: ({ x }) => sum(x as Tensor),
    twin: ({ x }) => sumTwin(x as TwinArray),
  },
  ...mapShapes.map((shape): OpCase => ({
    name: `mean ${shape.join('x')} c4`,
    inputs: { x: { shape, layout: 'c4', fill: spread() } },
    run: ({ x }) => mean(x as Tensor),
    twin: ({ x }) => sumTwin(x as TwinArray, 1 / (x as TwinArray).data.length),
    twinGrad: ({ x }, dY) => ({
      x: sumTwinGrad(x as TwinArray, dY, 1 / (x as TwinArray).data.length),
    }),
  })),
  rows([0, 3]),
  rows([1, 1]),
  rows([64, 5]),
  rows([65, 7]),
  rows([4100, 2]),
  rows([3, 300]),
  rows([700, 6], 4096),
  ...mapShapes.map((s) => map(s)),
  map([1, 2, 8, 8]),
  map([1, 7, 13, 5]),
  map([2, 5, 33, 129]),
  map([150, 3, 7, 7]),
  map([0, 3, 2, 2]),
  map([3, 10, 9, 15], 4096),
];
