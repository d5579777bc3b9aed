import { NnError } from '../../errors.js';
import { grid1d } from '../../kernel/dispatch.js';
import type { Tensor } from '../../tensor/tensor.js';
import { extentOf, requireBindable, requireBoxes, requireCount, requireList } from './checks.js';
import type { Corners } from './checks.js';
import { sortDescending } from './sort.js';

/** Most boxes: their suppression bits fill the workgroup memory that every adapter has. */
export const maxNmsBoxes = 65536;

export interface NmsOptions {
  /** A box is dropped where its IoU with a kept one is strictly above this. */
  iouThreshold: number;
  /** Stops after this many kept boxes; default no limit. */
  maxOutput?: number;
  /** Default `inclusive`. */
  corners?: Corners;
}

/** A list of indices whose length only the device knows. */
export interface IndexList {
  /** u32 [K]: the first `count` are valid. */
  indices: Tensor;
  /** u32 [1]. */
  count: Tensor;
}

/**
 * Greedy non-maximum suppression (docs/spec.md 1.9): visits boxes (row [R,4], R <= 65536) from the
 * highest score (row [R]; ties: lower index, J5) and keeps one unless its IoU with a kept one is
 * above the threshold. Kept places in visiting order; entries behind the count are 0xffffffff.
 *
 * IoU is compared in float32 as overlap > threshold * union: the result equals that of float64
 * arithmetic unless an IoU lies within about 1e-7 of the threshold. No gradient.
 */
export function nms(boxes: Tensor, scores: Tensor, options: NmsOptions): IndexList {
  const n = requireBoxes('nms', 'boxes', boxes);
  if (requireList('nms', 'scores', scores, ['f32']) !== n) {
    throw new NnError('shape', `nms: ${n} boxes but ${scores.size} scores.`);
  }
  if (n > maxNmsBoxes) {
    throw new NnError('nms-limit', `nms: ${n} boxes, at most ${maxNmsBoxes} are possible.`, {
      fix: 'keep the best boxes first (topK).',
    });
  }
  const { device } = boxes;
  const { iouThreshold, maxOutput = n, corners = 'inclusive' } = options;
  requireCount('nms', 'maxOutput', maxOutput);
  const limit = Math.min(maxOutput, n);
  const indices = device.tensor(new Uint32Array(limit).fill(0xffffffff), [limit], { dtype: 'u32' });
  const count = device.zeros([1], { dtype: 'u32' });
  if (limit === 0) return { indices, count };
  const { indices: order, values } = sortDescending(scores);
  const words = Math.ceil(n / 32);
  const { bindingLimit } = device.context;
  requireBindable('nms', 'the boxes', n * 16, bindingLimit);
  const rowsAtOnce = Math.max(1, Math.min(n, Math.floor(bindingLimit / (words * 4))));
  const mask = device.empty([rowsAtOnce, words], { dtype: 'u32' });
  const removed = device.zeros([words], { dtype: 'u32' });
  for (let from = 0; from < n; from += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, n - from);
    device.dispatch({
      kernel: 'detect/nms_mask',
      bindings: { boxes, order, mask },
      params: {
        n,
        words,
        row_from: from,
        rows,
        threshold: iouThreshold,
        extent: extentOf(corners),
      },
      workgroups: grid1d(rows * words),
    });
    device.dispatch({
      kernel: 'detect/nms_scan',
      bindings: { order, mask, removed, kept: indices, count },
      params: { words, row_from: from, rows, limit },
      workgroups: [1],
    });
  }
  for (const t of [order, values, mask, removed]) t.dispose();
  return { indices, count };
}
