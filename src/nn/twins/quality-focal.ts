import { at, logistic, nd, type TwinArray } from './nd.js';

/** What a row's loss is made of; null for a row that does not count. */
function rowOf(
  x: TwinArray,
  goal: TwinArray,
  i: number,
): { d: number; p: number; entropy: number } | null {
  const t = at(goal, i);
  if (t < 0) return null;
  const m = at(x, 2 * i + 1) - at(x, 2 * i);
  const p = logistic(m);
  // -t log p - (1 - t) log(1 - p), with log p = -log(1 + e^-m) and log(1 - p) = log p - m
  const logP = -(Math.max(-m, 0) + Math.log1p(Math.exp(-Math.abs(m))));
  return { d: p - t, p, entropy: -logP + (1 - t) * m };
}

/** Σ |t - p|^beta · cross-entropy(t, p) · factor of two-class rows [M, 2], as [1]. */
export function qualityFocalLoss(
  x: TwinArray,
  goal: TwinArray,
  beta: number,
  factor: number,
): TwinArray {
  let total = 0;
  for (let i = 0; i < goal.data.length; i++) {
    const row = rowOf(x, goal, i);
    if (row) total += Math.abs(row.d) ** beta * row.entropy;
  }
  return nd([1], [factor * total]);
}

export function qualityFocalLossBackward(
  x: TwinArray,
  goal: TwinArray,
  beta: number,
  factor: number,
  dY: TwinArray,
): TwinArray {
  const dX = nd(x.shape);
  for (let i = 0; i < goal.data.length; i++) {
    const row = rowOf(x, goal, i);
    if (!row) continue;
    const { d, p, entropy } = row;
    // Product rule by the margin m: dp/dm = p (1 - p), d(entropy)/dm = p - t.
    const byFactor = beta * Math.abs(d) ** (beta - 1) * Math.sign(d) * p * (1 - p);
    const slope = factor * at(dY, 0) * (byFactor * entropy + Math.abs(d) ** beta * d);
    dX.data[2 * i] = -slope;
    dX.data[2 * i + 1] = slope;
  }
  return dX;
}

/** Corners of a box code on a source box centred at 0 with sides 1. */
function corners(code: TwinArray, i: number, stds: readonly number[], cap: number): number[] {
  const [dx, dy, dw, dh] = [0, 1, 2, 3].map((j) => at(code, 4 * i + j) * (stds[j] as number)) as [
    number,
    number,
    number,
    number,
  ];
  const [w, h] = [Math.exp(Math.min(dw, cap)), Math.exp(Math.min(dh, cap))];
  return [dx - w / 2, dy - h / 2, dx + w / 2, dy + h / 2];
}

/** IoU of coded boxes [M, 4] where the label is 1, 0 where it is 0, -1 where it is negative: [M]. */
export function codedIou(
  pred: TwinArray,
  goal: TwinArray,
  labels: TwinArray,
  stds: readonly number[],
  cap: number,
): TwinArray {
  const y = nd([labels.data.length]);
  labels.data.forEach((label, i) => {
    y.data[i] = label < 0 ? -1 : 0;
    if (label !== 1) return;
    const [a, b] = [corners(pred, i, stds, cap), corners(goal, i, stds, cap)] as [
      [number, number, number, number],
      [number, number, number, number],
    ];
    const side = (k: 0 | 1): number =>
      Math.max(0, Math.min(a[k + 2]!, b[k + 2]!) - Math.max(a[k]!, b[k]!));
    const area = (box: readonly number[]): number => (box[2]! - box[0]!) * (box[3]! - box[1]!);
    const shared = side(0) * side(1);
    y.data[i] = shared / (area(a) + area(b) - shared);
  });
  return y;
}
