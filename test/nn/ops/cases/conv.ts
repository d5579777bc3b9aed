import {
  conv2d as twin,
  conv2dBackward,
  type ConvGeometry,
} from '../../../../src/nn/twins/conv.js';
import type { TwinArray } from '../../../../src/nn/twins/nd.js';
import { conv2d } from '../../../../src/nn/ops/conv/conv2d.js';
import type { ConvAlgorithm } from '../../../../src/nn/ops/conv/plan.js';
import type { OpCase } from '../case.js';
import { spread } from '../fill.js';

/**
 * Error allowed relative to the largest value of the result: float32 sums of some thousand terms
 * give 2e-6. Winograd F(4x4) adds its transforms' growth of about 5 on top.
 */
const relativeToMax: Record<ConvAlgorithm, number> = {
  naive: 2e-6,
  tile: 2e-6,
  lanes: 2e-6,
  winograd2: 2e-6,
  winograd4: 1e-5,
};

interface Row {
  name: string;
  x: [number, number, number, number];
  w: [number, number, number, number];
  options?: ConvGeometry;
  bias?: boolean;
  extra?: Partial<OpCase>;
}

type Arrays = Record<string, TwinArray>;

/**
 * Largest value to expect of sums of `terms` products of two numbers uniform in [-1, 1): three
 * standard deviations. The tolerances are relative to it.
 */
const expectedMax = (terms: number): number => Math.max(1, Math.sqrt(terms));

function convCase(algorithm: ConvAlgorithm | null, row: Row): OpCase {
  const { x, w, options = {}, bias = true } = row;
  const { stride = 1, pad = 0, dilation = 1 } = options;
  const [n, , h, width] = x;
  const [o, c, kh, kw] = w;
  const out = (size: number, kernel: number): number =>
    Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  const pixels = n * out(h, kh) * out(width, kw);
  const tolerance = relativeToMax[algorithm ?? 'winograd4'];
  return {
    name: `${row.name}, ${algorithm ?? 'planned'}`,
    inputs: {
      x: { shape: x, layout: 'c4', fill: spread() },
      w: { shape: w, fill: spread() },
      ...(bias ? { b: { shape: [o], fill: spread() } } : {}),
    },
    run: (t) =>
      conv2d(t['x']!, t['w']!, t['b'] ?? null, {
        ...options,
        ...(algorithm === null ? {} : { algorithm }),
      }),
    twin: ({ x: a, w: k, b }: Arrays) => twin(a!, k!, b ?? null, options),
    twinGrad: ({ x: a, w: k, b }: Arrays, dY) => {
      const g = conv2dBackward(a!, k!, b ?? null, options, dY);
      return { x: g.x, w: g.weight, ...(b ? { b: g.bias } : {}) };
    },
    rtol: tolerance,
    atol: tolerance * expectedMax(c * kh * kw),
    gradRtol: tolerance,
    gradAtol: tolerance * expectedMax(Math.max(o * kh * kw, pixels)),
    // The twin does not know algorithms: once per row is enough.
    ...(algorithm === 'naive' || algorithm === null ? {} : { fd: false as const }),
    ...(algorithm === 'naive' || algorithm === 'tile' || algorithm === null
      ? {}
      : { skip: (device) => (device.subgroupSize === 0 ? 'no lane kernels here' : null) }),
    ...row.extra,
  };
}

/** 3x3, stride 1: what every algorithm can do. No size is a multiple of a tile unless it says so. */
const rows3x3: Row[] = [
  { name: 'batch, relu', x: [2, 6, 9, 11], w: [8, 6, 3, 3], options: { pad: 1, relu: true } },
  { name: 'one channel', x: [1, 1, 7, 5], w: [1, 1, 3, 3], options: { pad: 1 } },
  { name: '1x1 map', x: [1, 5, 1, 1], w: [3, 5, 3, 3], options: { pad: 1 } },
  { name: '1x1 maps of RoIs', x: [9, 4, 1, 1], w: [4, 4, 3, 3], options: { pad: 1, relu: true } },
  { name: 'one row', x: [1, 3, 1, 38], w: [5, 3, 3, 3], options: { pad: 1 } },
  { name: 'one column', x: [1, 3, 23, 1], w: [5, 3, 3, 3], options: { pad: 1 } },
  {
    name: 'past one panel of channels',
    x: [1, 37, 5, 9],
    w: [35, 37, 3, 3],
    options: { pad: 1 },
    extra: { fd: false }, // the smaller rows check the twin
  },
  {
    name: 'whole tiles',
    x: [1, 32, 8, 16],
    w: [32, 32, 3, 3],
    options: { pad: 1, relu: true },
    extra: { fd: false }, // the smaller rows check the twin
  },
  { name: 'no pad, no bias', x: [1, 4, 6, 7], w: [6, 4, 3, 3], bias: false },
  { name: 'no pad, 3x3 map', x: [2, 4, 3, 3], w: [4, 4, 3, 3] },
  {
    name: 'pad 2, no bias, relu',
    x: [2, 3, 5, 4],
    w: [5, 3, 3, 3],
    options: { pad: 2, relu: true },
    bias: false,
  },
];

