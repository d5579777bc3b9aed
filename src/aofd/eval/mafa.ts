/** The MAFA protocol as the paper describes it (AOFD-SPEC 6.2). */
import { boxCount } from '../boxes/types.js';
import type { BoxArray } from '../boxes/types.js';
import { evaluateAp } from './ap.js';
import type { ApMode, ApResult, MatchOptions } from './ap.js';

/** How a rectangle becomes a square with the same centre (J23). */
export type SquareRule = 'max' | 'mean' | 'sqrt' | 'width' | 'none';

/** One image: detections and faces with MAFA's type 1 masked, 2 unmasked, 3 invalid. */
export interface MafaImage {
  /** [D*4] continuous corners. */
  boxes: BoxArray;
  scores: Float64Array;
  /** [G*4] continuous corners. */
  gt: BoxArray;
  /** [G] */
  types: ArrayLike<number>;
}

/** The three settings of the paper's Table 1. */
export interface MafaResult {
  /** Every annotation counts. */
  all: ApResult;
  /** Type 1 counts; detections on types 2 and 3 are wrong. */
  masked: ApResult;
  /** Types 1 and 2 count; type 3 as `ignored` says. */
  withoutIgnored: ApResult;
}

/** Squares with the centres of `boxes` (continuous corners); a new array. */
export function squareBoxes(boxes: BoxArray, rule: SquareRule): Float64Array {
  const out = Float64Array.from(boxes);
  if (rule === 'none') return out;
  for (let o = 0; o < 4 * boxCount(boxes); o += 4) {
    const w = out[o + 2]! - out[o]!;
    const h = out[o + 3]! - out[o + 1]!;
    const side = { max: Math.max(w, h), mean: (w + h) / 2, sqrt: Math.sqrt(w * h), width: w }[rule];
    const cx = (out[o]! + out[o + 2]!) / 2;
    const cy = (out[o + 1]! + out[o + 3]!) / 2;
    out.set([cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2], o);
  }
  return out;
}

/**
 * AP in the three settings: squares against faces, the best face of each detection (a second hit is
 * wrong), IoU at least 0.5 unless `iou` says otherwise. `ignored`: what a detection on type 3 is in
 * "without ignored" (J22).
 */
export function evaluateMafa(
  images: readonly MafaImage[],
  options: {
    square?: SquareRule;
    ignored?: 'skip' | 'false-positive';
    iou?: number;
    ap?: ApMode;
  } = {},
): MafaResult {
  const match: MatchOptions & { ap: ApMode } = {
    iou: options.iou ?? 0.5,
    choice: 'best',
    convention: 'continuous',
    ap: options.ap ?? 'all-point',
  };
  const prepared = images.map((image) => ({
    ...image,
    boxes: squareBoxes(image.boxes, options.square ?? 'max'),
    gt: squareBoxes(image.gt, options.square ?? 'max'),
  }));
  const view = (counted: readonly number[], skipped: readonly number[]): ApResult =>
    evaluateAp(
      prepared.map((image) => {
        const kept = Array.from(image.types).flatMap((type, g) =>
          counted.includes(type) || skipped.includes(type) ? [g] : [],
        );
        return {
          boxes: image.boxes,
          scores: image.scores,
          gt: Float64Array.from(kept.flatMap((g) => [...image.gt.subarray(4 * g, 4 * g + 4)])),
          ignore: kept.map((g) => (skipped.includes(image.types[g]!) ? 1 : 0)),
        };
      }),
      match,
    );
  return {
    all: view([1, 2, 3], []),
    masked: view([1], []),
    withoutIgnored: view([1, 2], options.ignored === 'false-positive' ? [] : [3]),
  };
}
