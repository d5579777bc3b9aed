import type { ScoreArray } from './types.js';

const floatView = new Float32Array(1);
const bitView = new Uint32Array(floatView.buffer);

/** A float32 as an unsigned integer of the same order; NaN sorts below everything. */
function orderedBits(value: number): number {
  floatView[0] = value + 0; // -0 and +0 tie
  if (value !== value) return 0;
  if (value === 0) return 0x80000000;
  const bits = bitView[0]!;
  return bits >>> 31 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

const INDEX_RANGE = 2 ** 21;

/**
 * Indices that sort `scores` from high to low; equal scores keep the lower index first (J5,
 * docs/spec.md 1.9). NaN comes last. float32 scores take a key sort (about 1 ms per 10 000), float64
 * ones a comparator.
 */
export function sortDescending(scores: ScoreArray): Int32Array {
  return topK(scores, scores.length);
}

/**
 * Indices of the `k` highest scores, from high to low, equal scores by lower index (J5). For many
 * float32 scores a histogram of their upper bits first narrows the candidates.
 */
export function topK(scores: ScoreArray, k: number): Int32Array {
  const n = scores.length;
  const count = Math.max(0, Math.min(n, Math.floor(k)));
  if (scores instanceof Float32Array && n <= INDEX_RANGE) return topKByKey(scores, count);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  order.sort((a, b) => {
    const sa = Number.isNaN(scores[a]!) ? -Infinity : scores[a]!;
    const sb = Number.isNaN(scores[b]!) ? -Infinity : scores[b]!;
    if (sa !== sb) return sa > sb ? -1 : 1;
    return a - b;
  });
  return order.slice(0, count);
}

function topKByKey(scores: Float32Array, count: number): Int32Array {
  const n = scores.length;
  const bits = new Uint32Array(n);
  for (let i = 0; i < n; i++) bits[i] = orderedBits(scores[i]!);
  let floor = 0;
  let candidates = n;
  if (count > 0 && n > 4096 && count * 2 < n) {
    const histogram = new Uint32Array(65536);
    for (let i = 0; i < n; i++) {
      const bin = bits[i]! >>> 16;
      histogram[bin] = histogram[bin]! + 1;
    }
    candidates = 0;
    let bin = 65536;
    while (candidates < count) candidates += histogram[--bin]!;
    floor = bin * 65536;
  }
  // One exact double per candidate: 32 bits of inverted score above 21 bits of index.
  const keys = new Float64Array(candidates);
  let at = 0;
  for (let i = 0; i < n; i++) {
    const b = bits[i]!;
    if (b >= floor) keys[at++] = (0xffffffff - b) * INDEX_RANGE + i;
  }
  keys.sort();
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = keys[i]! % INDEX_RANGE;
  return out;
}
