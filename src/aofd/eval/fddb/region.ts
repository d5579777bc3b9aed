/**
 * Regions as the FDDB tool sees them: sets of pixels of the picture (docs/spec.md 6.1). What lies
 * outside the picture does not exist.
 */

/** A set of pixels: runs of columns, from the topmost row down, runs of a row from left to right. */
export interface Region {
  /** [R*3]: row, first column, last column (inclusive) of each run, counted from the canvas. */
  runs: Int32Array;
  /** Number of pixels. */
  area: number;
}

/** The picture that cuts regions, in pixels. */
export interface Canvas {
  width: number;
  height: number;
  /** Column and row of its first pixel, default 0: negative where regions are not to be cut. */
  left?: number;
  top?: number;
}

/** Rounds like C's `rint` on a value that went through `float`: ties go to the even neighbour. */
export function roundFloat(value: number): number {
  return roundHalfEven(Math.fround(value));
}

/** Nearest integer, ties to the even one. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const part = value - low;
  if (part !== 0.5) return part < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/**
 * A filled rectangle with both corners inside: corners round(x1), round(y1) and round(x2),
 * round(y2), in any order. So 5,6 to 14,15 covers 10 x 10 pixels, and a box of no width still
 * covers one column.
 */
export function rectangleRegion(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  canvas: Canvas,
): Region {
  const { left: originX = 0, top: originY = 0 } = canvas;
  const [xa, xb] = [roundFloat(x1) - originX, roundFloat(x2) - originX];
  const [ya, yb] = [roundFloat(y1) - originY, roundFloat(y2) - originY];
  const left = Math.max(0, Math.min(xa, xb));
  const right = Math.min(canvas.width - 1, Math.max(xa, xb));
  const top = Math.max(0, Math.min(ya, yb));
  const bottom = Math.min(canvas.height - 1, Math.max(ya, yb));
  if (left > right || top > bottom) return { runs: new Int32Array(0), area: 0 };
  const rows = bottom - top + 1;
  const runs = new Int32Array(3 * rows);
  for (let i = 0; i < rows; i++) {
    runs[3 * i] = top + i;
    runs[3 * i + 1] = left;
    runs[3 * i + 2] = right;
  }
  return { runs, area: rows * (right - left + 1) };
}

/** Number of pixels that two regions of the same canvas share. */
export function sharedPixels(a: Region, b: Region): number {
  const [p, q] = [a.runs, b.runs];
  let i = 0;
  let j = 0;
  let shared = 0;
  while (i < p.length && j < q.length) {
    const rowA = p[i]!;
    const rowB = q[j]!;
    if (rowA !== rowB) {
      if (rowA < rowB) i += 3;
      else j += 3;
      continue;
    }
    const endA = p[i + 2]!;
    const endB = q[j + 2]!;
    const overlap = Math.min(endA, endB) - Math.max(p[i + 1]!, q[j + 1]!) + 1;
    if (overlap > 0) shared += overlap;
    if (endA <= endB) i += 3;
    else j += 3;
  }
  return shared;
}

/**
 * Shared pixels over covered pixels, 0..1. Two regions without any pixel in the picture give 0
 * (the C++ tool divides 0 by 0 there).
 */
export function regionIou(a: Region, b: Region): number {
  const shared = sharedPixels(a, b);
  return shared === 0 ? 0 : shared / (a.area + b.area - shared);
}