/** Everything else: naive, tile and lanes only. */
const rowsOther: Row[] = [
  {
    name: 'stride 2, odd',
    x: [2, 3, 9, 7],
    w: [6, 3, 3, 3],
    options: { stride: 2, pad: 1, relu: true },
  },
  { name: 'stride 2, even', x: [1, 4, 8, 10], w: [5, 4, 3, 3], options: { stride: 2, pad: 1 } },
  { name: 'stride 2, no pad', x: [1, 4, 8, 9], w: [5, 4, 2, 2], options: { stride: 2 } },
  { name: 'dilation 2', x: [1, 5, 9, 8], w: [6, 5, 3, 3], options: { pad: 2, dilation: 2 } },
  {
    name: 'dilation 2, stride 2',
    x: [1, 5, 11, 8],
    w: [6, 5, 3, 3],
    options: { stride: 2, pad: 2, dilation: 2, relu: true },
  },
  { name: '1x1 kernel, no bias', x: [2, 9, 5, 6], w: [7, 9, 1, 1], bias: false },
  { name: '1x1 kernel past a panel', x: [1, 40, 3, 5], w: [72, 40, 1, 1], options: { relu: true } },
  { name: '1x1 kernel, stride 2', x: [1, 6, 7, 7], w: [4, 6, 1, 1], options: { stride: 2 } },
  { name: '1x1 kernel, stride 3', x: [1, 2, 8, 7], w: [4, 2, 1, 1], options: { stride: 3 } },
  {
    name: '6x6 kernel, stride 4',
    x: [1, 3, 19, 22],
    w: [8, 3, 6, 6],
    options: { stride: 4, pad: 1, relu: true },
  },
  { name: '1x3 kernel', x: [1, 3, 4, 9], w: [4, 3, 1, 3], options: { pad: 1 } },
  { name: '8x8 kernel', x: [1, 2, 9, 8], w: [3, 2, 8, 8] },
];

// More than one plane window and, for Winograd, more than one strip of tiles. The limit must still
// hold one strip and the (unsplit) transformed weight gradient: 16, resp. 36, matrices of 32 x 32.
const low = (lowLimit: number): Partial<OpCase> => ({ lowLimit, fd: false });
const relu1: ConvGeometry = { pad: 1, relu: true };

const windows: OpCase[] = [
  convCase('lanes', {
    name: 'windows',
    x: [2, 20, 18, 16],
    w: [21, 20, 3, 3],
    options: relu1,
    extra: low(40960),
  }),
  convCase('lanes', {
    name: 'windows, stride 2',
    x: [2, 24, 24, 16],
    w: [40, 24, 1, 1],
    options: { stride: 2 },
    extra: low(16384),
  }),
  convCase('winograd2', {
    name: 'windows',
    x: [2, 28, 22, 16],
    w: [30, 28, 3, 3],
    options: relu1,
    extra: low(69632),
  }),
  convCase('winograd4', {
    name: 'windows',
    x: [2, 28, 30, 32],
    w: [30, 28, 3, 3],
    options: relu1,
    extra: low(155648),
  }),
];

// Planes of an odd number of bytes: windows begin inside their bindings.
const oddWindows: OpCase[] = (
  [
    ['naive', 15, 17, 32768],
    ['tile', 15, 17, 32768],
    ['lanes', 15, 17, 32768],
    ['winograd2', 15, 33, 69632],
    ['winograd4', 31, 33, 155648],
  ] as const
).map(([algorithm, h, w, limit]) =>
  convCase(algorithm, {
    name: 'odd windows',
    x: [2, 28, h, w],
    w: [30, 28, 3, 3],
    options: relu1,
    extra: low(limit),
  }),
);

const algorithms: ConvAlgorithm[] = ['naive', 'tile', 'lanes', 'winograd2', 'winograd4'];

export const cases: OpCase[] = [
  ...rows3x3.flatMap((row) => algorithms.map((algorithm) => convCase(algorithm, row))),
  ...rowsOther.flatMap((row) =>
    (['naive', 'tile', 'lanes'] as const).map((algorithm) => convCase(algorithm, row)),
  ),
  convCase(null, { name: 'no image', x: [0, 4, 5, 5], w: [6, 4, 3, 3], options: relu1 }),
  convCase(null, {
    name: 'generator layer',
    x: [3, 64, 7, 7],
    w: [48, 64, 3, 3],
    options: relu1,
    extra: { fd: false },
  }),
  ...windows,
  ...oddWindows,
];
