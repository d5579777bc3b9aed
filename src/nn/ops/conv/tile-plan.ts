import { longestSum, planTile, type TileLimits, type TilePlan } from '../tile-plan.js';
import type { ConvShape } from './shape.js';

/**
 * A grid of taps: tap (i, j) is weight (firstY + i·indexY, firstX + j·indexX) and reads the source
 * at (dy + i·stepY, dx + j·stepX).
 */
export interface TapGrid {
  rows: number;
  cols: number;
  firstY: number;
  firstX: number;
  indexY: number;
  indexX: number;
  dy: number;
  dx: number;
  stepY: number;
  stepX: number;
}

/**
 * The taps by which input pixels at residue r of the stride are reached, along one axis: those k with
 * (r + pad - k·dilation) divisible by the stride, at offset (r + pad - k·dilation) / stride of dY. They
 * lie stride / gcd(stride, dilation) apart. Pure.
 */
function axisTaps(
  r: number,
  kernel: number,
  s: Pick<ConvShape, 'stride' | 'pad' | 'dilation'>,
): { count: number; first: number; index: number; offset: number; step: number } {
  const used: number[] = [];
  for (let k = 0; k < kernel; k++) {
    if ((r + s.pad - k * s.dilation) % s.stride === 0) used.push(k);
  }
  const [first = 0, second = first + 1] = used;
  const index = second - first;
  const offset = used.length > 0 ? (r + s.pad - first * s.dilation) / s.stride : 0;
  return {
    count: used.length,
    first,
    index,
    offset,
    // A lone tap has no step.
    step: used.length > 1 ? (-index * s.dilation) / s.stride : 0,
  };
}

/** The taps of dX at residue (ry, rx); no rows or columns where no tap reaches it. Pure. */
export function inputGradientTaps(s: ConvShape, ry: number, rx: number): TapGrid {
  const y = axisTaps(ry, s.kh, s);
  const x = axisTaps(rx, s.kw, s);
  const isEmpty = y.count * x.count === 0;
  return {
    rows: isEmpty ? 0 : y.count,
    cols: isEmpty ? 0 : x.count,
    firstY: y.first,
    firstX: x.first,
    indexY: y.index,
    indexX: x.index,
    dy: y.offset,
    dx: x.offset,
    stepY: y.step,
    stepX: x.step,
  };
}

/** The cut of a forward or input gradient dispatch, rows x pixels with k terms each. Pure. */
export function planConvTile(
  c: { rows: number; pixels: number; k: number; step: number; resultBytes: number },
  limits: TileLimits,
): TilePlan | null {
  // With a step, other residues' pixels lie between: those dispatches write in place.
  return planTile(
    { v: c.rows, s: c.pixels, k: c.k, resultBytes: c.resultBytes, canSplit: c.step === 1 },
    limits,
  );
}

/** The cut of a weight gradient dispatch, rows x columns with a term per pixel. Pure. */
export function planConvTileDw(
  c: { rows: number; cols: number; pixels: number },
  limits: TileLimits,
): TilePlan | null {
  return planTile({ v: c.cols, s: c.rows, k: c.pixels, longestSum }, limits);
}
