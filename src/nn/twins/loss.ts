import { at, logistic, nd, nd2, nd4, type TwinArray } from './nd.js';
import { softmax } from './softmax.js';

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
export function softmaxCrossEntropy(
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

export function softmaxCrossEntropyBackward(
  x: TwinArray,
  labels: TwinArray,
  { ignore = -1, weights, reduction = 'mean' }: CrossEntropyTwinOptions,
  dY: TwinArray,
): TwinArray {
  const [rows, k] = nd2(x);
  const p = softmax(x);
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
export function softmaxCrossEntropyMap(
  x: TwinArray,
  labels: TwinArray,
  { ignore = 255, reduction = 'mean' }: CrossEntropyTwinOptions = {},
): TwinArray {
  return softmaxCrossEntropy(pixelRows(x), labels, { ignore, reduction });
}

export function softmaxCrossEntropyMapBackward(
  x: TwinArray,
  labels: TwinArray,
  { ignore = 255, reduction = 'mean' }: CrossEntropyTwinOptions,
  dY: TwinArray,
): TwinArray {
  const [n, k, h, w] = nd4(x);
  const hw = h * w;
  const rows = softmaxCrossEntropyBackward(pixelRows(x), labels, { ignore, reduction }, dY);
  const dX = nd(x.shape);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < hw; p++) {
      for (let j = 0; j < k; j++) dX.data[(b * k + j) * hw + p] = at(rows, (b * hw + p) * k + j);
    }
  }
  return dX;
}

/** Σ outside · f(inside · (pred − goal)); docs/spec.md 1.8. */
export function smoothL1(
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

export function smoothL1Backward(
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

/** Edges [x1, x2, y1, y2] of row i of box codes on a source box [-1/2, 1/2]². */
function codedEdges(
  code: TwinArray,
  i: number,
  stds: readonly number[],
  cap: number,
): [number, number, number, number] {
  const value = (j: number): number => at(code, 4 * i + j) * (stds[j] as number);
  const w = Math.exp(Math.min(value(2), cap));
  const h = Math.exp(Math.min(value(3), cap));
  return [value(0) - w / 2, value(0) + w / 2, value(1) - h / 2, value(1) + h / 2];
}

/** Σ weight · (1 − GIoU) of coded boxes [M, 4], as [1]. */
export function giouLoss(
  pred: TwinArray,
  goal: TwinArray,
  weight: TwinArray,
  stds: readonly number[],
  cap: number,
): TwinArray {
  let total = 0;
  for (let i = 0; i < weight.data.length; i++) {
    const [a1, a2, b1, b2] = codedEdges(pred, i, stds, cap);
    const [c1, c2, d1, d2] = codedEdges(goal, i, stds, cap);
    const overlap =
      Math.max(0, Math.min(a2, c2) - Math.max(a1, c1)) *
      Math.max(0, Math.min(b2, d2) - Math.max(b1, d1));
    const union = (a2 - a1) * (b2 - b1) + (c2 - c1) * (d2 - d1) - overlap;
    const hull = (Math.max(a2, c2) - Math.min(a1, c1)) * (Math.max(b2, d2) - Math.min(b1, d1));
    total += at(weight, i) * (1 - (overlap / union - (hull - union) / hull));
  }
  return nd([1], [total]);
}

/** One axis of a pair of boxes: lengths of overlap, predicted side and hull, with their slopes. */
function axis(a1: number, a2: number, c1: number, c2: number) {
  const overlap = Math.min(a2, c2) - Math.max(a1, c1);
  const isApart = overlap <= 0;
  return {
    overlap: Math.max(0, overlap),
    side: a2 - a1,
    hull: Math.max(a2, c2) - Math.min(a1, c1),
    // By the centre and by the side of the predicted box, whose edges are centre -+ side / 2.
    slopes: ([1, 1, -1 / 2, 1 / 2] as const).reduce(
      (sum, factor, k) => {
        const isLow = k % 2 === 0;
        const bounds = isLow ? a1 > c1 : a2 < c2;
        const spans = isLow ? a1 < c1 : a2 > c2;
        const sign = isLow ? -1 : 1;
        const by = k < 2 ? 'centre' : 'size';
        sum.overlap[by] += !isApart && bounds ? sign * factor : 0;
        sum.hull[by] += spans ? sign * factor : 0;
        return sum;
      },
      { overlap: { centre: 0, size: 0 }, hull: { centre: 0, size: 0 } },
    ),
  };
}

/** Product rule, written along centre and side of each axis (the kernel goes by corners). */
export function giouLossBackward(
  pred: TwinArray,
  goal: TwinArray,
  weight: TwinArray,
  stds: readonly number[],
  cap: number,
  dY: TwinArray,
): TwinArray {
  const dPred = nd(pred.shape);
  for (let i = 0; i < weight.data.length; i++) {
    const [a1, a2, b1, b2] = codedEdges(pred, i, stds, cap);
    const [c1, c2, d1, d2] = codedEdges(goal, i, stds, cap);
    const axes = [axis(a1, a2, c1, c2), axis(b1, b2, d1, d2)];
    const [x, y] = axes as [ReturnType<typeof axis>, ReturnType<typeof axis>];
    const overlap = x.overlap * y.overlap;
    const union = x.side * y.side + (c2 - c1) * (d2 - d1) - overlap;
    const hull = x.hull * y.hull;
    axes.forEach((own, k) => {
      const other = k === 0 ? y : x;
      for (const by of ['centre', 'size'] as const) {
        const dOverlap = own.slopes.overlap[by] * other.overlap;
        const dUnion = (by === 'size' ? other.side : 0) - dOverlap;
        const dHull = own.slopes.hull[by] * other.hull;
        const slope =
          -(dOverlap * union - overlap * dUnion) / union ** 2 -
          (dUnion * hull - union * dHull) / hull ** 2;
        const j = by === 'centre' ? k : k + 2;
        const std = stds[j] as number;
        const isCapped = by === 'size' && at(pred, 4 * i + j) * std >= cap;
        const chain = by === 'centre' ? std : isCapped ? 0 : std * own.side;
        dPred.data[4 * i + j] = at(dY, 0) * at(weight, i) * slope * chain;
      }
    });
  }
  return dPred;
}

/** Σ w · BCE(sigmoid(x), t), times factor, as [1]. */
export function sigmoidBce(
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

export function sigmoidBceBackward(
  x: TwinArray,
  goal: TwinArray,
  weights: TwinArray | null,
  factor: number,
  dY: TwinArray,
): TwinArray {
  const dX = nd(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const w = weights ? at(weights, i) : 1;
    dX.data[i] = factor * at(dY, 0) * w * (logistic(at(x, i)) - at(goal, i));
  }
  return dX;
}
