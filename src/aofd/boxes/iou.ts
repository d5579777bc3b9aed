import { boxAreas } from './boxes.js';
import { boxCount, extentOf, type BoxArray, type BoxConvention } from './types.js';

/** Intersection over union of box i of `a` and box j of `b` (docs/spec.md 1.6); 0 where they part. */
export function boxIou(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  convention: BoxConvention = 'inclusive',
): number {
  const e = extentOf(convention);
  const p = 4 * i;
  const q = 4 * j;
  const w = Math.min(a[p + 2]!, b[q + 2]!) - Math.max(a[p]!, b[q]!) + e;
  if (!(w > 0)) return 0;
  const h = Math.min(a[p + 3]!, b[q + 3]!) - Math.max(a[p + 1]!, b[q + 1]!) + e;
  if (!(h > 0)) return 0;
  const inter = w * h;
  const areaA = (a[p + 2]! - a[p]! + e) * (a[p + 3]! - a[p + 1]! + e);
  const areaB = (b[q + 2]! - b[q]! + e) * (b[q + 3]! - b[q + 1]! + e);
  return inter / (areaA + areaB - inter);
}

/**
 * Overlap of every box of `a` (A of them) with every box of `b` (B), float64 [A*B] row-major.
 * `iou` divides by the union, `iof` by the area of the box of `a` ("intersection over foreground",
 * the measure for ignored regions).
 */
export function overlapMatrix(
  a: BoxArray,
  b: BoxArray,
  measure: 'iou' | 'iof' = 'iou',
  convention: BoxConvention = 'inclusive',
): Float64Array {
  const m = boxCount(b);
  const out = new Float64Array(boxCount(a) * m);
  sweepOverlaps(a, b, measure, convention, (i, j, overlap) => (out[i * m + j] = overlap));
  return out;
}

/**
 * Calls `visit(i, j, overlap)` for every pair with an overlap above 0, j outer and i inner, both
 * ascending. Memory-free form of {@link overlapMatrix}: most pairs part in two comparisons.
 */
export function sweepOverlaps(
  a: BoxArray,
  b: BoxArray,
  measure: 'iou' | 'iof',
  convention: BoxConvention,
  visit: (i: number, j: number, overlap: number) => void,
): void {
  const n = boxCount(a);
  const m = boxCount(b);
  const e = extentOf(convention);
  const areaB = boxAreas(b, convention);
  for (let j = 0; j < m; j++) {
    const bx1 = b[4 * j]!;
    const by1 = b[4 * j + 1]!;
    const bx2 = b[4 * j + 2]!;
    const by2 = b[4 * j + 3]!;
    const top = by1 - e;
    const bottom = by2 + e;
    const area = areaB[j]!;
    for (let i = 0, o = 0; i < n; i++, o += 4) {
      const y1 = a[o + 1]!;
      const y2 = a[o + 3]!;
      if (y1 > bottom || y2 < top) continue;
      const x1 = a[o]!;
      const x2 = a[o + 2]!;
      const w = Math.min(x2, bx2) - Math.max(x1, bx1) + e;
      if (!(w > 0)) continue;
      const h = Math.min(y2, by2) - Math.max(y1, by1) + e;
      if (!(h > 0)) continue;
      const inter = w * h;
      const own = (x2 - x1 + e) * (y2 - y1 + e);
      visit(i, j, inter / (measure === 'iou' ? own + area - inter : own));
    }
  }
}

/** The best partner of each box of one set in another. */
export interface BestOverlaps {
  /** [A]: largest overlap of each box of `a`, 0 where it meets none. */
  max: Float64Array;
  /** [A]: its partner in `b`; the lowest index on ties and without overlap, -1 if b is empty. */
  argmax: Int32Array;
  /** Per box of `b`: all boxes of `a` that reach its largest overlap (none if that is 0). */
  champions: number[][];
}

/** Row and column maxima of {@link overlapMatrix} without the matrix. */
export function bestOverlaps(
  a: BoxArray,
  b: BoxArray,
  measure: 'iou' | 'iof' = 'iou',
  convention: BoxConvention = 'inclusive',
): BestOverlaps {
  const n = boxCount(a);
  const m = boxCount(b);
  const max = new Float64Array(n);
  const argmax = new Int32Array(n).fill(m > 0 ? 0 : -1);
  const columnMax = new Float64Array(m);
  const champions: number[][] = Array.from({ length: m }, () => []);
  sweepOverlaps(a, b, measure, convention, (i, j, overlap) => {
    if (overlap > max[i]!) {
      max[i] = overlap;
      argmax[i] = j;
    }
    if (overlap > columnMax[j]!) {
      columnMax[j] = overlap;
      champions[j] = [i];
    } else if (overlap === columnMax[j]) champions[j]!.push(i);
  });
  return { max, argmax, champions };
}

/** {@link overlapMatrix} with the union as divisor. */
export function iouMatrix(
  a: BoxArray,
  b: BoxArray,
  convention: BoxConvention = 'inclusive',
): Float64Array {
  return overlapMatrix(a, b, 'iou', convention);
}
