import type { AnchorLevel } from '../config/schema.js';
import { extentOf, type BoxConvention } from './types.js';

/** Size of one feature map in cells. */
export interface FeatureSize {
  height: number;
  width: number;
}

/** All anchors of an image, level after level. */
export interface AnchorSet {
  /** Flat boxes [A*4] in input pixels; order inside a level: y, x, anchor. */
  boxes: Float64Array;
  /** Number of anchors of each level. */
  counts: number[];
  /** First anchor of each level. */
  offsets: number[];
  /** Total number of anchors A. */
  total: number;
}

/** Python's and C's default rounding: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Anchors per cell of a level. */
export function anchorsPerCell(level: AnchorLevel): number {
  return level.sizes.length * level.ratios.length;
}

/**
 * The anchors of cell (0, 0), ratios outer and sizes inner (docs/spec.md 1.4). `pfr`: for each ratio
 * r = height/width, w0 = round(sqrt(base^2/r)), h0 = round(w0*r), both multiplied by size/base.
 * `none`: w = size/sqrt(r), h = size*sqrt(r). The centre is (base-1)/2 for inclusive corners and
 * base/2 for continuous ones, base being the stride. Returns [a*4].
 */
export function baseAnchors(
  level: AnchorLevel,
  convention: BoxConvention = 'inclusive',
): Float64Array {
  const e = extentOf(convention);
  const base = level.stride;
  const centre = (base - e) / 2;
  const out = new Float64Array(anchorsPerCell(level) * 4);
  let at = 0;
  for (const ratio of level.ratios) {
    const w0 = roundHalfEven(Math.sqrt((base * base) / ratio));
    const h0 = roundHalfEven(w0 * ratio);
    for (const size of level.sizes) {
      const isRounded = level.rounding === 'pfr';
      const w = isRounded ? w0 * (size / base) : size / Math.sqrt(ratio);
      const h = isRounded ? h0 * (size / base) : size * Math.sqrt(ratio);
      out[at++] = centre - (w - e) / 2;
      out[at++] = centre - (h - e) / 2;
      out[at++] = centre + (w - e) / 2;
      out[at++] = centre + (h - e) / 2;
    }
  }
  return out;
}

/**
 * Repeats base anchors over a feature map of `feature` cells: cell (y, x) adds stride*(x, y, x, y). Flat index of an
 * anchor = (y*W + x)*a + index in the cell (docs/spec.md 1.4). Returns [H*W*a*4].
 */
export function gridAnchors(
  base: Float64Array,
  feature: FeatureSize,
  stride: number,
): Float64Array {
  const { height, width } = feature;
  const out = new Float64Array(height * width * base.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let k = 0; k < base.length; k += 4) {
        out[at++] = base[k]! + stride * x;
        out[at++] = base[k + 1]! + stride * y;
        out[at++] = base[k + 2]! + stride * x;
        out[at++] = base[k + 3]! + stride * y;
      }
    }
  }
  return out;
}

/** All anchors of an image: the levels' grids, one after the other. */
export function makeAnchors(
  levels: readonly AnchorLevel[],
  features: readonly FeatureSize[],
  convention: BoxConvention = 'inclusive',
): AnchorSet {
  if (levels.length !== features.length) {
    throw new RangeError(
      `makeAnchors: ${levels.length} levels but ${features.length} feature sizes; one per level is needed.`,
    );
  }
  const grids = levels.map((level, i) =>
    gridAnchors(baseAnchors(level, convention), features[i]!, level.stride),
  );
  const counts = grids.map((grid) => grid.length / 4);
  const offsets: number[] = [];
  let total = 0;
  for (const count of counts) {
    offsets.push(total);
    total += count;
  }
  const boxes = new Float64Array(total * 4);
  grids.forEach((grid, i) => boxes.set(grid, offsets[i]! * 4));
  return { boxes, counts, offsets, total };
}
