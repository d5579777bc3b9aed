import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow, requireSame, requireShape } from './common.js';
import { sumAll } from './reduce.js';

/** How box codes are read. */
export interface BoxCodeOptions {
  /** What dx, dy, dw, dh were divided by; default all 1. */
  stds?: readonly number[];
  /** Upper cap of std · dw and std · dh before exp (J3); default ln(1000/16). */
  maxLogRatio?: number;
}

/** Parameters of a kernel that reads box codes. */
function codeParams({ stds = [1, 1, 1, 1], maxLogRatio = Math.log(1000 / 16) }: BoxCodeOptions): {
  stds: readonly number[];
  cap: number;
} {
  return { stds, cap: maxLogRatio };
}

/** Rows of `pred`, after checking that it and `goal` are row [M, 4]. */
function requireCodes(op: string, pred: Tensor, goal: Tensor): number {
  const n = pred.shape[0] ?? 0;
  requireShape(op, 'pred', pred, [n, 4]);
  requireRow(op, 'pred', pred);
  requireSame(op, pred, goal);
  return n;
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
  options: BoxCodeOptions = {},
): Tensor {
  const n = requireCodes('giouLoss', pred, goal);
  requireShape('giouLoss', 'weight', weight, [n]);
  return sumOfRows(pred, {
    op: 'giouLoss',
    kernel: 'loss/giou',
    backwardKernel: 'loss/giou_backward',
    inputs: { pred, goal, weight },
    gradient: 'dPred',
    params: codeParams(options),
  });
}

/**
 * Goals of qualityFocalLoss, row [M]: the IoU of the boxes that `pred` and `goal` stand for (box codes,
 * row [M, 4], as in giouLoss) where a label, i32 [M], is 1; 0 where it is 0; -1 where it is negative.
 * No gradient flows through it.
 */
export function codedIou(
  pred: Tensor,
  goal: Tensor,
  labels: Tensor,
  options: BoxCodeOptions = {},
): Tensor {
  const n = requireCodes('codedIou', pred, goal);
  requireShape('codedIou', 'labels', labels, [n]);
  const y = pred.device.empty([n]);
  if (n > 0) {
    pred.device.dispatch({
      kernel: 'loss/coded_iou',
      bindings: { pred, goal, labels, y },
      params: { n, ...codeParams(options) },
      workgroups: grid1d(n),
    });
  }
  return y;
}

export interface QualityFocalOptions {
  /** How much less an easy row counts: its factor is |goal - p|^beta. Default 2; at least 1. */
  beta?: number;
  /** The sum is divided by this, as a rule the number of positives of the batch. Default 1. */
  divisor?: number;
}

/**
 * Quality focal loss (Li et al. 2020, "Generalized Focal Loss", eq. 4) of two-class logits, row [M, 2]
 * (background, face), as a scalar [1]: with p = sigmoid(face - background) and a goal t in [0, 1],
 * row [M], Σ |t - p|^beta · cross-entropy(t, p) / divisor. The goal of a positive is how good its box is (its
 * IoU), so that scores tell good boxes from bad ones; that of background 0; rows of a negative goal
 * do not count. The gradient flows to `logits` only, also through the factor |t - p|^beta.
 */
export function qualityFocalLoss(
  logits: Tensor,
  goal: Tensor,
  options: QualityFocalOptions = {},
): Tensor {
  const { beta = 2, divisor = 1 } = options;
  requireRow('qualityFocalLoss', 'logits', logits, 2);
  const n = logits.shape[0] ?? 0;
  requireShape('qualityFocalLoss', 'logits', logits, [n, 2]);
  requireShape('qualityFocalLoss', 'goal', goal, [n]);
  if (!(beta >= 1) || !(divisor > 0)) {
    throw new NnError(
      'argument',
      `qualityFocalLoss: beta must be >= 1 and divisor > 0, got ${beta} and ${divisor}.`,
    );
  }
  return sumOfRows(logits, {
    op: 'qualityFocalLoss',
    kernel: 'loss/quality_focal',
    backwardKernel: 'loss/quality_focal_backward',
    inputs: { x: logits, goal },
    gradient: 'dX',
    params: { beta },
    factor: 1 / divisor,
  });
}

interface RowLoss {
  op: string;
  /** Gives the loss y of each row, one invocation a row. */
  kernel: string;
  backwardKernel: string;
  inputs: Readonly<Record<string, Tensor>>;
  /** The name of the gradient's binding. */
  gradient: string;
  /** Parameters besides `n`, the same backwards. */
  params: Readonly<Record<string, number | readonly number[]>>;
  /** What the sum is multiplied by; default 1, and the backward kernel has no such parameter. */
  factor?: number;
}

/** factor · Σ over the rows of x of their losses, a scalar [1], differentiable in x. */
function sumOfRows(x: Tensor, loss: RowLoss): Tensor {
  const { op, kernel, inputs, gradient, params, factor } = loss;
  const { device } = x;
  const n = x.shape[0] ?? 0;
  const each = device.empty([n]);
  const run = (
    name: string,
    outputs: Record<string, Tensor>,
    own: Record<string, number> = {},
  ): void => {
    if (n === 0) return;
    device.dispatch({
      kernel: name,
      bindings: { ...inputs, ...outputs },
      params: { n, ...params, ...own },
      workgroups: grid1d(n),
    });
  };
  run(kernel, { y: each });
  const y = sumAll(each, factor);
  each.dispose();
  record({
    op,
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      const own: Record<string, number> = factor === undefined ? {} : { factor };
      run(loss.backwardKernel, { dY, [gradient]: dX }, own);
      return [dX];
    },
  });
  return y;
}
