import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf, type BoundWindow, type Window } from '../kernel/windows.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireC4, requireShape } from './common.js';
import { finishLoss, requireDType, stridedParts, type LossReduction } from './loss.js';
import { columnSums } from './reduce.js';

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
export function softmaxCrossEntropyMap(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyMapOptions = {},
): Tensor {
  const { ignore = 255, reduction = 'mean' } = options;
  const [, , h, w] = dims4(logits.shape);
  return mapLoss(logits, labels, {
    op: 'softmaxCrossEntropyMap',
    kernel: 'loss/cross_entropy_map',
    backwardKernel: 'loss/cross_entropy_map_backward',
    params: { hw: h * w, ignore_label: ignore },
    reduction,
  });
}

export interface SigmoidBceMapOptions {
  /** Pixels with exactly this label weigh `rareWeight` instead of 1. Default: none. */
  rare?: number;
  rareWeight?: number;
  /** mean divides by the weight of all known (pixel, class) pairs, at least 1. Default mean. */
  reduction?: LossReduction;
}

/**
 * Binary cross-entropy of every pixel and class of logits, c4 [N, K, H, W] with K <= 4, a sigmoid each,
 * as a scalar [1]. Labels, u32 [N, H, W], hold two bits a class, class 0 lowest: 0 or 1 is the goal, 2 and
 * 3 mean unknown (all ones: nothing is known of the pixel). The gradient flows to `logits` only.
 */
export function sigmoidBceMap(
  logits: Tensor,
  labels: Tensor,
  options: SigmoidBceMapOptions = {},
): Tensor {
  const { rare = 0xffffffff, rareWeight = 1, reduction = 'mean' } = options;
  if (dims4(logits.shape)[1] > 4) {
    throw new NnError('shape', `sigmoidBceMap: at most 4 classes, got ${logits.describe()}.`);
  }
  return mapLoss(logits, labels, {
    op: 'sigmoidBceMap',
    kernel: 'loss/bce_map',
    backwardKernel: 'loss/bce_map_backward',
    params: { rare, rare_weight: rareWeight },
    reduction,
  });
}

/** What one loss of pixels differs from another in. */
interface MapLoss {
  op: string;
  /** Gives (sum, weight) of 16 pixels an invocation. */
  kernel: string;
  backwardKernel: string;
  /** Its own parameters, the same backwards. */
  params: Readonly<Record<string, number>>;
  reduction: LossReduction;
}

/** A loss over the pixels of logits c4 [N, K, H, W] with labels u32 [N, H, W], differentiable in the logits. */
function mapLoss(logits: Tensor, labels: Tensor, loss: MapLoss): Tensor {
  const { op, params, reduction } = loss;
  requireC4(op, 'logits', logits);
  const [n, k, h, w] = dims4(logits.shape);
  requireShape(op, 'labels', labels, [n, h, w]);
  requireDType(op, 'labels', labels, 'u32');
  const { device } = logits;
  const windows = pixelWindows(logits);
  const stats = statsOf(logits, labels, windows, loss);
  const y = finishLoss(stats, reduction);
  record({
    op,
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      for (const window of windows) {
        const x = scoresOf(logits, window);
        const label = bind(labels.buffer, 4, window);
        device.dispatch({
          kernel: loss.backwardKernel,
          defines: { MEAN: reduction === 'mean', K: k },
          bindings: { x, dX: scoresOf(dX, window), labels: label, stats, dY },
          params: { ...params, pixels: window.count, x_base: x.base, label_base: label.base },
          workgroups: grid1d(window.count),
        });
      }
      return [dX];
    },
  });
  return y;
}

/** (sum, weight) over all pixels: [2]. */
function statsOf(
  logits: Tensor,
  labels: Tensor,
  windows: readonly Window[],
  { kernel, params }: MapLoss,
): Tensor {
  const { device } = logits;
  const all = windows.reduce((sum, { count }) => sum + stridedParts(count), 0);
  const partial = device.empty([all, 2]);
  let start = 0;
  for (const window of windows) {
    const parts = stridedParts(window.count);
    const x = scoresOf(logits, window);
    const label = bind(labels.buffer, 4, window);
    const stats = bind(partial.buffer, 8, { start, count: parts });
    device.dispatch({
      kernel,
      defines: { K: logits.shape[1] as number },
      bindings: { x, labels: label, stats },
      params: {
        ...params,
        n: parts,
        pixels: window.count,
        x_base: x.base,
        label_base: label.base,
        stat_base: stats.base,
      },
      workgroups: grid1d(parts),
    });
    start += parts;
  }
  const stats = columnSums(partial);
  partial.dispose();
  return stats;
}

/** The scores of a window of pixels: all their quads, since a window with several has whole images. */
function scoresOf(map: Tensor, { start, count }: Window): BoundWindow {
  const q = quads(map.shape[1] as number);
  return bind(map.buffer, 16, { start: start * q, count: count * q });
}

/**
 * Windows over the pixels of a map of scores. Up to 4 classes are one plane, of which any range can be
 * bound: blocks of 1024 pixels, so that every partial sum is that of the whole. More are bound by image.
 */
function pixelWindows(logits: Tensor): Window[] {
  const [n, k, h, w] = dims4(logits.shape);
  return windowsOf(n * h * w, {
    unitBytes: quads(k) * 16,
    limit: logits.device.context.bindingLimit,
    step: k <= 4 ? 1024 : Math.max(1, h * w),
    unit: 'pixel',
  });
}
