/**
 * Face detection in views: average precision of all faces, and of those of some categories while the
 * others are neither right nor wrong to find. Categories of detections are not looked at.
 */
import { matchDetections, type ImageDetections } from '../statistics/ap.js';
import { boxIou, iouMatrix } from '../../boxes/iou.js';
import {
  detectionOrder,
  recordsInOrder,
  type DetectionOrder,
  type ScoredRecords,
} from '../statistics/bootstrap.js';
import type { LabelledImage, LabelledSet } from './annotations.js';
import type { DetectionSet, Finding, PlotSeries, ReportPlot } from '../protocol.js';

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
  const images = set.images.map((image) => {
    const faces = detections.byImage.get(image.name) ?? [];
    const boxes = Float64Array.from(faces.flatMap((face) => [...face.box]));
    const gt = Float64Array.from(
      image.truths.flatMap(({ box: [x, y, w, h] }) => [x, y, x + w, y + h]),
    );
    const scores = Float64Array.from(faces, (face) => face.score);
    return { boxes, scores, gt, overlaps: iouMatrix(boxes, gt, 'continuous') };
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

/** Points of a precision-recall curve at most. */
const CURVE_POINTS = 400;

/** Precision over recall of a view. */
export function curvePlot(view: JudgedView, name: string, iou: number): ReportPlot {
  return {
    key: `precision-recall-${view.key}`,
    title: `Precision and recall, ${view.label} (IoU ${iou})`,
    x: { label: 'recall', min: 0, max: 1 },
    y: { label: 'precision', min: 0, max: 1 },
    series: [{ name, role: 'ours', points: curvePoints(view) }],
  };
}

/** The curve after each right box, thinned to some hundred points. */
function curvePoints({ records, positives }: JudgedView): PlotSeries['points'] {
  const points: [number, number][] = [];
  let hits = 0;
  for (let r = 0; r < records.right.length; r++) {
    if (records.right[r] === 0) continue;
    hits++;
    points.push([hits / positives, hits / (r + 1)]);
  }
  const step = Math.max(1, points.length / CURVE_POINTS);
  const kept: [number, number][] = [];
  for (let at = 0; at < points.length; at += step) kept.push(points[Math.floor(at)]!);
  const last = points[points.length - 1];
  if (last && kept[kept.length - 1] !== last) kept.push(last);
  return kept;
}

/** Findings of each kind at most. */
const FINDINGS = 100;

/**
 * The highest-scored false boxes, and the faces that no box from `score` on took, large ones first.
 * @param view the one of all faces
 */
export function findingsOf(
  set: LabelledSet,
  detections: DetectionSet,
  view: JudgedView,
  score: number,
): Finding[] {
  const wrong: (Finding & { score: number })[] = [];
  const missed: { finding: Finding; height: number }[] = [];
  set.images.forEach((image, i) => {
    const faces = detections.byImage.get(image.name) ?? [];
    const found = new Set<number>();
    faces.forEach((face, d) => {
      const outcome = view.outcome[i]![d]!;
      if (outcome === 1 && face.score >= score) found.add(view.face[i]![d]!);
      if (outcome !== 0) return;
      wrong.push({
        kind: 'false-positive',
        image: image.name,
        box: face.box,
        score: face.score,
        label: `score ${face.score.toFixed(3)}; ${bestFace(set, image, face.box)}`,
      });
    });
    image.truths.forEach((truth, g) => {
      if (truth.isIgnored || found.has(g)) return;
      const [x, y, w, h] = truth.box;
      const box = [x, y, x + w, y + h] as const;
      const label = `${categoryName(set, truth.category)}, ${Math.round(h)} px high; ${bestBox(faces, box)}`;
      missed.push({ finding: { kind: 'missed', image: image.name, box, label }, height: h });
    });
  });
  wrong.sort((a, b) => b.score - a.score);
  missed.sort((a, b) => b.height - a.height);
  return [...wrong.slice(0, FINDINGS), ...missed.slice(0, FINDINGS).map(({ finding }) => finding)];
}

function bestFace(set: LabelledSet, image: LabelledImage, box: readonly number[]): string {
  let best = 0;
  let category = 0;
  for (const truth of image.truths) {
    const [x, y, w, h] = truth.box;
    const iou = boxIou(box, 0, [x, y, x + w, y + h], 0, 'continuous');
    if (iou > best) [best, category] = [iou, truth.category];
  }
  return best > 0
    ? `IoU ${best.toFixed(2)} with a face (${categoryName(set, category)})`
    : 'touches no labelled face';
}

function bestBox(
  faces: readonly { box: readonly number[]; score: number }[],
  box: readonly number[],
): string {
  let best = 0;
  let score = 0;
  for (const face of faces) {
    const iou = boxIou(face.box, 0, box, 0, 'continuous');
    if (iou > best) [best, score] = [iou, face.score];
  }
  return best > 0
    ? `best box IoU ${best.toFixed(2)}, score ${score.toFixed(3)}`
    : 'no box touches it';
}

function categoryName(set: LabelledSet, category: number): string {
  return set.categories.get(category) ?? 'face';
}
