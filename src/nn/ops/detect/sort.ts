import { NnError } from '../../errors.js';
import { grid1d } from '../../kernel/dispatch.js';
import type { Device } from '../../tensor/device.js';
import type { Tensor } from '../../tensor/tensor.js';
import { requireBindable, requireCount, requireList } from './checks.js';

/** Elements that one workgroup of sort_block sorts. */
const block = 512;
/** Most elements that can be sorted. */
export const maxSortLength = 2 ** 20;

/** Scores in descending order. */
export interface Sorted {
  /** u32 [K]: places of the scores. */
  indices: Tensor;
  /** f32 [K]: the scores themselves. */
  values: Tensor;
}

/** Keys with their places, padded to a power of two; freed by whoever asked for them. */
export interface SortPairs {
  keys: Tensor;
  order: Tensor;
  padded: number;
}

/** Room for the sort keys of `n` elements. */
export function sortPairs(op: string, device: Device, n: number): SortPairs {
  if (n > maxSortLength) {
    throw new NnError(
      'sort-limit',
      `${op}: ${n} elements, at most ${maxSortLength} can be sorted.`,
      {
        fix: 'drop elements below a minimum score first.',
      },
    );
  }
  let padded = block;
  while (padded < n) padded *= 2;
  requireBindable(op, 'the list of keys', padded * 4, device.context.bindingLimit);
  return {
    keys: device.empty([padded], { dtype: 'u32' }),
    order: device.empty([padded], { dtype: 'u32' }),
    padded,
  };
}

/** Sorts the pairs in place, ascending by key, then by place: a bitonic network, deterministic. */
export function sortByKey({ keys, order, padded }: SortPairs): void {
  const { device } = keys;
  const inBlocks = (first: number, last: number): void => {
    device.dispatch({
      kernel: 'detect/sort_block',
      bindings: { keys, order },
      params: { first, last },
      workgroups: [padded / block],
    });
  };
  inBlocks(2, block);
  for (let length = 2 * block; length <= padded; length *= 2) {
    for (let distance = length / 2; distance >= block; distance /= 2) {
      device.dispatch({
        kernel: 'detect/sort_step',
        bindings: { keys, order },
        params: { pairs: padded / 2, length, distance },
        workgroups: grid1d(padded / 2),
      });
    }
    inBlocks(length, length);
  }
}

/**
 * The `k` highest of `scores` (row f32 [N], N <= 2^20) in descending order; equal scores (also -0
 * and +0) keep the lower index first (J5, docs/spec.md 1.9), NaN comes last. K = min(k, N).
 * No gradient.
 */
export function topK(scores: Tensor, k: number): Sorted {
  const n = requireList('topK', 'scores', scores, ['f32']);
  requireCount('topK', 'k', k);
  const { device } = scores;
  const count = Math.min(k, n);
  const indices = device.empty([count], { dtype: 'u32' });
  const values = device.empty([count]);
  if (count === 0) return { indices, values };
  const pairs = sortPairs('topK', device, n);
  device.dispatch({
    kernel: 'detect/sort_keys',
    bindings: { x: scores, keys: pairs.keys, order: pairs.order },
    params: { n, padded: pairs.padded },
    workgroups: grid1d(pairs.padded),
  });
  sortByKey(pairs);
  device.dispatch({
    kernel: 'detect/sort_take',
    bindings: { x: scores, order: pairs.order, index: indices, value: values },
    params: { k: count },
    workgroups: grid1d(count),
  });
  pairs.keys.dispose();
  pairs.order.dispose();
  return { indices, values };
}

/** All of `scores` (row f32 [N]) in descending order; see {@link topK}. */
export function sortDescending(scores: Tensor): Sorted {
  return topK(scores, scores.size);
}
