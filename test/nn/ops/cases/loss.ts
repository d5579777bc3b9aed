import {
  sigmoidBce as bceTwin,
  sigmoidBceBackward as bceTwinGrad,
  softmaxCrossEntropyMap as crossEntropyMapTwin,
  softmaxCrossEntropyMapBackward as crossEntropyMapTwinGrad,
  softmaxCrossEntropy as crossEntropyTwin,
  softmaxCrossEntropyBackward as crossEntropyTwinGrad,
  giouLoss as giouTwin,
  giouLossBackward as giouTwinGrad,
  smoothL1 as smoothL1Twin,
  smoothL1Backward as smoothL1TwinGrad,
} from '../../../../src/nn/twins/loss.js';
import type { Tensor } from '../../../../src/nn/index.js';
import {
  giouLoss,
  sigmoidBce,
  smoothL1,
  softmaxCrossEntropy,
  softmaxCrossEntropyMap,
  type LossReduction,
} from '../../../../src/nn/ops/index.js';
import type { CaseInput, OpCase, TwinArray } from '../case.js';
import { oneOf, spread } from '../fill.js';

function rows(
  name: string,
  shape: [number, number],
  labels: CaseInput['fill'],
  reduction: LossReduction,
  weighted = false,
  logits = spread(3),
): OpCase {
  const twinWeights = (a: Record<string, TwinArray>): { weights?: TwinArray } =>
    weighted ? { weights: a['weights'] as TwinArray } : {};
  return {
    name: `softmaxCrossEntropy ${shape.join('x')} ${reduction}${weighted ? ' weighted' : ''}${name}`,
    inputs: {
      x: { shape, fill: logits },
      labels: { shape: [shape[0]], dtype: 'i32', fill: labels },
      ...(weighted
        ? { weights: { shape: [shape[0]], fill: oneOf(0, 0.5, 1, 2), grad: false } }
        : {}),
    },
    run: ({ x, labels: l, weights }) =>
      softmaxCrossEntropy(x as Tensor, l as Tensor, { reduction, ...(weights ? { weights } : {}) }),
    twin: (a) =>
      crossEntropyTwin(a['x'] as TwinArray, a['labels'] as TwinArray, {
        reduction,
        ...twinWeights(a),
      }),
    twinGrad: (a, dY) => ({
      x: crossEntropyTwinGrad(
        a['x'] as TwinArray,
        a['labels'] as TwinArray,
        { reduction, ...twinWeights(a) },
        dY,
      ),
    }),
  };
}

function map(
  shape: number[],
  reduction: LossReduction,
  labels: CaseInput['fill'],
  lowLimit?: number,
): OpCase {
  const [n = 0, , h = 0, w = 0] = shape;
  return {
    name: `softmaxCrossEntropyMap ${shape.join('x')} ${reduction}${lowLimit === undefined ? '' : ' in windows'}`,
    ...(lowLimit === undefined ? {} : { lowLimit, fd: false }),
    inputs: {
      x: { shape, layout: 'c4', fill: spread(3) },
      labels: { shape: [n, h, w], dtype: 'u32', fill: labels },
    },
    run: ({ x, labels: l }) => softmaxCrossEntropyMap(x as Tensor, l as Tensor, { reduction }),
    twin: ({ x, labels: l }) => crossEntropyMapTwin(x as TwinArray, l as TwinArray, { reduction }),
    twinGrad: ({ x, labels: l }, dY) => ({
      x: crossEntropyMapTwinGrad(x as TwinArray, l as TwinArray, { reduction }, dY),
    }),
  };
}

/** Differences at both sides of the edge 1/σ² but not on it, where the second derivative jumps. */
function l1(shape: [number, number], sigma: number, lowLimit?: number): OpCase {
  const edge = 1 / (sigma * sigma);
  const weights = { fill: oneOf(0, 1), grad: false, shape };
  return {
    name: `smoothL1 ${shape.join('x')} sigma ${sigma}`,
    ...(lowLimit === undefined ? {} : { lowLimit }),
    inputs: {
      pred: { shape, fill: (random) => (random() - 0.5) * 4 * edge },
      goal: { shape, fill: (random) => (random() - 0.5) * 4 * edge, grad: false },
      inside: weights,
      outside: { fill: oneOf(0, 1 / 256, 0.5), grad: false, shape },
    },
    fd: { tol: 1e-5 },
    run: ({ pred, goal, inside, outside }) =>
      smoothL1(pred as Tensor, goal as Tensor, inside as Tensor, outside as Tensor, { sigma }),
    twin: ({ pred, goal, inside, outside }) =>
      smoothL1Twin(
        pred as TwinArray,
        goal as TwinArray,
        inside as TwinArray,
        outside as TwinArray,
        sigma,
      ),
    twinGrad: ({ pred, goal, inside, outside }, dY) => ({
      pred: smoothL1TwinGrad(
        pred as TwinArray,
        goal as TwinArray,
        inside as TwinArray,
        outside as TwinArray,
        sigma,
        dY,
      ),
    }),
  };
}

