import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementwise } from '../tensor/run-elementwise.js';
import { emptyLike, requireRow, requireSame, requireShape } from './common.js';
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
