/** Recall of WIDER FACE faces by group: occlusion level, height and the other labels. */
import { curveOf } from '../statistics/ap.js';
import type { WiderMatches } from './official.js';

/** Score of each face's best prediction. */
export interface FaceScores {
  /** [I][G]: highest score of the predictions that belong to the face; -Infinity = missed. */
  best: readonly Float64Array[];
}

/** How surely each face was found, by the official matching with every face counted. */
export function faceScores(matches: readonly WiderMatches[]): FaceScores {
  return {
    best: matches.map((match) => {
      const best = new Float64Array(match.faces).fill(Number.NEGATIVE_INFINITY);
      match.face.forEach((face, d) => {
        if (face >= 0 && best[face] === Number.NEGATIVE_INFINITY) best[face] = match.scores[d]!;
      });
      return best;
    }),
  };
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

/** Recall of one group of faces. */
export interface GroupRecall {
  group: string;
  faces: number;
  /** Share found at any score, and at the working score or above; NaN without faces. */
  recall: number;
  recallAt: number;
}

/**
 * Recall per group, in the order of `groups`.
 * @param groupOf group of a face, or null to leave it out
 */
export function recallByGroup(
  scores: FaceScores,
  groups: readonly string[],
  groupOf: (image: number, face: number) => string | null,
  workingScore: number,
): GroupRecall[] {
  const counts = new Map(groups.map((group) => [group, { faces: 0, found: 0, foundAt: 0 }]));
  scores.best.forEach((best, i) => {
    best.forEach((score, g) => {
      const group = groupOf(i, g);
      const count = group === null ? undefined : counts.get(group);
      if (!count) return;
      count.faces++;
      if (score > Number.NEGATIVE_INFINITY) count.found++;
      if (score >= workingScore) count.foundAt++;
    });
  });
  return [...counts].map(([group, { faces, found, foundAt }]) => ({
    group,
    faces,
    recall: faces > 0 ? found / faces : Number.NaN,
    recallAt: faces > 0 ? foundAt / faces : Number.NaN,
  }));
}

/** Bins of face height in pixels: the data set's own (10, 50, 300), the middle one split. */
export const HEIGHT_BINS = [0, 10, 20, 50, 100, 300, Number.POSITIVE_INFINITY] as const;

/** Name of the bin of a height: `0-10`, ..., `300+`. */
export function heightBin(height: number): string {
  const at = HEIGHT_BINS.findIndex((_, b) => height < (HEIGHT_BINS[b + 1] ?? Infinity));
  return binNames()[Math.max(0, at)]!;
}

/** All bins, from the smallest on. */
export function binNames(): string[] {
  return HEIGHT_BINS.slice(0, -1).map((low, b) => {
    const high = HEIGHT_BINS[b + 1]!;
    return Number.isFinite(high) ? `${low}-${high}` : `${low}+`;
  });
}
