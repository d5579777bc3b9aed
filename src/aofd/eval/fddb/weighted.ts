/**
 * Working points of a set whose pictures count several times or not at all, for bootstrap and
 * permutation tests. Pictures are matched once; a weighting costs one pass over the changes.
 */
import type { ImageCurve } from './match.js';
import { assembleRoc, type RocKind } from './roc.js';

/** Every change of a set's sums while the threshold falls, in order of falling score. */
export interface RocChanges {
  images: number;
  /** [E] picture of each change. */
  image: Int32Array;
  hits: Int32Array;
  overlap: Float64Array;
  wrong: Int32Array;
  /** [E] 1 where the next change has another score: only there the curve has a point. */
  isPoint: Uint8Array;
  /** Changes with fewer false positives: a new detection may turn a wrong one right. */
  falls: Int32Array;
}

/** Differences of successive steps of all pictures. */
export function rocChanges(curves: readonly ImageCurve[]): RocChanges {
  const steps = curves.flatMap((curve, image) =>
    Array.from(curve.thresholds, (score, step) => ({ score, image, step })),
  );
  steps.sort((a, b) => b.score - a.score || a.image - b.image);
  const count = steps.length;
  const changes: RocChanges = {
    images: curves.length,
    image: Int32Array.from(steps, (s) => s.image),
    hits: new Int32Array(count),
    overlap: new Float64Array(count),
    wrong: new Int32Array(count),
    isPoint: new Uint8Array(count),
    falls: new Int32Array(0),
  };
  const falls: number[] = [];
  steps.forEach(({ score, image, step }, i) => {
    const { hits, overlap, wrong } = curves[image]!;
    changes.hits[i] = hits[step]! - (hits[step + 1] ?? 0);
    changes.overlap[i] = overlap[step]! - (overlap[step + 1] ?? 0);
    changes.wrong[i] = wrong[step]! - (wrong[step + 1] ?? 0);
    changes.isPoint[i] = steps[i + 1]?.score === score ? 0 : 1;
    if (changes.wrong[i]! < 0) falls.push(i);
  });
  return { ...changes, falls: Int32Array.from(falls) };
}

/**
 * The highest recall with at most `limit` false positives as a function of the pictures' weights
 * (how often each counts; `faces` [images] gives the denominator). With all weights 1 it is
 * `recallAt` of the assembled curve. NaN when no face counts.
 */
export function recallStatistic(
  changes: RocChanges,
  faces: ArrayLike<number>,
  kind: RocKind,
  limit: number,
): (weights: ArrayLike<number>) => number {
  const { image, wrong, isPoint, falls } = changes;
  const gain = kind === 'discrete' ? changes.hits : changes.overlap;
  return (weights) => {
    let total = 0;
    for (let i = 0; i < changes.images; i++) total += weights[i]! * faces[i]!;
    if (total === 0) return Number.NaN;
    // False positives that later changes can still take away: beyond limit + left the search ends.
    let left = 0;
    for (const e of falls) left -= weights[image[e]!]! * wrong[e]!;
    let [sum, errors, best] = [0, 0, 0];
    for (let e = 0; e < image.length; e++) {
      const weight = weights[image[e]!]!;
      if (weight !== 0) {
        sum += weight * gain[e]!;
        errors += weight * wrong[e]!;
        if (wrong[e]! < 0) left += weight * wrong[e]!;
      }
      if (isPoint[e] && errors <= limit && sum > best) best = sum;
      if (errors - left > limit && isPoint[e]) break;
    }
    return best / total;
  };
}

/**
 * The same curves with thresholds that mean the same for every detector: minus the false positives
 * of the whole set down to that score, parted by recall where they are equal. Working points stay;
 * detectors whose scores have different scales can then be mixed picture by picture.
 */
export function onCommonScale(curves: readonly ImageCurve[]): ImageCurve[] {
  const roc = assembleRoc(curves);
  const scale = new Map<number, number>();
  let last = -Infinity;
  for (let row = roc.thresholds.length - 1; row >= 0; row--) {
    const place = roc.wrong[row]! + roc.hits[row]! / (roc.faces + 1);
    last = Math.max(last + 1e-9, place);
    scale.set(roc.thresholds[row]!, -last);
  }
  return curves.map((curve) => ({
    ...curve,
    thresholds: curve.thresholds.map((threshold) => scale.get(threshold)!),
  }));
}
