import { boxAreas } from './boxes.js';
import { boxCount, extentOf } from './types.js';
import type { BoxArray, BoxConvention } from './types.js';

/** Intersection over union of box i of `a` and box j of `b` (AOFD-SPEC 1.6); 0 where they part. */
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
  const n = boxCount(a);
  const m = boxCount(b);
  const e = extentOf(convention);
  const areaA = boxAreas(a, convention);
  const areaB = boxAreas(b, convention);
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const x1 = a[4 * i]!;
    const y1 = a[4 * i + 1]!;
    const x2 = a[4 * i + 2]!;
    const y2 = a[4 * i + 3]!;
    const area = areaA[i]!;
    for (let j = 0; j < m; j++) {
      const w = Math.min(x2, b[4 * j + 2]!) - Math.max(x1, b[4 * j]!) + e;
      if (!(w > 0)) continue;
      const h = Math.min(y2, b[4 * j + 3]!) - Math.max(y1, b[4 * j + 1]!) + e;
      if (!(h > 0)) continue;
      const inter = w * h;
      out[i * m + j] = inter / (measure === 'iou' ? area + areaB[j]! - inter : area);
    }
  }
  return out;
}

/** {@link overlapMatrix} with the union as divisor. */
export function iouMatrix(
  a: BoxArray,
  b: BoxArray,
  convention: BoxConvention = 'inclusive',
): Float64Array {
  return overlapMatrix(a, b, 'iou', convention);
}

/** Largest overlap per row of an [A, B] matrix and its column; ties take the lowest column. */
export function rowMaxima(
  matrix: Float64Array,
  rows: number,
  columns: number,
): { max: Float64Array; argmax: Int32Array } {
  const max = new Float64Array(rows);
  const argmax = new Int32Array(rows).fill(columns > 0 ? 0 : -1);
  for (let i = 0; i < rows; i++) {
    let best = columns > 0 ? matrix[i * columns]! : 0;
    for (let j = 1; j < columns; j++) {
      const value = matrix[i * columns + j]!;
      if (value > best) {
        best = value;
        argmax[i] = j;
      }
    }
    max[i] = best;
  }
  return { max, argmax };
}
