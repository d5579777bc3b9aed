import { maxPool2d as twin, maxPool2dBackward } from '../../../../src/nn/twins/pool.js';
import { nd, type TwinArray } from '../../../../src/nn/twins/nd.js';
import { maxPool2d } from '../../../../src/nn/ops/pool.js';
import type { OpCase } from '../case.js';

type Arrays = Record<string, TwinArray>;

function pool(name: string, shape: number[], ceil: boolean, extra: Partial<OpCase> = {}): OpCase {
  return {
    name,
    inputs: { x: { shape, layout: 'c4', fill: (random) => random() * 4 - 2 } },
    run: ({ x }) => maxPool2d(x!, { ceil }),
    twin: ({ x }: Arrays) => twin(x!, ceil),
    twinGrad: ({ x }: Arrays, dY) => ({ x: maxPool2dBackward(x!, dY, ceil) }),
    rtol: 0,
    atol: 0,
    ...extra,
  };
}

// Values of few levels: ties in nearly every window. A kink, so no finite differences.
const ties = {
  inputs: {
    x: {
      shape: [1, 5, 9, 7],
      layout: 'c4' as const,
      fill: (r: () => number) => Math.floor(r() * 3),
    },
  },
  fd: false as const,
};

export const cases: OpCase[] = [
  pool('even map', [2, 8, 6, 10], true),
  pool('odd map, ceil', [1, 6, 7, 9], true),
  pool('odd map, floor', [1, 6, 7, 9], false),
  pool('one pixel, ceil', [2, 3, 1, 1], true),
  pool('one row, ceil', [1, 4, 1, 37], true),
  pool('one column, ceil', [1, 1, 19, 1], true),
  // Among 20790 values some random direction crosses a kink at the usual step.
  pool('larger than a workgroup', [1, 9, 33, 70], true, { fd: { eps: 1e-8, tol: 1e-4 } }),
  pool('no image', [0, 8, 4, 4], true),
  pool('ties go to the first', [1, 5, 9, 7], true, ties),
  pool('windows', [4, 12, 11, 13], true, { lowLimit: 16384 }),
  {
    // The gradient of ones for a window of equal values: only its first element.
    ...pool('worked example', [1, 1, 3, 3], true),
    inputs: {
      x: { shape: [1, 1, 3, 3], layout: 'c4', fill: (_, i) => [5, 5, 1, 5, 5, 2, 3, 3, 3][i]! },
    },
    twin: () => nd([1, 1, 2, 2], [5, 2, 3, 3]),
    twinGrad: (_, { data }) => ({
      x: nd([1, 1, 3, 3], [data[0]!, 0, 0, 0, 0, data[1]!, data[2]!, 0, data[3]!]),
    }),
    fd: false,
  },
];
