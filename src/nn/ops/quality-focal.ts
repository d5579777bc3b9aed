import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow, requireSame, requireShape } from './common.js';
import { sumAll } from './reduce.js';

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
  const { device } = logits;
  const factor = 1 / divisor;
  const each = device.empty([n]);
  if (n > 0) {
    device.dispatch({
      kernel: 'loss/quality_focal',
      bindings: { x: logits, goal, y: each },
      params: { n, beta },
      workgroups: grid1d(n),
    });
  }
  const y = sumAll(each, factor);
  each.dispose();
  record({
    op: 'qualityFocalLoss',
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      if (n > 0) {
        device.dispatch({
          kernel: 'loss/quality_focal_backward',
          bindings: { x: logits, goal, dY, dX },
          params: { n, beta, factor },
          workgroups: grid1d(n),
        });
      }
      return [dX];
    },
  });
  return y;
}

export interface CodedIouOptions {
  /** What dx, dy, dw, dh were divided by; default all 1. */
  stds?: readonly number[];
  /** Upper cap of std · dw and std · dh before exp (J3); default ln(1000/16). */
  maxLogRatio?: number;
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
  options: CodedIouOptions = {},
): Tensor {
  const { stds = [1, 1, 1, 1], maxLogRatio = Math.log(1000 / 16) } = options;
  const n = pred.shape[0] ?? 0;
  requireShape('codedIou', 'pred', pred, [n, 4]);
  requireRow('codedIou', 'pred', pred);
  requireSame('codedIou', pred, goal);
  requireShape('codedIou', 'labels', labels, [n]);
  const y = pred.device.empty([n]);
  if (n > 0) {
    pred.device.dispatch({
      kernel: 'loss/coded_iou',
      bindings: { pred, goal, labels, y },
      params: { n, cap: maxLogRatio, stds },
      workgroups: grid1d(n),
    });
  }
  return y;
}
