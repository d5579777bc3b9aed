/** Matching of one picture's detections to its faces at every score (docs/spec.md 6.1). */
import { bestAssignment, type Solver } from './assignment.js';

/** IoU of every face with every detection of one picture. */
export interface Overlaps {
  faces: number;
  detections: number;
  /** [faces * detections], face-major. */
  iou: Float64Array;
}

/** A face and the detection it got. */
export interface MatchedPair {
  face: number;
  detection: number;
  /** Above 0. */
  iou: number;
}

/** IoU that a right detection must exceed. */
export const RIGHT_ABOVE = 0.5;

/** What a picture contributes at each of its own scores. */
export interface ImageCurve {
  /** Number of faces. */
  faces: number;
  /** Distinct scores, rising; empty without detections. */
  thresholds: Float64Array;
  /** Right detections (IoU above one half) among those with at least that score. */
  hits: Int32Array;
  /** Sum of IoU over matched pairs. */
  overlap: Float64Array;
  /** Detections with at least that score that are not right. */
  wrong: Int32Array;
}

/**
 * Pairs of greatest total IoU among the detections `valid` (rising indices). Not greedy: a face may
 * give up its best detection. The order of the pairs is the C++ tool's, so that sums round alike.
 * @throws NnError where the official solver fails
 */
export function matchPairs(
  overlaps: Overlaps,
  valid: readonly number[],
  solver: Solver = 'optimal',
): MatchedPair[] {
  const { faces, detections, iou } = overlaps;
  const at = (face: number, detection: number): number => iou[face * detections + detection]!;
  const rows: number[] = [];
  for (let f = 0; f < faces; f++) if (valid.some((d) => at(f, d) > 0)) rows.push(f);
  const columns = valid.filter((d) => rows.some((f) => at(f, d) > 0));
  if (rows.length === 0) return [];
  const weights = new Float64Array(rows.length * columns.length);
  rows.forEach((f, r) => {
    columns.forEach((d, c) => (weights[r * columns.length + c] = at(f, d)));
  });
  const columnOf = bestAssignment(weights, rows.length, columns.length, solver);
  const pairs: MatchedPair[] = [];
  columnOf.forEach((c, r) => {
    if (c < 0) return;
    const [face, detection] = [rows[r]!, columns[c]!];
    if (at(face, detection) > 0) pairs.push({ face, detection, iou: at(face, detection) });
  });
  if (rows.length > columns.length) pairs.sort((a, b) => a.detection - b.detection);
  return pairs;
}

/** Indices of the detections with at least that score, rising. */
export function validAt(scores: ArrayLike<number>, threshold: number): number[] {
  const valid: number[] = [];
  for (let d = 0; d < scores.length; d++) if (scores[d]! >= threshold) valid.push(d);
  return valid;
}

/**
 * Matches at each distinct score anew. A step whose new detections touch no face keeps the pairs
 * of the step before it, which is the same thing.
 */
export function imageCurve(
  overlaps: Overlaps,
  scores: Float64Array,
  solver: Solver = 'optimal',
): ImageCurve {
  const { faces, detections, iou } = overlaps;
  if (scores.length !== detections) {
    throw new RangeError(`imageCurve: ${detections} detections but ${scores.length} scores.`);
  }
  const touches = new Uint8Array(detections);
  for (let i = 0; i < iou.length; i++) if (iou[i]! > 0) touches[i % detections] = 1;
  const thresholds = Float64Array.from(new Set(scores)).sort();
  const order = Array.from(scores, (_, d) => d).sort((a, b) => scores[b]! - scores[a]!);
  const hits = new Int32Array(thresholds.length);
  const overlap = new Float64Array(thresholds.length);
  const wrong = new Int32Array(thresholds.length);
  const touching: number[] = [];
  let [used, right, sum] = [0, 0, 0];
  for (let step = thresholds.length - 1; step >= 0; step--) {
    const before = touching.length;
    for (; used < order.length && scores[order[used]!]! >= thresholds[step]!; used++) {
      if (touches[order[used]!]) touching.push(order[used]!);
    }
    if (touching.length > before) {
      [right, sum] = [0, 0];
      touching.sort((a, b) => a - b);
      for (const pair of matchPairs(overlaps, touching, solver)) {
        sum += pair.iou;
        if (pair.iou > RIGHT_ABOVE) right++;
      }
    }
    hits[step] = right;
    overlap[step] = sum;
    wrong[step] = used - right;
  }
  return { faces, thresholds, hits, overlap, wrong };
}
