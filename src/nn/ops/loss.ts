import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { sliceOf, windowAt, type Window } from '../kernel/windows.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  elementwise,
  emptyLike,
  requireC4,
  requireRow,
  requireSame,
  requireShape,
} from './common.js';
import { planPlanes } from './map-plan.js';
import { columnSums, sumAll } from './reduce.js';

/** sum, or mean: the sum divided by max(1, number of labels that are not ignored). */
export type LossReduction = 'sum' | 'mean';

export interface CrossEntropyOptions {
  /** Rows with this label do not count; default -1. */
  ignore?: number;
  /** Factor of each row's loss, f32 [M]; no gradient flows to it. It does not change the mean's divisor. */
  weights?: Tensor;
  /** Default mean. */
  reduction?: LossReduction;
}

/**
 * Softmax cross-entropy of logits, row [M, K], with labels, i32 [M], as a scalar [1]
 * (docs/spec.md 1.8). A label outside 0 .. K-1 counts as ignored. No rows give 0.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const { ignore = -1, weights, reduction = 'mean' } = options;
  requireRow('softmaxCrossEntropy', 'logits', logits, 2);
  const [rows = 0, k = 0] = logits.shape;
  requireShape('softmaxCrossEntropy', 'labels', labels, [rows]);
  requireDType('softmaxCrossEntropy', 'labels', labels, 'i32');
  if (weights) requireShape('softmaxCrossEntropy', 'weights', weights, [rows]);
  const { device } = logits;
  const defines = { WEIGHTED: weights !== undefined, MEAN: reduction === 'mean' };
  const shared = { x: logits, labels, ...(weights ? { weights } : {}) };
  const params = { rows, k, ignore_label: ignore };
  const perRow = device.empty([rows, 2]);
  if (logits.size > 0) {
    device.dispatch({
      kernel: 'loss/cross_entropy',
      defines,
      bindings: { ...shared, stats: perRow },
      params,
      workgroups: grid1d(rows),
    });
  }
  const stats = columnSums(perRow);
  perRow.dispose();
  const y = finishLoss(stats, reduction);
  record({
    op: 'softmaxCrossEntropy',
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      if (logits.size > 0) {
        device.dispatch({
          kernel: 'loss/cross_entropy_backward',
          defines,
          bindings: { ...shared, stats, dY, dX },
          params,
          workgroups: grid1d(rows),
        });
      }
      return [dX];
    },
  });
  return y;
}

export interface CrossEntropyMapOptions {
  /** Pixels with this label do not count; default 255. */
  ignore?: number;
  /** Default mean. */
  reduction?: LossReduction;
}

/**
 * Softmax cross-entropy of every pixel of logits, c4 [N, K, H, W], with labels, u32 [N, H, W], as
 * a scalar [1] (docs/spec.md 5). A label that is no class counts as ignored.
 */
// eslint-disable-next-line max-lines-per-function -- checks, a dispatch for each window, and the same backwards
export function softmaxCrossEntropyMap(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyMapOptions = {},
): Tensor {
  const { ignore = 255, reduction = 'mean' } = options;
  requireC4('softmaxCrossEntropyMap', 'logits', logits);
  const [n, k, h, w] = dims4(logits.shape);
  requireShape('softmaxCrossEntropyMap', 'labels', labels, [n, h, w]);
  requireDType('softmaxCrossEntropyMap', 'labels', labels, 'u32');
  const { device } = logits;
  const hw = h * w;
  const windows = pixelWindows(logits);
  const params = { hw, ignore_label: ignore };
  const partial = device.empty([windows.reduce((sum, w) => sum + stridedParts(w.pixels), 0), 2]);
  let first = 0;
  for (const window of windows) {
    const parts = stridedParts(window.pixels);
    const stats = windowAt(first, parts, 8);
    const { x, labels: label } = window;
    device.dispatch({
      kernel: 'loss/cross_entropy_map',
      defines: { K: k },
      bindings: {
        x: sliceOf(logits.buffer, x),
        labels: sliceOf(labels.buffer, label),
        stats: sliceOf(partial.buffer, stats),
      },
      params: {
        ...{ n: parts, pixels: window.pixels, ...params },
        ...{ x_base: x.base, label_base: label.base, stat_base: stats.base },
      },
      workgroups: grid1d(parts),
    });
    first += parts;
  }
  const stats = columnSums(partial);
  partial.dispose();
  const y = finishLoss(stats, reduction);
  record({
    op: 'softmaxCrossEntropyMap',
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      for (const { pixels, x, labels: label } of windows) {
        device.dispatch({
          kernel: 'loss/cross_entropy_map_backward',
          defines: { MEAN: reduction === 'mean', K: k },
          bindings: {
            ...{ x: sliceOf(logits.buffer, x), dX: sliceOf(dX.buffer, x) },
            ...{ labels: sliceOf(labels.buffer, label), stats, dY },
          },
          params: { pixels, ...params, x_base: x.base, label_base: label.base },
          workgroups: grid1d(pixels),
        });
      }
      return [dX];
    },
  });
  return y;
}

