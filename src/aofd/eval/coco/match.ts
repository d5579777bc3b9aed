/** Matching of one picture by COCO's rules. */
import type { CocoDetection, CocoRange, CocoTruth } from './set.js';

/** What became of the detections of one picture. */
export interface CocoMatches {
  /** [T*D]: 1 right, 0 wrong, -1 not judged. */
  outcome: Int8Array;
  /** [T*D]: index of the object taken, -1 none. */
  taken: Int32Array;
  /** Objects that count. */
  positives: number;
}

/**
 * The detections that are judged: the `limit` highest scores, falling; equal scores keep their order.
 */
export function judgedDetections(
  detections: readonly CocoDetection[],
  limit: number,
): CocoDetection[] {
  return [...detections].sort((a, b) => b.score - a.score).slice(0, limit);
}

/** IoU of every detection with every object, [D*G]; for a crowd, intersection over the detection. */
export function cocoOverlaps(
  detections: readonly CocoDetection[],
  truths: readonly CocoTruth[],
): Float64Array {
  const out = new Float64Array(detections.length * truths.length);
  detections.forEach(({ box: [dx, dy, dw, dh] }, d) => {
    truths.forEach(({ box: [gx, gy, gw, gh], isCrowd }, g) => {
      const w = Math.min(dx + dw, gx + gw) - Math.max(dx, gx);
      const h = Math.min(dy + dh, gy + gh) - Math.max(dy, gy);
      if (w <= 0 || h <= 0) return;
      const inter = w * h;
      out[d * truths.length + g] = inter / (isCrowd ? dw * dh : dw * dh + gw * gh - inter);
    });
  });
  return out;
}

/**
 * Matches greedily from the highest score, for each threshold anew. A detection takes the counting
 * object with the largest IoU that reaches the threshold and is free; only if there is none, an
 * ignored one (crowds any number of times). At equal IoU the later object wins. Detections that took
 * an ignored object are not judged, nor are those outside the size range that took nothing.
 *
 * @param detections judged ones, falling
 * @param overlaps [D*G], of {@link cocoOverlaps}
 */
export function matchCoco(
  detections: readonly CocoDetection[],
  truths: readonly CocoTruth[],
  overlaps: Float64Array,
  range: CocoRange,
  thresholds: readonly number[],
): CocoMatches {
  const count = detections.length;
  const isIgnored = truths.map(
    (truth) =>
      truth.isIgnored || isOutside(range.measure === 'area' ? truth.area : truth.box[3], range),
  );
  // Counting objects come first, each group in the order given.
  const order = truths.map((_, g) => g);
  order.sort((a, b) => Number(isIgnored[a]) - Number(isIgnored[b]));
  const counting = isIgnored.filter((flag) => !flag).length;
  const outcome = new Int8Array(thresholds.length * count);
  const taken = new Int32Array(thresholds.length * count).fill(-1);
  const isTaken = new Uint8Array(truths.length);
  thresholds.forEach((threshold, t) => {
    isTaken.fill(0);
    for (let d = 0; d < count; d++) {
      const row = d * truths.length;
      let best = -1;
      let least = Math.min(threshold, 1 - 1e-10);
      for (let i = 0; i < order.length; i++) {
        if (i === counting && best >= 0) break;
        const g = order[i]!;
        if (isTaken[g] !== 0 && !truths[g]!.isCrowd) continue;
        if (overlaps[row + g]! < least) continue;
        least = overlaps[row + g]!;
        best = g;
      }
      taken[t * count + d] = best;
      if (best >= 0) isTaken[best] = 1;
      const isJudged =
        best >= 0 ? !isIgnored[best] : !isOutside(sizeOf(detections[d]!, range), range);
      outcome[t * count + d] = isJudged ? (best >= 0 ? 1 : 0) : -1;
    }
  });
  return { outcome, taken, positives: counting };
}

function sizeOf({ box: [, , width, height] }: CocoDetection, range: CocoRange): number {
  return range.measure === 'area' ? width * height : height;
}

function isOutside(size: number, range: CocoRange): boolean {
  return size < range.low || size > range.high;
}
