import {
  add as addTwin,
  mulElement as mulTwin,
  oneMinus as oneMinusTwin,
  relu as reluTwin,
  reluBackward as reluTwinGrad,
  scale as scaleTwin,
  sigmoid as sigmoidTwin,
  sigmoidBackward as sigmoidTwinGrad,
} from '../../../../src/nn/twins/elementwise.js';
import type { Layout, Tensor } from '../../../../src/nn/index.js';
import { add, mulElement, oneMinus, relu, scale, sigmoid } from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { mapShapes, offZero, spread } from '../fill.js';

interface Unary {
  name: string;
  run: (x: Tensor) => Tensor;
  twin: (x: TwinArray) => TwinArray;
  grad: (x: TwinArray, dY: TwinArray) => TwinArray;
}

const unary: Unary[] = [
  { name: 'relu', run: relu, twin: reluTwin, grad: reluTwinGrad },
  { name: 'sigmoid', run: sigmoid, twin: sigmoidTwin, grad: sigmoidTwinGrad },
  {
    name: 'scale',
    run: (x) => scale(x, -2.5),
    twin: (x) => scaleTwin(x, -2.5),
    grad: (_, dY) => scaleTwin(dY, -2.5),
  },
  { name: 'oneMinus', run: oneMinus, twin: oneMinusTwin, grad: (_, dY) => scaleTwin(dY, -1) },
];

const shapes: [number[], Layout][] = [
  ...mapShapes.map((s): [number[], Layout] => [s, 'c4']),
  [[0, 5], 'row'],
  [[1], 'row'],
  [[7, 13], 'row'],
];

const label = (name: string, [shape, layout]: [number[], Layout]): string =>
  `${name} ${shape.join('x')} ${layout}`;

export const cases: OpCase[] = [
  ...unary.flatMap(({ name, run, twin, grad }) =>
    shapes.map((s): OpCase => ({
      name: label(name, s),
      inputs: { x: { shape: s[0], layout: s[1], fill: offZero(3) } },
      run: ({ x }) => run(x as Tensor),
      twin: ({ x }) => twin(x as TwinArray),
      twinGrad: ({ x }, dY) => ({ x: grad(x as TwinArray, dY) }),
    })),
  ),
  ...shapes.map((s): OpCase => ({
    name: label('add', s),
    inputs: {
      a: { shape: s[0], layout: s[1], fill: spread() },
      b: { shape: s[0], layout: s[1], fill: spread() },
    },
    run: ({ a, b }) => add(a as Tensor, b as Tensor),
    twin: ({ a, b }) => addTwin(a as TwinArray, b as TwinArray),
    twinGrad: (_, dY) => ({ a: dY, b: dY }),
  })),
  ...shapes.map((s): OpCase => ({
    name: label('mulElement', s),
    inputs: {
      a: { shape: s[0], layout: s[1], fill: spread() },
      b: { shape: s[0], layout: s[1], fill: spread() },
    },
    run: ({ a, b }) => mulElement(a as Tensor, b as Tensor),
    twin: ({ a, b }) => mulTwin(a as TwinArray, b as TwinArray),
    twinGrad: ({ a, b }, dY) => ({
      a: mulTwin(dY, b as TwinArray),
      b: mulTwin(dY, a as TwinArray),
    }),
  })),
  {
    name: 'mulElement of a tensor with itself',
    inputs: { a: { shape: [5, 3], fill: spread() } },
    run: ({ a }) => mulElement(a as Tensor, a as Tensor),
    twin: ({ a }) => mulTwin(a as TwinArray, a as TwinArray),
    twinGrad: ({ a }, dY) => ({ a: scaleTwin(mulTwin(dY, a as TwinArray), 2) }),
  },
  ...unary.map(({ name, run, twin, grad }): OpCase => ({
    name: `${name} in windows`,
    inputs: { x: { shape: [2, 6, 9, 11], layout: 'c4', fill: offZero(3) } },
    lowLimit: 1024,
    run: ({ x }) => run(x as Tensor),
    twin: ({ x }) => twin(x as TwinArray),
    twinGrad: ({ x }, dY) => ({ x: grad(x as TwinArray, dY) }),
  })),
  {
    name: 'sigmoid of large numbers',
    inputs: {
      x: { shape: [8], fill: (_, i) => [-200, -90, -20, -1e-4, 1e-4, 20, 90, 200][i] as number },
    },
    run: ({ x }) => sigmoid(x as Tensor),
    twin: ({ x }) => sigmoidTwin(x as TwinArray),
    twinGrad: ({ x }, dY) => ({ x: sigmoidTwinGrad(x as TwinArray, dY) }),
  },
];
