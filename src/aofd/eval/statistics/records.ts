/**
 * Judged detections of a set, sorted once by falling score, so that a resampled figure takes one pass
 * over them: a resample only says how often each image was drawn.
 */
import { sortDescending } from '../../boxes/sort.js';
import type { MatchResult } from './ap.js';

/** Judged detections of a data set of I images, sorted once: falling score, then image. */
export interface ScoredRecords {
  /** [M], falling. */
  scores: Float64Array;
  /** [M]: image of each, 0..I-1. */
  image: Int32Array;
  /** [M]: 1 right, 0 wrong. */
  right: Uint8Array;
  /** [I]: faces that count in each image. */
  positives: Float64Array;
}

/** One judged detection. */
export interface ScoredRecord {
  score: number;
  image: number;
  right: boolean;
}

/**
 * Sorts judged detections; equal scores keep their order.
 * @param positives faces that count per image; its length is the number of images
 * @throws RangeError on a NaN score or an image out of range
 */
export function scoredRecords(
  list: readonly ScoredRecord[],
  positives: ArrayLike<number>,
): ScoredRecords {
  list.forEach(({ score, image }, i) => {
    if (Number.isNaN(score) || !(Number.isInteger(image) && image >= 0)) {
      throw new RangeError(`scoredRecords: record ${i} has score ${score} and image ${image}.`);
    }
    if (image >= positives.length) {
      throw new RangeError(
        `scoredRecords: record ${i} is of image ${image}, but there are ${positives.length}.`,
      );
    }
  });
  const order = sortDescending(Float64Array.from(list, (record) => record.score));
  return {
    scores: Float64Array.from(order, (i) => list[i]!.score),
    image: Int32Array.from(order, (i) => list[i]!.image),
    right: Uint8Array.from(order, (i) => (list[i]!.right ? 1 : 0)),
    positives: Float64Array.from(positives),
  };
}

/** The detections of a data set in falling order of score, whatever they are judged against. */
export interface DetectionOrder {
  /** [M], falling; equal scores keep their order (image, then place in the image). */
  scores: Float64Array;
  /** [M] */
  image: Int32Array;
  /** [M]: place in the image. */
  place: Int32Array;
}

/** Sorts the scores of all images once, for {@link recordsInOrder}. Throws RangeError on NaN. */
export function detectionOrder(scores: readonly ArrayLike<number>[]): DetectionOrder {
  const count = scores.reduce((sum, list) => sum + list.length, 0);
  const all = new Float64Array(count);
  const image = new Int32Array(count);
  const place = new Int32Array(count);
  let at = 0;
  scores.forEach((list, i) => {
    for (let d = 0; d < list.length; d++, at++) {
      if (Number.isNaN(list[d]))
        throw new RangeError(`detectionOrder: image ${i} has a NaN score.`);
      all[at] = list[d]!;
      image[at] = i;
      place[at] = d;
    }
  });
  const order = sortDescending(all);
  return {
    scores: Float64Array.from(order, (i) => all[i]!),
    image: Int32Array.from(order, (i) => image[i]!),
    place: Int32Array.from(order, (i) => place[i]!),
  };
}

/**
 * Records of sorted detections.
 * @param outcome [I][D]: 1 right, 0 wrong, -1 not judged
 * @param limit detections from this place in their image on are left out
 */
export function recordsInOrder(
  { scores, image, place }: DetectionOrder,
  outcome: readonly ArrayLike<number>[],
  positives: ArrayLike<number>,
  limit = Number.POSITIVE_INFINITY,
): ScoredRecords {
  const kept = new Int32Array(scores.length);
  let count = 0;
  for (let r = 0; r < scores.length; r++) {
    if (place[r]! < limit && outcome[image[r]!]![place[r]!]! >= 0) kept[count++] = r;
  }
  const records: ScoredRecords = {
    scores: new Float64Array(count),
    image: new Int32Array(count),
    right: new Uint8Array(count),
    positives: Float64Array.from(positives),
  };
  for (let k = 0; k < count; k++) {
    const r = kept[k]!;
    records.scores[k] = scores[r]!;
    records.image[k] = image[r]!;
    records.right[k] = outcome[image[r]!]![place[r]!]!;
  }
  return records;
}

/**
 * Records of detections that were matched image by image.
 * @param scores [I][D]
 */
export function recordsOf(
  scores: readonly ArrayLike<number>[],
  matches: readonly Pick<MatchResult, 'outcome' | 'positives'>[],
): ScoredRecords {
  return recordsInOrder(
    detectionOrder(scores),
    matches.map(({ outcome }) => outcome),
    matches.map(({ positives }) => positives),
  );
}

/**
 * The records of two detectors on the same I images as those of one set of 2I images: image i found
 * by `a`, image I + i found by `b`. With weight 1 on one of each pair this is a detector that works
 * like `a` on some images and like `b` on the others, as permutation tests need it.
 *
 * The two need not score alike: a detection's score is replaced by minus its rank, the number of
 * scores of its own detector that are higher, so that monotone changes of scores change nothing and
 * detections mix by how many boxes a detector would accept at their score.
 *
 * @param scores all scores of `a` and of `b`, falling, to rank by; default: those of the records.
 *   Records of several views must be ranked alike if thresholds are carried from one to another.
 */
export function poolRecords(
  a: ScoredRecords,
  b: ScoredRecords,
  scores: readonly [ArrayLike<number>, ArrayLike<number>] = [a.scores, b.scores],
): ScoredRecords {
  const images = a.positives.length;
  if (b.positives.length !== images) {
    throw new RangeError(
      `poolRecords: the detectors were judged on ${images} and ${b.positives.length} images.`,
    );
  }
  const ranks = [ranksOf(a.scores, scores[0]), ranksOf(b.scores, scores[1])] as const;
  const length = a.scores.length + b.scores.length;
  const pooled: ScoredRecords = {
    scores: new Float64Array(length),
    image: new Int32Array(length),
    right: new Uint8Array(length),
    positives: new Float64Array(2 * images),
  };
  pooled.positives.set(a.positives, 0);
  pooled.positives.set(b.positives, images);
  let i = 0;
  let j = 0;
  for (let r = 0; r < length; r++) {
    const rankA = ranks[0][i] ?? Number.NEGATIVE_INFINITY;
    const rankB = ranks[1][j] ?? Number.NEGATIVE_INFINITY;
    const isA =
      j >= b.scores.length ||
      (i < a.scores.length && (rankA > rankB || (rankA === rankB && a.image[i]! <= b.image[j]!)));
    pooled.scores[r] = isA ? rankA : rankB;
    pooled.image[r] = isA ? a.image[i]! : images + b.image[j]!;
    pooled.right[r] = isA ? a.right[i]! : b.right[j]!;
    if (isA) i++;
    else j++;
  }
  return pooled;
}

/** Minus the number of `all` scores that are higher; both lists fall. */
function ranksOf(scores: Float64Array, all: ArrayLike<number>): Float64Array {
  let higher = 0;
  return scores.map((score) => {
    while (higher < all.length && all[higher]! > score) higher++;
    return 0 - higher;
  });
}
