/**
 * Average precision of detections against boxes (docs/spec.md 6.4), with regions that are neither
 * right nor wrong. Pure float64 code over flat arrays; boxes as in `boxes/types.ts`.
 */
import { boxIou } from '../../boxes/iou.js';
import { sortDescending } from '../../boxes/sort.js';
import { boxCount, type BoxArray, type BoxConvention } from '../../boxes/types.js';

/** How precision is averaged over recall. */
export type ApMode = 'all-point' | '11-point';

/** Settings of matching. */
export interface MatchOptions {
  /** Least IoU of a right detection; default 0.5. */
  iou?: number;
  /** `at-least` (default; COCO, WIDER) or `above` (VOC, FDDB). */
  comparison?: 'at-least' | 'above';
  /**
   * - `free` (default): the best face not yet taken by a better detection (COCO).
   * - `best`: the best face of all; if it is taken the detection is wrong (VOC, MAFA).
   */
  choice?: 'free' | 'best';
  /** Reading of corners; default `continuous`. */
  convention?: BoxConvention;
}

/** Detections and faces of one image. */
export interface ImageDetections {
  /** [D*4], any order. */
  boxes: BoxArray;
  /** [D] */
  scores: Float64Array;
  /** Faces [G*4]. */
  gt: BoxArray;
  /** [G]: 1 = neither right nor wrong; default none. */
  ignore?: ArrayLike<number>;
  /** [D*G]: IoU of every detection with every face, for those who match the same boxes often. */
  overlaps?: Float64Array;
}

/** What became of each detection. */
export interface MatchResult {
  /** [D], in the order given: 1 right, 0 wrong, -1 not judged. */
  outcome: Int8Array;
  /** [D]: the face each took or touched, -1 none. */
  face: Int32Array;
  /** Number of faces that count. */
  positives: number;
}

/** A precision-recall curve over a data set. */
export interface PrCurve {
  /** Falling score of each judged detection. */
  scores: Float64Array;
  precision: Float64Array;
  recall: Float64Array;
  /** Number of faces that count. */
  positives: number;
}

/**
 * Matches detections to faces, greedily from the highest score (equal scores: the earlier one).
 * A detection that takes no counting face but reaches the threshold with an ignored one is not
 * judged; any number of detections may fall on one ignored face.
 */
export function matchDetections(image: ImageDetections, options: MatchOptions = {}): MatchResult {
  const { boxes, scores, gt, overlaps } = image;
  const threshold = options.iou ?? 0.5;
  const isAbove = options.comparison === 'above';
  const convention = options.convention ?? 'continuous';
  const n = boxCount(boxes);
  const faces = boxCount(gt);
  if (scores.length !== n) {
    throw new RangeError(`matchDetections: ${n} boxes but ${scores.length} scores.`);
  }
  const isIgnored = (g: number): boolean => (image.ignore?.[g] ?? 0) !== 0;
  const outcome = new Int8Array(n);
  const face = new Int32Array(n).fill(-1);
  const taken = new Uint8Array(faces);
  for (const d of sortDescending(scores)) {
    let best = -1;
    let bestIou = 0;
    let ignored = -1;
    let ignoredIou = 0;
    for (let g = 0; g < faces; g++) {
      if (options.choice !== 'best' && taken[g]) continue;
      const iou = overlaps ? overlaps[d * faces + g]! : boxIou(boxes, d, gt, g, convention);
      if (!(isAbove ? iou > threshold : iou >= threshold)) continue;
      if (isIgnored(g) && options.choice !== 'best') {
        if (iou > ignoredIou) [ignored, ignoredIou] = [g, iou];
      } else if (iou > bestIou) [best, bestIou] = [g, iou];
    }
    const chosen = best >= 0 ? best : ignored;
    if (chosen < 0) continue;
    face[d] = chosen;
    if (isIgnored(chosen)) outcome[d] = -1;
    else if (!taken[chosen]) {
      taken[chosen] = 1;
      outcome[d] = 1;
    }
  }
  let positives = 0;
  for (let g = 0; g < faces; g++) if (!isIgnored(g)) positives++;
  return { outcome, face, positives };
}

/**
 * Precision and recall after each judged detection of a data set, from the highest score on.
 * Equal scores keep their order (image, then place in the image).
 */
