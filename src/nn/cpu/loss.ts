import { at, nd, nd2, nd4, type TwinArray } from './nd.js';
import { softmaxTwin } from './softmax.js';

export interface CrossEntropyTwinOptions {
  ignore?: number;
  weights?: TwinArray;
  reduction?: 'sum' | 'mean';
}

function counts(label: number, k: number, ignore: number): boolean {
  return label !== ignore && label >= 0 && label < k;
}

function divisor(labels: TwinArray, k: number, ignore: number, reduction: string): number {
  if (reduction === 'sum') return 1;
  let valid = 0;
  for (const label of labels.data) if (counts(label, k, ignore)) valid++;
  return Math.max(1, valid);
}

/** Softmax cross-entropy of rows [M, K] as [1]. */
export function crossEntropyTwin(
  x: TwinArray,
  labels: TwinArray,
  { ignore = -1, weights, reduction = 'mean' }: CrossEntropyTwinOptions = {},
): TwinArray {
  const [rows, k] = nd2(x);
  let total = 0;
  for (let m = 0; m < rows; m++) {
    const label = at(labels, m);
    if (!counts(label, k, ignore)) continue;
    const row = x.data.subarray(m * k, (m + 1) * k);
    const top = Math.max(...row);
    let sum = 0;
    for (const v of row) sum += Math.exp(v - top);
    const loss = top + Math.log(sum) - (row[label] as number);
    total += (weights ? at(weights, m) : 1) * loss;
  }
  return nd([1], [total / divisor(labels, k, ignore, reduction)]);
}

export function crossEntropyTwinGrad(
  x: TwinArray,
  labels: TwinArray,
  { ignore = -1, weights, reduction = 'mean' }: CrossEntropyTwinOptions,
  dY: TwinArray,
): TwinArray {
  const [rows, k] = nd2(x);
  const p = softmaxTwin(x);
  const dX = nd(x.shape);
  const g = at(dY, 0) / divisor(labels, k, ignore, reduction);
  for (let m = 0; m < rows; m++) {
    const label = at(labels, m);
    if (!counts(label, k, ignore)) continue;
    const w = weights ? at(weights, m) : 1;
    for (let j = 0; j < k; j++) {
      dX.data[m * k + j] = g * w * (at(p, m * k + j) - (j === label ? 1 : 0));
    }
  }
  return dX;
}

/** [N, K, H, W] as rows of pixels [N·H·W, K]. */
function pixelRows(x: TwinArray): TwinArray {
  const [n, k, h, w] = nd4(x);
  const hw = h * w;
  const rows = nd([n * hw, k]);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < hw; p++) {
      for (let j = 0; j < k; j++) rows.data[(b * hw + p) * k + j] = at(x, (b * k + j) * hw + p);
    }
  }
  return rows;
}

/** Softmax cross-entropy of pixels [N, K, H, W] as [1]. */
export function crossEntropyMapTwin(
  x: TwinArray,
  labels: TwinArray,
  { ignore = 255, reduction = 'mean' }: CrossEntropyTwinOptions = {},
): TwinArray {
  return crossEntropyTwin(pixelRows(x), labels, { ignore, reduction });
}

export function crossEntropyMapTwinGrad(
  x: TwinArray,
  labels: TwinArray,
  { ignore = 255, reduction = 'mean' }: CrossEntropyTwinOptions,
  dY: TwinArray,
): TwinArray {
  const [n, k, h, w] = nd4(x);
  const hw = h * w;
  const rows = crossEntropyTwinGrad(pixelRows(x), labels, { ignore, reduction }, dY);
  const dX = nd(x.shape);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < hw; p++) {
      for (let j = 0; j < k; j++) dX.data[(b * k + j) * hw + p] = at(rows, (b * hw + p) * k + j);
    }
  }
  return dX;
}

/** Σ outside · f(inside · (pred − goal)); AOFD-SPEC 1.8. */
export function smoothL1Twin(
  pred: TwinArray,
  goal: TwinArray,
  inside: TwinArray,
  outside: TwinArray,
  sigma: number,
): TwinArray {
  const edge = 1 / (sigma * sigma);
  let total = 0;
  for (let i = 0; i < pred.data.length; i++) {
    const d = at(inside, i) * (at(pred, i) - at(goal, i));
    const size = Math.abs(d);
    total += at(outside, i) * (size < edge ? (0.5 * d * d) / edge : size - 0.5 * edge);
  }
  return nd([1], [total]);
}

export function smoothL1TwinGrad(
  pred: TwinArray,
  goal: TwinArray,
  inside: TwinArray,
  outside: TwinArray,
  sigma: number,
  dY: TwinArray,
): TwinArray {
  const edge = 1 / (sigma * sigma);
  const dPred = nd(pred.shape);
  for (let i = 0; i < pred.data.length; i++) {
    const d = at(inside, i) * (at(pred, i) - at(goal, i));
    const slope = Math.abs(d) < edge ? d / edge : Math.sign(d);
    dPred.data[i] = at(dY, 0) * at(outside, i) * at(inside, i) * slope;
  }
  return dPred;
}

/** Σ w · BCE(sigmoid(x), t), times factor, as [1]. */
export function bceTwin(
  x: TwinArray,
  goal: TwinArray,
  weights: TwinArray | null,
  factor: number,
): TwinArray {
  let total = 0;
  for (let i = 0; i < x.data.length; i++) {
    const v = at(x, i);
    const t = at(goal, i);
    // log(1 + e^v) = max(v, 0) + log(1 + e^-|v|)
    const softplus = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
    total += (weights ? at(weights, i) : 1) * (softplus - t * v);
  }
  return nd([1], [factor * total]);
}

export function bceTwinGrad(
  x: TwinArray,
  goal: TwinArray,
  weights: TwinArray | null,
  factor: number,
  dY: TwinArray,
): TwinArray {
  const dX = nd(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const w = weights ? at(weights, i) : 1;
    dX.data[i] = factor * at(dY, 0) * w * (1 / (1 + Math.exp(-at(x, i))) - at(goal, i));
  }
  return dX;
}
