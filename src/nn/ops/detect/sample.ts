import { grid1d } from '../../kernel/dispatch.js';
import type { Tensor } from '../../tensor/tensor.js';
import { requireCount, requireList } from './checks.js';
import type { IndexList } from './nms.js';
import { sortByKey, sortPairs } from './sort.js';

export interface SampleOptions {
  /** Seed and stream (whole numbers below 2^32) of the random keys. */
  seed: number;
  stream: number;
}

/**
 * Chooses `k` of the marked elements at random, without replacement. marks: row u32 or i32 [N],
 * nonzero = candidate, N <= 2^20. Each element draws its own key from (seed, stream, index) and the
 * k smallest win: the choice does not depend on the device. All candidates where there are fewer
 * than k; K = min(k, N), entries behind the count are 0xffffffff. No gradient.
 */
export function sampleIndices(
  marks: Tensor,
  k: number,
  { seed, stream }: SampleOptions,
): IndexList {
  const n = requireList('sampleIndices', 'marks', marks, ['u32', 'i32']);
  requireCount('sampleIndices', 'k', k);
  const { device } = marks;
  const limit = Math.min(k, n);
  const indices = device.empty([limit], { dtype: 'u32' });
  const count = device.zeros([1], { dtype: 'u32' });
  if (limit === 0) return { indices, count };
  const pairs = sortPairs('sampleIndices', device, n);
  const { keys, order, padded } = pairs;
  device.dispatch({
    kernel: 'detect/random_keys',
    bindings: { marks, keys, order },
    params: { n, padded, seed, stream },
    workgroups: grid1d(padded),
  });
  sortByKey(pairs);
  device.dispatch({
    kernel: 'detect/sample_take',
    bindings: { keys, order, index: indices, count },
    params: { k: limit, padded },
    workgroups: grid1d(limit),
  });
  keys.dispose();
  order.dispose();
  return { indices, count };
}
