/** Recall of faces by group, such as how much of them is covered or how high they are. */
import { curveOf } from './ap.js';

/** [I][G]: score of the detection that found each face; -Infinity = missed. */
export type FaceScores = readonly Float64Array[];

/** A way to part faces into groups. */
export interface Grouping {
  /** What the faces are parted by. */
  by: string;
  groups: readonly string[];
  /** Group of a face; anything else leaves it out. */
  groupOf(image: number, face: number): string | null | undefined;
}

/** Recall of one group of faces. */
export interface GroupRecall {
  by: string;
  group: string;
  faces: number;
  /** Share found at any score, and at the working score or above; NaN without faces. */
  recall: number;
  recallAt: number;
}

/** Recall of every group, in the order of the groups. */
export function recallByGroup(
  scores: FaceScores,
  { by, groups, groupOf }: Grouping,
  workingScore: number,
): GroupRecall[] {
  const counts = new Map(groups.map((group) => [group, { faces: 0, found: 0, foundAt: 0 }]));
  scores.forEach((best, i) => {
    best.forEach((score, g) => {
      const count = counts.get(groupOf(i, g) ?? '');
      if (!count) return;
      count.faces++;
      if (score > Number.NEGATIVE_INFINITY) count.found++;
      if (score >= workingScore) count.foundAt++;
    });
  });
  return [...counts].map(([group, { faces, found, foundAt }]) => ({
    by,
    group,
    faces,
    recall: faces > 0 ? found / faces : Number.NaN,
    recallAt: faces > 0 ? foundAt / faces : Number.NaN,
  }));
}

/**
 * Lowest score at which judged detections together still have a precision; null if none has.
 * @param right [M] 1 right, 0 wrong
 */
export function scoreOfPrecision(
  scores: ArrayLike<number>,
  right: ArrayLike<number>,
  least: number,
): number | null {
  const curve = curveOf(scores, right, 1);
  let found: number | null = null;
  curve.scores.forEach((score, i) => {
    if (curve.scores[i + 1] !== score && curve.precision[i]! >= least) found = score;
  });
  return found;
}

/** Bins of a size in pixels. */
export interface SizeBins {
  /** `0-10`, `10-20`, ..., `300+`. */
  names: readonly string[];
  /** Name of the bin of a size; each bin holds its lower end, the first all below. */
  nameOf(size: number): string;
}

/** @param lows rising lower ends; the last bin has no upper one */
export function sizeBins(lows: readonly number[]): SizeBins {
  const names = lows.map((low, b) => (b + 1 < lows.length ? `${low}-${lows[b + 1]}` : `${low}+`));
  return {
    names,
    nameOf: (size) =>
      names[
        Math.max(
          0,
          lows.findIndex((_, b) => size < (lows[b + 1] ?? Infinity)),
        )
      ]!,
  };
}
