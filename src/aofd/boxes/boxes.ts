import { boxCount, extentOf, type BoxArray, type BoxConvention, type ImageSize } from './types.js';

/** Builds a flat float64 box array from rows of four numbers. */
export function boxesFrom(rows: readonly (readonly number[])[]): Float64Array {
  const out = new Float64Array(rows.length * 4);
  rows.forEach((row, i) => {
    if (row.length !== 4) {
      throw new RangeError(`Box ${i} has ${row.length} numbers, expected 4 (x1, y1, x2, y2).`);
    }
    out.set(row, i * 4);
  });
  return out;
}

/** The inverse of {@link boxesFrom}; for printing and tests. */
export function boxRows(boxes: ArrayLike<number>): number[][] {
  return Array.from({ length: boxCount(boxes) }, (_, i) => [
    boxes[4 * i]!,
    boxes[4 * i + 1]!,
    boxes[4 * i + 2]!,
    boxes[4 * i + 3]!,
  ]);
}

/** Areas of R boxes in square pixels (never negative). */
export function boxAreas(boxes: BoxArray, convention: BoxConvention = 'inclusive'): Float64Array {
  const n = boxCount(boxes);
  const e = extentOf(convention);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const w = boxes[4 * i + 2]! - boxes[4 * i]! + e;
    const h = boxes[4 * i + 3]! - boxes[4 * i + 1]! + e;
    out[i] = w > 0 && h > 0 ? w * h : 0;
  }
  return out;
}

/**
 * Clips corners to the image, in place (docs/spec.md 1.6): to [0, W-1] x [0, H-1] for inclusive
 * corners, to [0, W] x [0, H] for continuous ones. Returns the same array.
 */
export function clipBoxes<T extends BoxArray>(
  boxes: T,
  size: ImageSize,
  convention: BoxConvention = 'inclusive',
): T {
  const n = boxCount(boxes);
  const e = extentOf(convention);
  const maxX = size.width - e;
  const maxY = size.height - e;
  for (let i = 0; i < n; i++) {
    const o = 4 * i;
    boxes[o] = Math.min(Math.max(boxes[o]!, 0), maxX);
    boxes[o + 1] = Math.min(Math.max(boxes[o + 1]!, 0), maxY);
    boxes[o + 2] = Math.min(Math.max(boxes[o + 2]!, 0), maxX);
    boxes[o + 3] = Math.min(Math.max(boxes[o + 3]!, 0), maxY);
  }
  return boxes;
}

/**
 * Enlarges boxes about their centre and clips them to the image (docs/spec.md 4.3: factor 1.3 gates
 * the segmentation branch). A new array.
 */
export function enlargeBoxes(
  boxes: BoxArray,
  factor: number,
  size: ImageSize,
  convention: BoxConvention = 'inclusive',
): Float64Array {
  const n = boxCount(boxes);
  const e = extentOf(convention);
  const out = new Float64Array(boxes.length);
  for (let i = 0; i < n; i++) {
    const o = 4 * i;
    for (let axis = 0; axis < 2; axis++) {
      const a = boxes[o + axis]!;
      const b = boxes[o + axis + 2]!;
      const centre = (a + b) / 2;
      const half = ((b - a + e) * factor - e) / 2;
      out[o + axis] = centre - half;
      out[o + axis + 2] = centre + half;
    }
  }
  return clipBoxes(out, size, convention);
}

/**
 * Pixels that lie inside any box: `1` where x1 <= j <= x2 and y1 <= i <= y2 for pixel (i, j)
 * (docs/spec.md 4.3), else `0`. With continuous corners the pixel's centre (j + 0.5, i + 0.5) is
 * tested instead. Returns [H*W], row-major.
 */
export function gateMask(
  boxes: BoxArray,
  size: ImageSize,
  convention: BoxConvention = 'inclusive',
): Uint8Array {
  const { width, height } = size;
  const mask = new Uint8Array(width * height);
  const shift = convention === 'inclusive' ? 0 : 0.5;
  const n = boxCount(boxes);
  for (let b = 0; b < n; b++) {
    const left = Math.max(0, Math.ceil(boxes[4 * b]! - shift));
    const top = Math.max(0, Math.ceil(boxes[4 * b + 1]! - shift));
    const right = Math.min(width - 1, Math.floor(boxes[4 * b + 2]! - shift));
    const bottom = Math.min(height - 1, Math.floor(boxes[4 * b + 3]! - shift));
    if (right < left) continue;
    for (let y = top; y <= bottom; y++) {
      mask.fill(1, y * width + left, y * width + right + 1);
    }
  }
  return mask;
}

/** Picks rows of a box array; a new array of the same kind. */
export function takeBoxes<T extends BoxArray>(boxes: T, indices: ArrayLike<number>): T {
  const out = (
    boxes instanceof Float32Array
      ? new Float32Array(indices.length * 4)
      : new Float64Array(indices.length * 4)
  ) as T;
  for (let i = 0; i < indices.length; i++) {
    const from = 4 * indices[i]!;
    for (let j = 0; j < 4; j++) out[4 * i + j] = boxes[from + j]!;
  }
  return out;
}
