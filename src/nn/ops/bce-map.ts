import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { sliceOf, windowAt } from '../kernel/windows.js';
import { dims4 } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireC4, requireShape } from './common.js';
import {
  finishLoss,
  pixelWindows,
  requireDType,
  stridedParts,
  type LossReduction,
} from './loss.js';
import { columnSums } from './reduce.js';

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
// eslint-disable-next-line max-lines-per-function -- checks, a dispatch for each window, and the same backwards
export function sigmoidBceMap(
  logits: Tensor,
  labels: Tensor,
  options: SigmoidBceMapOptions = {},
): Tensor {
  const { rare = 0xffffffff, rareWeight = 1, reduction = 'mean' } = options;
  requireC4('sigmoidBceMap', 'logits', logits);
  const [n, k, h, w] = dims4(logits.shape);
  requireShape('sigmoidBceMap', 'labels', labels, [n, h, w]);
  requireDType('sigmoidBceMap', 'labels', labels, 'u32');
  if (k > 4) {
    throw new NnError('shape', `sigmoidBceMap: at most 4 classes, got ${logits.describe()}.`);
  }
  const { device } = logits;
  const windows = pixelWindows(logits);
  const params = { rare, rare_weight: rareWeight };
  const partial = device.empty([
    windows.reduce((sum, each) => sum + stridedParts(each.pixels), 0),
    2,
  ]);
  let first = 0;
  for (const { pixels, x, labels: label } of windows) {
    const parts = stridedParts(pixels);
    const stats = windowAt(first, parts, 8);
    device.dispatch({
      kernel: 'loss/bce_map',
      defines: { K: k },
      bindings: {
        x: sliceOf(logits.buffer, x),
        labels: sliceOf(labels.buffer, label),
        stats: sliceOf(partial.buffer, stats),
      },
      params: {
        ...params,
        n: parts,
        pixels,
        x_base: x.base,
        label_base: label.base,
        stat_base: stats.base,
      },
      workgroups: grid1d(parts),
    });
    first += parts;
  }
  const stats = columnSums(partial);
  partial.dispose();
  const y = finishLoss(stats, reduction);
  record({
    op: 'sigmoidBceMap',
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      for (const { pixels, x, labels: label } of windows) {
        device.dispatch({
          kernel: 'loss/bce_map_backward',
          defines: { MEAN: reduction === 'mean', K: k },
          bindings: {
            x: sliceOf(logits.buffer, x),
            dX: sliceOf(dX.buffer, x),
            labels: sliceOf(labels.buffer, label),
            stats,
            dY,
          },
          params: { ...params, pixels, x_base: x.base, label_base: label.base },
          workgroups: grid1d(pixels),
        });
      }
      return [dX];
    },
  });
  return y;
}
