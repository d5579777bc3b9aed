/**
 * Face detection in views: average precision of all faces, and of those of some categories while the
 * others are neither right nor wrong to find. Categories of detections are not looked at.
 */
import { iouMatrix } from '../../boxes/iou.js';
import { detectionArrays } from '../detections/arrays.js';
import type { DetectionSet } from '../protocol.js';
import { matchDetections, type ImageDetections } from '../statistics/ap.js';
import {
  detectionOrder,
  recordsInOrder,
  type DetectionOrder,
  type ScoredRecords,
} from '../statistics/records.js';
import type { LabelledImage, LabelledSet } from './set.js';

/** Faces that count. */
export interface FaceView {
  key: string;
  label: string;
  /** Categories that count; null = all. */
  categories: readonly number[] | null;
}

/** One view of a detector's results. */
export interface JudgedView extends FaceView {
  records: ScoredRecords;
  /** Faces that count. */
  positives: number;
  /** Per image, in the order of detections: 1 right, 0 wrong, -1 not judged. */
  outcome: readonly Int8Array[];
  /** Per image: the face that each detection took or touched, -1 none. */
  face: readonly Int32Array[];
}

/** The views of a set: all faces; covered ones where masks are labelled; each category. */
export function viewsOf(categories: ReadonlyMap<number, string>): FaceView[] {
  const idsOf = (...names: string[]): number[] =>
    [...categories].filter(([, name]) => names.includes(name)).map(([id]) => id);
  const views: FaceView[] = [{ key: 'all', label: 'all faces', categories: null }];
  const covered = idsOf('masked', 'incorrect');
  if (covered.length === 2) {
    views.push({ key: 'covered', label: 'masked and wrongly masked', categories: covered });
  }
  if (categories.size > 1) {
    for (const [id, name] of categories) views.push({ key: name, label: name, categories: [id] });
  }
  return views;
}

/** Boxes, faces and their overlaps, ready to be judged again and again. */
export interface PreparedFaces {
  images: readonly ImageDetections[];
  order: DetectionOrder;
}

/** Pairs the detections with the faces of each image, for {@link judgeViews}. */
export function prepareFaces(set: LabelledSet, detections: DetectionSet): PreparedFaces {
  const found = detectionArrays(set.images, detections);
  const images = set.images.map(({ truths }, i) => {
    const gt = Float64Array.from(truths.flatMap(({ box: [x, y, w, h] }) => [x, y, x + w, y + h]));
    return { ...found[i]!, gt, overlaps: iouMatrix(found[i]!.boxes, gt, 'continuous') };
  });
  return { images, order: detectionOrder(images.map((image) => image.scores)) };
}

/** Judges every view at one IoU threshold (IoU at least that, corners continuous). */
export function judgeViews(
  set: LabelledSet,
  { images, order }: PreparedFaces,
  views: readonly FaceView[],
  iou: number,
): JudgedView[] {
  return views.map((view) => {
    const matches = images.map((data, i) =>
      matchDetections({ ...data, ignore: ignoredIn(set.images[i]!, view) }, { iou }),
    );
    const outcome = matches.map((match) => match.outcome);
    const positives = matches.map((match) => match.positives);
    return {
      ...view,
      records: recordsInOrder(order, outcome, positives),
      positives: positives.reduce((sum, n) => sum + n, 0),
      outcome,
      face: matches.map((match) => match.face),
    };
  });
}

function ignoredIn(image: LabelledImage, view: FaceView): Uint8Array {
  return Uint8Array.from(image.truths, (truth) =>
    truth.isIgnored || (view.categories !== null && !view.categories.includes(truth.category))
      ? 1
      : 0,
  );
}

/**
 * The lowest score at which at most `perImage` false boxes per picture are accepted, where image i
 * counts `weights[i]` times. Infinity when even the highest scores give more.
 */
export function scoreAtFalsePositives(
  { scores, image, right }: ScoredRecords,
  weights: ArrayLike<number>,
  perImage: number,
): number {
  let images = 0;
  for (let i = 0; i < weights.length; i++) images += weights[i]!;
  let wrong = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let r = 0; r < scores.length; r++) {
    if (right[r] === 0) wrong += weights[image[r]!]!;
    if (wrong > perImage * images) break;
    // Equal scores are accepted together.
    if (r + 1 === scores.length || scores[r + 1]! < scores[r]!) best = scores[r]!;
  }
  return best;
}

/** Share of right ones among the boxes from a score on, and of faces found by them. */
export function sharesFrom(
  records: ScoredRecords,
  score: number,
  weights: ArrayLike<number>,
): { precision: number; recall: number } {
  let faces = 0;
  records.positives.forEach((count, i) => (faces += count * weights[i]!));
  let hits = 0;
  let judged = 0;
  for (let r = 0; r < records.scores.length && records.scores[r]! >= score; r++) {
    const weight = weights[records.image[r]!]!;
    judged += weight;
    hits += weight * records.right[r]!;
  }
  return { precision: hits / judged, recall: faces > 0 ? hits / faces : Number.NaN };
}
