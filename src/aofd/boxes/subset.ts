import type { UniformSource } from './types.js';

/** Positions of `value` in `labels`, ascending. */
export function indicesOf(labels: ArrayLike<number>, value: number): Int32Array {
  const out = new Int32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === value) out[count++] = i;
  return out.slice(0, count);
}

/**
 * Draws `count` of `indices` without replacement (partial Fisher-Yates) and returns them in
 * ascending order; all of them where there are no more than `count` (no random number is used).
 */
export function sampleIndices(indices: Int32Array, count: number, rng: UniformSource): Int32Array {
  const limit = Math.max(0, Math.floor(count));
  if (indices.length <= limit) return indices;
  const pool = indices.slice();
  for (let i = 0; i < limit; i++) {
    const j = i + rng.int(pool.length - i);
    const taken = pool[j]!;
    pool[j] = pool[i]!;
    pool[i] = taken;
  }
  return pool.slice(0, limit).sort();
}