/** Codes up to `size` in units of 1: near, far (no overlap) and capped boxes. */
function giou(name: string, n: number, size: number, stds: number[], cap: number): OpCase {
  const shape = [n, 4];
  const inputs = (a: Record<string, TwinArray>) =>
    [a['pred'], a['goal'], a['weight']] as [TwinArray, TwinArray, TwinArray];
  return {
    name: `giouLoss ${n} ${name}`,
    inputs: {
      pred: { shape, fill: spread(size) },
      goal: { shape, fill: spread(size), grad: false },
      weight: { shape: [n], fill: oneOf(0, 1, 1 / 64, 2), grad: false },
    },
    run: ({ pred, goal, weight }) =>
      giouLoss(pred as Tensor, goal as Tensor, weight as Tensor, { stds, maxLogRatio: cap }),
    twin: (a) => giouTwin(...inputs(a), stds, cap),
    twinGrad: (a, dY) => ({ pred: giouTwinGrad(...inputs(a), stds, cap, dY) }),
  };
}

function bce(shape: number[], reduction: LossReduction, weighted: boolean, size = 4): OpCase {
  const factorOf = (x: TwinArray): number =>
    reduction === 'mean' ? 1 / Math.max(1, x.data.length) : 1;
  const weightsOf = (a: Record<string, TwinArray>): TwinArray | null => a['weights'] ?? null;
  return {
    name: `sigmoidBce ${shape.join('x')} ${reduction}${weighted ? ' weighted' : ''} logits to ${size}`,
    inputs: {
      x: { shape, fill: spread(size) },
      goal: { shape, fill: oneOf(0, 1, 0.25), grad: false },
      ...(weighted ? { weights: { shape, fill: oneOf(0, 1, 3), grad: false } } : {}),
    },
    run: ({ x, goal, weights }) =>
      sigmoidBce(x as Tensor, goal as Tensor, { reduction, ...(weights ? { weights } : {}) }),
    twin: (a) =>
      bceTwin(
        a['x'] as TwinArray,
        a['goal'] as TwinArray,
        weightsOf(a),
        factorOf(a['x'] as TwinArray),
      ),
    twinGrad: (a, dY) => ({
      x: bceTwinGrad(
        a['x'] as TwinArray,
        a['goal'] as TwinArray,
        weightsOf(a),
        factorOf(a['x'] as TwinArray),
        dY,
      ),
    }),
  };
}

export const cases: OpCase[] = [
  rows('', [1, 2], oneOf(1), 'mean'),
  rows('', [9, 2], oneOf(-1, 0, 1), 'mean'),
  rows('', [130, 2], oneOf(-1, 0, 1), 'sum'),
  rows('', [70, 5], oneOf(-1, 0, 1, 2, 3, 4), 'mean', true),
  rows('', [33, 21], oneOf(0, 7, 20), 'sum', true),
  rows(' all ignored', [6, 2], oneOf(-1), 'mean'),
  rows(' labels that are no class', [12, 3], oneOf(-5, 0, 2, 3, 9), 'mean'),
  rows(' no rows', [0, 2], oneOf(0), 'mean'),
  rows(' large logits', [8, 3], oneOf(0, 1, 2), 'mean', false, spread(150)),
  map([1, 2, 1, 1], 'mean', oneOf(0, 1)),
  map([1, 2, 5, 7], 'mean', oneOf(0, 1, 255)),
  map([2, 2, 33, 41], 'sum', oneOf(0, 1, 255)),
  map([2, 6, 9, 5], 'mean', oneOf(0, 3, 5, 255)),
  map([3, 2, 40, 41], 'mean', oneOf(0, 1, 255), 32768),
  map([3, 6, 20, 17], 'sum', oneOf(0, 3, 5, 255), 16384),
  map([1, 2, 3, 3], 'mean', oneOf(255)),
  map([0, 2, 3, 3], 'mean', oneOf(0)),
  l1([1, 1], 1),
  l1([0, 4], 3),
  l1([11, 4], 3),
  l1([700, 4], 3, 1 << 14),
  l1([9, 8], 1),
  giou('near', 1, 1, [0.1, 0.1, 0.2, 0.2], 4),
  giou('none', 0, 1, [0.1, 0.1, 0.2, 0.2], 4),
  giou('near', 130, 2, [0.1, 0.1, 0.2, 0.2], 4),
  giou('apart', 90, 3, [1, 1, 0.3, 0.3], 4),
  giou('capped', 40, 2, [0.3, 0.3, 1, 1], 0.5),
  bce([1], 'mean', false),
  bce([0, 3], 'mean', false),
  bce([7, 11], 'mean', true),
  bce([130], 'sum', false),
  bce([9], 'sum', false, 90),
];