export function prCurve(images: readonly ImageDetections[], options: MatchOptions = {}): PrCurve {
  const allScores: number[] = [];
  const allRight: number[] = [];
  let positives = 0;
  for (const image of images) {
    const match = matchDetections(image, options);
    positives += match.positives;
    match.outcome.forEach((value, d) => {
      if (value < 0) return;
      allScores.push(image.scores[d]!);
      allRight.push(value);
    });
  }
  return curveOf(allScores, allRight, positives);
}

/** The curve of judged detections (1 right, 0 wrong) with their scores. */
export function curveOf(
  scores: ArrayLike<number>,
  right: ArrayLike<number>,
  positives: number,
): PrCurve {
  const values = Float64Array.from(scores);
  const order = sortDescending(values);
  const precision = new Float64Array(order.length);
  const recall = new Float64Array(order.length);
  let hits = 0;
  order.forEach((d, i) => {
    hits += right[d]!;
    precision[i] = hits / (i + 1);
    recall[i] = positives > 0 ? hits / positives : 0;
  });
  return { scores: Float64Array.from(order, (d) => values[d]!), precision, recall, positives };
}

/**
 * Average precision of a curve (docs/spec.md 6.4): the area under the precision envelope, or the mean
 * of the best precision at recall >= i/10, i = 0..10. NaN without faces.
 */
export function averagePrecision(
  curve: Pick<PrCurve, 'precision' | 'recall' | 'positives'>,
  mode: ApMode = 'all-point',
): number {
  const { precision, recall } = curve;
  if (curve.positives === 0) return Number.NaN;
  const n = precision.length;
  const envelope = Float64Array.from(precision, (p) => (Number.isNaN(p) ? 0 : p));
  for (let i = n - 2; i >= 0; i--) envelope[i] = Math.max(envelope[i]!, envelope[i + 1]!);
  if (mode === '11-point') {
    let sum = 0;
    for (let t = 0; t <= 10; t++) {
      // i/10 with slack: numpy's arange(0, 1.1, 0.1) would lose points to rounding.
      const at = recall.findIndex((r) => r >= t / 10 - 1e-12);
      if (at >= 0) sum += envelope[at]!;
    }
    return sum / 11;
  }
  let area = 0;
  let last = 0;
  for (let i = 0; i < n; i++) {
    area += (recall[i]! - last) * envelope[i]!;
    last = recall[i]!;
  }
  return area;
}

/** Summary of a data set. */
export interface ApResult {
  ap: number;
  /** Share of faces found at any score, and at `scoreAt` and above. */
  recall: number;
  recallAt: number;
  precisionAt: number;
  scoreAt: number;
  positives: number;
  /** Judged detections. */
  detections: number;
  curve: PrCurve;
}

/** AP and recall of a data set; `scoreAt` (default 0.5) is the working point that is also given. */
export function evaluateAp(
  images: readonly ImageDetections[],
  options: MatchOptions & { ap?: ApMode; scoreAt?: number } = {},
): ApResult {
  const curve = prCurve(images, options);
  const scoreAt = options.scoreAt ?? 0.5;
  let at = -1;
  while (at + 1 < curve.scores.length && curve.scores[at + 1]! >= scoreAt) at++;
  return {
    ap: averagePrecision(curve, options.ap ?? 'all-point'),
    recall: curve.recall[curve.recall.length - 1] ?? 0,
    recallAt: at >= 0 ? curve.recall[at]! : 0,
    precisionAt: at >= 0 ? curve.precision[at]! : Number.NaN,
    scoreAt,
    positives: curve.positives,
    detections: curve.scores.length,
    curve,
  };
}

/** Faces of one image with a group each (such as masked, unmasked). */
export interface GroupedImage extends ImageDetections {
  /** [G] */
  groups: readonly string[];
}

/**
 * AP per view of a data set. A view names the groups that count; faces of other groups become
 * ignored there, so finding them is neither right nor wrong. The view `null` counts all groups.
 */
export function evaluateViews(
  images: readonly GroupedImage[],
  views: Readonly<Record<string, readonly string[] | null>>,
  options: MatchOptions & { ap?: ApMode; scoreAt?: number } = {},
): Record<string, ApResult> {
  return Object.fromEntries(
    Object.entries(views).map(([name, counted]) => [
      name,
      evaluateAp(
        images.map((image) => ({
          ...image,
          ignore: Uint8Array.from(image.groups, (group, g) =>
            (image.ignore?.[g] ?? 0) !== 0 || (counted !== null && !counted.includes(group))
              ? 1
              : 0,
          ),
        })),
        options,
      ),
    ]),
  );
}