/** Pixels that one dispatch takes, with their scores and labels. */
interface PixelWindow {
  pixels: number;
  x: Window;
  labels: Window;
}

/**
 * Windows over the pixels of a map of scores. Up to 4 classes are one plane, of which any range can be
 * bound: blocks of 1024 pixels, so that every partial sum is that of the whole. More are bound by image.
 */
export function pixelWindows(logits: Tensor): PixelWindow[] {
  const [n, k, h, w] = dims4(logits.shape);
  const hw = h * w;
  const limit = logits.device.context.bindingLimit;
  const isPlane = k <= 4;
  const unit = isPlane && n * hw * 16 > limit ? 1024 : hw;
  const units = unit === hw ? n : Math.ceil((n * hw) / unit);
  const scores = { name: logits.describe(), unitBytes: unit * quads(k) * 16 };
  const planned =
    units * scores.unitBytes <= limit
      ? [{ first: 0, count: units }]
      : planPlanes(units, [scores], limit, Infinity);
  return planned.flatMap(({ first, count }) => {
    const from = first * unit;
    const pixels = Math.min(n * hw - from, count * unit);
    if (pixels === 0) return [];
    return {
      pixels,
      x: windowAt(from * quads(k), pixels * quads(k), 16),
      labels: windowAt(from, pixels, 4),
    };
  });
}

/** Partial results of n elements when an invocation takes 16 of them, 64 apart. */
export function stridedParts(n: number): number {
  return Math.floor(n / 1024) * 64 + Math.min(n % 1024, 64);
}

/** Loss [1] from (sum, count). */
export function finishLoss(stats: Tensor, reduction: LossReduction): Tensor {
  const y = stats.device.empty([1]);
  stats.device.dispatch({
    kernel: 'loss/finish',
    defines: { MEAN: reduction === 'mean' },
    bindings: { stats, y },
    params: { n: 1 },
    workgroups: [1],
  });
  return y;
}

export function requireDType(op: string, name: string, x: Tensor, dtype: Tensor['dtype']): void {
  if (x.dtype === dtype) return;
  throw new NnError('dtype', `${op}: ${name} must be ${dtype}, got ${x.describe()}.`, {
    fix: `make it with device.tensor(data, shape, { dtype: '${dtype}' }).`,
  });
}

export interface SmoothL1Options {
  /** Where the quadratic part ends: |d| < 1 / sigma². 3 for the RPN, 1 for the head; default 1. */
  sigma?: number;
}

/**
 * Smooth L1 summed over all elements, a scalar [1]: Σ outside · f(inside · (pred − goal)) with
 * f(d) = 0.5 (σd)² for |d| < 1/σ², else |d| − 0.5/σ² (docs/spec.md 1.8; Caffe's SmoothL1Loss). All row
 * and of one shape; the gradient flows to `pred` only.
 */
