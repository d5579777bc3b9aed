/**
 * Average precision of resampled image sets. Detections are matched and sorted once; a resample only
 * says how often each image was drawn, so that its AP takes one pass over the records.
 */
import type { ApMode } from './ap.js';
import { pooledStatistic, type PooledStatistic } from './bootstrap.js';
import { poolRecords, type ScoredRecords } from './records.js';

/** `101-point` is COCO's: the mean of the best precision at recall >= i * 0.01, i = 0..100. */
export type WeightedApMode = ApMode | '101-point';

/**
 * AP where image i counts `weights[i]` times; NaN when no face is left. Whole-number weights give
 * the AP of a set in which each image stands that many times.
 */
export function weightedAp(
  records: ScoredRecords,
  weights: ArrayLike<number>,
  mode: WeightedApMode = 'all-point',
): number {
  const { image, right, positives } = records;
  let total = 0;
  for (let i = 0; i < positives.length; i++) total += positives[i]! * weights[i]!;
  if (!(total > 0)) return Number.NaN;
  // Only hits raise recall, and between two of them precision falls: hits alone make the envelope.
  const recall = scratch(0, image.length);
  const precision = scratch(1, image.length);
  let count = 0;
  let hits = 0;
  let judged = 0;
  for (let r = 0; r < image.length; r++) {
    const weight = weights[image[r]!]!;
    if (weight === 0) continue;
    judged += weight;
    if (right[r] === 0) continue;
    hits += weight;
    recall[count] = hits / total;
    precision[count++] = hits / (judged + (mode === '101-point' ? Number.EPSILON : 0));
  }
  for (let r = count - 2; r >= 0; r--) precision[r] = Math.max(precision[r]!, precision[r + 1]!);
  if (mode !== 'all-point') return sampledAp(recall, precision, count, mode);
  let area = 0;
  let last = 0;
  for (let r = 0; r < count; r++) {
    area += (recall[r]! - last) * precision[r]!;
    last = recall[r]!;
  }
  return area;
}

/** AP of a detector that works like `a` on some images and like `b` on the others. */
export function pooledAp(
  a: ScoredRecords,
  b: ScoredRecords,
  mode: WeightedApMode = 'all-point',
): PooledStatistic {
  const records = poolRecords(a, b);
  return pooledStatistic(a.positives.length, (weights) => weightedAp(records, weights, mode));
}

/** Share of the faces that the records find, image i counting `weights[i]` times. */
export function weightedRecall(records: ScoredRecords, weights: ArrayLike<number>): number {
  const { image, right, positives } = records;
  let total = 0;
  for (let i = 0; i < positives.length; i++) total += positives[i]! * weights[i]!;
  let hits = 0;
  for (let r = 0; r < image.length; r++) hits += right[r]! * weights[image[r]!]!;
  return total > 0 ? hits / total : Number.NaN;
}

function sampledAp(
  recall: Float64Array,
  envelope: Float64Array,
  count: number,
  mode: '11-point' | '101-point',
): number {
  const steps = mode === '11-point' ? 10 : 100;
  let sum = 0;
  let at = 0;
  for (let t = 0; t <= steps; t++) {
    // COCO's points carry numpy's rounding (57 * 0.01 > 0.57); VOC's get slack instead.
    const least = t === steps ? 1 : steps === 100 ? t * 0.01 : t / 10;
    const slack = steps === 100 ? 0 : 1e-12;
    while (at < count && recall[at]! < least - slack) at++;
    if (at === count) break;
    sum += envelope[at]!;
  }
  return sum / (steps + 1);
}

const buffers: Float64Array[] = [];

/** A buffer that lives until the next call with the same slot. */
function scratch(slot: number, length: number): Float64Array {
  if ((buffers[slot]?.length ?? -1) < length) buffers[slot] = new Float64Array(length * 2);
  return buffers[slot]!;
}
