import { boxAreas } from './boxes.js';
import { sortDescending } from './sort.js';
import { boxCount, extentOf, type BoxArray, type BoxConvention, type ScoreArray } from './types.js';

/** Options of {@link nms}. */
export interface NmsOptions {
  /** A box is dropped where its IoU with a kept one is strictly above this. */
  iouThreshold: number;
  /** Stops after this many kept boxes; default no limit. */
  maxOutput?: number;
  /** Default `inclusive`. */
  convention?: BoxConvention;
  /** One label per box: boxes of different groups never suppress each other. */
  groups?: ArrayLike<number>;
  /** Visiting order, if it is known already (skips the sort). */
  order?: ArrayLike<number>;
}

/**
 * Greedy non-maximum suppression (docs/spec.md 1.9): visits boxes from the highest score (equal
 * scores: lower index, J5), keeps one unless its IoU with an already kept box is > the threshold.
 * Returns the kept indices in visiting order. Cost R * kept; ends early at `maxOutput`.
 */
export function nms(boxes: BoxArray, scores: ScoreArray, options: NmsOptions): Int32Array {
  const n = boxCount(boxes);
  const e = extentOf(options.convention ?? 'inclusive');
  const { iouThreshold, groups } = options;
  const order = options.order ?? sortDescending(scores);
  const limit = Math.min(options.maxOutput ?? n, order.length);
  const areas = boxAreas(boxes, options.convention ?? 'inclusive');
  const kept = new Int32Array(limit);
  // Kept corners side by side, one array each: the inner loop reads nothing else.
  const kx1 = new Float64Array(limit);
  const ky1 = new Float64Array(limit);
  const kx2 = new Float64Array(limit);
  const ky2 = new Float64Array(limit);
  const kArea = new Float64Array(limit);
  let count = 0;
  for (let r = 0; r < order.length && count < limit; r++) {
    const i = order[r]!;
    const x1 = boxes[4 * i]!;
    const y1 = boxes[4 * i + 1]!;
    const x2 = boxes[4 * i + 2]!;
    const y2 = boxes[4 * i + 3]!;
    const area = areas[i]!;
    let isSuppressed = false;
    for (let k = 0; k < count; k++) {
      const w = Math.min(x2, kx2[k]!) - Math.max(x1, kx1[k]!) + e;
      if (!(w > 0)) continue;
      const h = Math.min(y2, ky2[k]!) - Math.max(y1, ky1[k]!) + e;
      if (!(h > 0)) continue;
      const inter = w * h;
      if (
        inter / (area + kArea[k]! - inter) > iouThreshold &&
        (!groups || groups[kept[k]!] === groups[i])
      ) {
        isSuppressed = true;
        break;
      }
    }
    if (isSuppressed) continue;
    kx1[count] = x1;
    ky1[count] = y1;
    kx2[count] = x2;
    ky2[count] = y2;
    kArea[count] = area;
    kept[count++] = i;
  }
  return kept.slice(0, count);
}
