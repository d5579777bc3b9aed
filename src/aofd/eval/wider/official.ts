/**
 * The official WIDER FACE evaluation (docs/spec.md 6.3), step by step as its tool does it. What is
 * surprising in it, and kept:
 *
 * - Predictions are taken from the highest score on. The Matlab tool sorts each file; its Python
 *   port trusts the file. Here they are always sorted (equal scores keep their order).
 * - Scores are first mapped to 0..1 by the least and greatest score of the whole set, images
 *   without faces included, and then read at 1000 thresholds 1 - t/1000, t = 1..1000.
 * - Corners are x, y, x + w, y + h, and IoU reads them as inclusive (+1): one pixel too many.
 * - A prediction belongs to the face of its greatest IoU (the first on ties), taken or not. If that
 *   face is not in the difficulty's list, the prediction is not judged. A second prediction on a
 *   counted face is a false positive.
 * - An image without predictions (or without faces) is left out, but its faces still count.
 * - Precision 0/0 at strict thresholds is NaN in the tools; it counts as 0 here.
 */
import { averagePrecision } from '../statistics/ap.js';
import { boxIou } from '../../boxes/iou.js';
import { sortDescending } from '../../boxes/sort.js';

/** Number of score thresholds. */
export const WIDER_THRESHOLDS = 1000;

/** Least IoU of a right detection. */
export const WIDER_IOU = 0.5;

/** Predictions of one image. */
export interface WiderPredictions {
  /** [D*4] x, y, x + w, y + h. */
  boxes: Float64Array;
  /** [D], any order, no NaN. */
  scores: Float64Array;
}

/** One image with its predictions. */
export interface WiderImage extends WiderPredictions {
  /** [G*4] x, y, x + w, y + h. */
  faces: Float64Array;
}

/** Predictions of one image in falling order, each with its face. */
export interface WiderMatches {
  /** [D]: index among the image's predictions as given. */
  order: Int32Array;
  /** [D]: score of the set's range 0..1. */
  scores: Float64Array;
  /** [D]: first threshold that takes it, 0..999; 1000 = none does. */
  threshold: Uint16Array;
  /** [D]: the face of its greatest IoU, -1 below 0.5. */
  face: Int32Array;
  /** [D]: that IoU. */
  iou: Float64Array;
  /** Number of faces. */
  faces: number;
}

/** The range of a set's scores. */
export interface ScoreRange {
  min: number;
  max: number;
}

/** Least and greatest score of a set; both 0 without predictions. */
export function scoreRange(images: readonly { scores: Float64Array }[]): ScoreRange {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { scores } of images) {
    for (const score of scores) {
      if (score < min) min = score;
      if (score > max) max = score;
    }
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}

/**
 * First threshold 1 - t/1000 (t = 1..1000, as index t - 1) that `score` reaches; 1000 if none.
 * The comparison is that of the tools, in float64.
 */
export function firstThreshold(score: number): number {
  let t = Math.min(WIDER_THRESHOLDS, Math.max(1, Math.ceil((1 - score) * WIDER_THRESHOLDS)));
  while (t > 1 && score >= 1 - (t - 1) / WIDER_THRESHOLDS) t--;
  while (t <= WIDER_THRESHOLDS && !(score >= 1 - t / WIDER_THRESHOLDS)) t++;
  return t - 1;
}

/**
 * Matches every image. The result serves all difficulties: which faces count is asked later.
 * With one and the same score everywhere the tools divide by zero; it then stands for 1 here.
 */
export function matchWider(
  images: readonly WiderImage[],
  range: ScoreRange = scoreRange(images),
): WiderMatches[] {
  const span = range.max - range.min;
  return images.map(({ boxes, scores, faces }) => {
    const order = sortDescending(scores);
    const normal = Float64Array.from(order, (d) =>
      span > 0 ? (scores[d]! - range.min) / span : 1,
    );
    const face = new Int32Array(order.length).fill(-1);
    const ious = new Float64Array(order.length);
    const count = faces.length / 4;
    order.forEach((d, i) => {
      let best = -1;
      let bestIou = 0;
      for (let g = 0; g < count; g++) {
        const iou = boxIou(boxes, d, faces, g, 'inclusive');
        if (iou > bestIou) [best, bestIou] = [g, iou];
      }
      ious[i] = bestIou;
      if (bestIou >= WIDER_IOU) face[i] = best;
    });
    return {
      order,
      scores: normal,
      threshold: Uint16Array.from(normal, firstThreshold),
      face,
      iou: ious,
      faces: count,
    };
  });
}

