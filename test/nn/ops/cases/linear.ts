import { linear as twin, linearBackward } from '../../../../src/nn/twins/linear.js';
import type { TwinArray } from '../../../../src/nn/twins/nd.js';
import { linear, type LinearAlgorithm } from '../../../../src/nn/ops/linear/linear.js';
import type { OpCase } from '../case.js';
import { spread } from '../fill.js';

/** Error allowed relative to the largest value to expect of a result. */
const relativeToMax = 2e-6;

interface Sizes {
  r: number;
  i: number;
  o: number;
  relu?: boolean;
  bias?: boolean;
}

type Arrays = Record<string, TwinArray>;

function linearCase(
  algorithm: LinearAlgorithm,
  name: string,
  { r, i, o, relu = false, bias = true }: Sizes,
  extra: Partial<OpCase> = {},
): OpCase {
  const atol = (terms: number): number => relativeToMax * Math.max(1, Math.sqrt(terms));
  return {
    name: `${name}, ${algorithm}`,
    inputs: {
      x: { shape: [r, i], fill: spread() },
      w: { shape: [o, i], fill: spread() },
      ...(bias ? { b: { shape: [o], fill: spread() } } : {}),
    },
    run: (t) => linear(t['x']!, t['w']!, t['b'] ?? null, { relu, algorithm }),
    twin: ({ x, w, b }: Arrays) => twin(x!, w!, b ?? null, relu),
    twinGrad: ({ x, w, b }: Arrays, dY) => {
      const g = linearBackward(x!, w!, b ?? null, relu, dY);
      return { x: g.x, w: g.weight, ...(b ? { b: g.bias } : {}) };
    },
    rtol: relativeToMax,
    atol: atol(i),
    gradRtol: relativeToMax,
    gradAtol: atol(Math.max(o, r)),
    ...(algorithm !== 'lanes'
      ? {}
      : { skip: (device) => (device.subgroupSize === 0 ? 'no lane kernels here' : null) }),
    ...extra,
  };
}

/** Every algorithm. */
const all = (name: string, sizes: Sizes, extra: Partial<OpCase> = {}): OpCase[] => [
  linearCase('naive', name, sizes, extra),
  linearCase('tile', name, sizes, { ...extra, fd: false }), // the twin does not know algorithms
  linearCase('lanes', name, sizes, { fd: false, ...extra }),
];

// Rows of 64 features are 256 bytes: such matrices become textures by a plain copy.
export const cases: OpCase[] = [
  linearCase('naive', 'one number', { r: 1, i: 1, o: 1 }),
  linearCase('naive', 'odd sizes', { r: 3, i: 5, o: 7, relu: true }),
  linearCase('naive', 'past one block of the sum', { r: 2, i: 523, o: 2 }, { fd: { tol: 1e-5 } }),
  ...all('small', { r: 5, i: 8, o: 12 }),
  ...all('one row, relu', { r: 1, i: 20, o: 36, relu: true }),
  ...all('no bias, relu', { r: 6, i: 12, o: 8, relu: true, bias: false }),
  ...all('past one panel', { r: 35, i: 36, o: 44, relu: true }),
  ...all('copied rows', { r: 33, i: 64, o: 128, relu: true }, { fd: false }),
  ...all('no rows', { r: 0, i: 8, o: 12, relu: true }),
  // The weight gradient has three (or six) panels of rows: one, two panels a window.
  linearCase(
    'lanes',
    'windows of one panel',
    { r: 9, i: 64, o: 96 },
    { lowLimit: 8192, fd: false },
  ),
  linearCase(
    'lanes',
    'windows of two panels',
    { r: 9, i: 64, o: 100 },
    { lowLimit: 16384, fd: false },
  ),
  // Rows of 188 bytes: windows of the naive kernels begin inside their bindings.
  linearCase(
    'naive',
    'windows of odd rows',
    { r: 9, i: 47, o: 21, relu: true },
    { lowLimit: 2048, fd: false },
  ),
  linearCase('tile', 'one number', { r: 1, i: 1, o: 1 }, { fd: false }),
  linearCase('tile', 'odd sizes', { r: 3, i: 5, o: 7, relu: true }, { fd: false }),
  // Forward the sum is split in 2, the gradients are not.
  linearCase('tile', 'split sum', { r: 5, i: 700, o: 37, relu: true }, { fd: false }),
  linearCase('tile', 'split dW', { r: 1030, i: 6, o: 10, relu: true }, { fd: false }),
  linearCase(
    'tile',
    'windows of rows',
    { r: 9, i: 64, o: 100, relu: true },
    { lowLimit: 16384, fd: false },
  ),
  linearCase(
    'tile',
    'windows of odd rows',
    { r: 9, i: 47, o: 21, relu: true },
    { lowLimit: 2048, fd: false },
  ),
];