export function smoothL1(
  pred: Tensor,
  goal: Tensor,
  inside: Tensor,
  outside: Tensor,
  options: SmoothL1Options = {},
): Tensor {
  const { sigma = 1 } = options;
  for (const t of [goal, inside, outside]) requireSame('smoothL1', pred, t);
  const { device } = pred;
  const n = pred.storedSize;
  const sigma2 = sigma * sigma;
  const m = stridedParts(n);
  const partial = device.empty([m]);
  if (n > 0) {
    device.dispatch({
      kernel: 'loss/smooth_l1',
      bindings: { pred, goal, inside, outside, y: partial },
      params: { n, m, sigma2 },
      workgroups: grid1d(m),
    });
  }
  const y = sumAll(partial);
  partial.dispose();
  record({
    op: 'smoothL1',
    inputs: [pred],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dPred = emptyLike(pred);
      elementwise({
        kernel: 'loss/smooth_l1_backward',
        tensors: { pred, goal, inside, outside, dPred },
        whole: { dY },
        params: () => ({ sigma2 }),
      });
      return [dPred];
    },
  });
  return y;
}

export interface GiouLossOptions {
  /** What dx, dy, dw, dh were divided by; default all 1. */
  stds?: readonly number[];
  /** Upper cap of std · dw and std · dh before exp (J3); default ln(1000/16). */
  maxLogRatio?: number;
}

/**
 * GIoU loss of box codes (docs/spec.md 1.6), a scalar [1]: Σ weight · (1 − GIoU) of the boxes that `pred`
 * and `goal` stand for, both row [M, 4] of (dx, dy, dw, dh) as seen from the same source box. GIoU does
 * not change with the scale or place of an axis, so the source boxes themselves are not needed.
 * `weight` is row [M]; a row of weight 0 counts nothing. The gradient flows to `pred` only.
 */
export function giouLoss(
  pred: Tensor,
  goal: Tensor,
  weight: Tensor,
  options: GiouLossOptions = {},
): Tensor {
  const { stds = [1, 1, 1, 1], maxLogRatio = Math.log(1000 / 16) } = options;
  const n = pred.shape[0] ?? 0;
  requireShape('giouLoss', 'pred', pred, [n, 4]);
  requireRow('giouLoss', 'pred', pred);
  requireSame('giouLoss', pred, goal);
  requireShape('giouLoss', 'weight', weight, [n]);
  const { device } = pred;
  const params = { n, cap: maxLogRatio, stds };
  const each = device.empty([n]);
  if (n > 0) {
    device.dispatch({
      kernel: 'loss/giou',
      bindings: { pred, goal, weight, y: each },
      params,
      workgroups: grid1d(n),
    });
  }
  const y = sumAll(each);
  each.dispose();
  record({
    op: 'giouLoss',
    inputs: [pred],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dPred = emptyLike(pred);
      if (n > 0) {
        device.dispatch({
          kernel: 'loss/giou_backward',
          bindings: { pred, goal, weight, dY, dPred },
          params,
          workgroups: grid1d(n),
        });
      }
      return [dPred];
    },
  });
  return y;
}

export interface SigmoidBceOptions {
  /** Factor of each element, the shape of the logits; no gradient flows to it. */
  weights?: Tensor;
  /** mean divides by the number of elements; default mean. */
  reduction?: LossReduction;
}

/** Binary cross-entropy of sigmoid(logits) with goals in [0, 1], any one shape, row: a scalar [1]. */
export function sigmoidBce(logits: Tensor, goal: Tensor, options: SigmoidBceOptions = {}): Tensor {
  const { weights, reduction = 'mean' } = options;
  requireRow('sigmoidBce', 'logits', logits);
  requireSame('sigmoidBce', logits, goal);
  if (weights) requireSame('sigmoidBce', logits, weights);
  const factor = reduction === 'mean' ? 1 / Math.max(1, logits.size) : 1;
  const shared = { x: logits, goal, ...(weights ? { weights } : {}) };
  const defines = { WEIGHTED: weights !== undefined };
  const each = emptyLike(logits);
  elementwise({ kernel: 'loss/bce', defines, tensors: { ...shared, y: each } });
  const y = sumAll(each, factor);
  each.dispose();
  record({
    op: 'sigmoidBce',
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      elementwise({
        kernel: 'loss/bce_backward',
        defines,
        tensors: { ...shared, dX },
        whole: { dY },
        params: () => ({ factor }),
      });
      return [dX];
    },
  });
  return y;
}