/** What became of the predictions of all images for one difficulty, in image order. */
export interface WiderEvents {
  /** [M]: image of each judged prediction (proposal). */
  image: Int32Array;
  /** [M]: its first threshold. */
  threshold: Uint16Array;
  /** [M]: its score, 0..1. */
  scores: Float64Array;
  /** [M]: 1 when it is the first on a counted face. */
  right: Uint8Array;
  /** [M]: place in the image's falling order. */
  place: Int32Array;
  /** [I]: counted faces. */
  positives: Float64Array;
}

/** Judges the matches for the faces with `counted[image][face]` != 0. */
export function widerEvents(
  matches: readonly WiderMatches[],
  counted: readonly ArrayLike<number>[],
): WiderEvents {
  const image: number[] = [];
  const threshold: number[] = [];
  const scores: number[] = [];
  const right: number[] = [];
  const place: number[] = [];
  const positives = new Float64Array(matches.length);
  matches.forEach((match, i) => {
    const counts = counted[i]!;
    for (let g = 0; g < match.faces; g++) if (counts[g]) positives[i]!++;
    if (match.faces === 0) return; // left out by the tools: its predictions are not judged
    const taken = new Uint8Array(match.faces);
    match.face.forEach((face, d) => {
      if (face >= 0 && !counts[face]) return;
      const isHit = face >= 0 && taken[face] === 0;
      if (isHit) taken[face] = 1;
      image.push(i);
      threshold.push(match.threshold[d]!);
      scores.push(match.scores[d]!);
      right.push(isHit ? 1 : 0);
      place.push(d);
    });
  });
  return {
    image: Int32Array.from(image),
    threshold: Uint16Array.from(threshold),
    scores: Float64Array.from(scores),
    right: Uint8Array.from(right),
    place: Int32Array.from(place),
    positives,
  };
}

/** The curve over the thresholds, from the strictest on. */
export interface WiderCurve {
  /** [1000]: judged predictions, and counted faces found, at each threshold. */
  proposals: Float64Array;
  hits: Float64Array;
  /** [1000]: 0 where nothing is judged. */
  precision: Float64Array;
  recall: Float64Array;
  positives: number;
  /** NaN without counted faces. */
  ap: number;
}

/** The official curve; image i counts `weights[i]` times, default once. */
export function widerCurve(events: WiderEvents, weights?: ArrayLike<number>): WiderCurve {
  const proposals = new Float64Array(WIDER_THRESHOLDS);
  const hits = new Float64Array(WIDER_THRESHOLDS);
  const { image, threshold, right } = events;
  for (let m = 0; m < image.length; m++) {
    const t = threshold[m]!;
    const weight = weights === undefined ? 1 : weights[image[m]!]!;
    if (weight === 0 || t >= WIDER_THRESHOLDS) continue;
    proposals[t]! += weight;
    if (right[m]) hits[t]! += weight;
  }
  let positives = 0;
  events.positives.forEach((count, i) => (positives += count * (weights?.[i] ?? 1)));
  const precision = new Float64Array(WIDER_THRESHOLDS);
  const recall = new Float64Array(WIDER_THRESHOLDS);
  for (let t = 0; t < WIDER_THRESHOLDS; t++) {
    if (t > 0) {
      proposals[t]! += proposals[t - 1]!;
      hits[t]! += hits[t - 1]!;
    }
    precision[t] = proposals[t]! > 0 ? hits[t]! / proposals[t]! : 0;
    recall[t] = positives > 0 ? hits[t]! / positives : 0;
  }
  const ap = averagePrecision({ precision, recall, positives });
  return { proposals, hits, precision, recall, positives, ap };
}
