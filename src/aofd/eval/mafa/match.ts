/** The MAFA protocol as the paper describes it (docs/spec.md 6.2). */
import { boxCount, type BoxArray } from '../../boxes/types.js';
import {
  averagePrecision,
  evaluateAp,
  prCurve,
  type ApMode,
  type ApResult,
  type ImageDetections,
  type MatchOptions,
} from '../statistics/ap.js';

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
 * Which faces count:
 * - `all`: types 1, 2 and 3.
 * - `masked`: type 1; a detection on another face is wrong (the paper blames its early precision
 *   drop on exactly that).
 * - `without-ignored`: types 1 and 2; a detection on type 3 is not judged (J22).
 * - `without-ignored-strict`: the same, but a detection on type 3 is wrong.
 */
export type MafaSetting = 'all' | 'masked' | 'without-ignored' | 'without-ignored-strict';

export const MAFA_SETTINGS: readonly MafaSetting[] = [
  'all',
  'masked',
  'without-ignored',
  'without-ignored-strict',
];

const COUNTED: Record<MafaSetting, { counted: readonly number[]; skipped: readonly number[] }> = {
  all: { counted: [1, 2, 3], skipped: [] },
  masked: { counted: [1], skipped: [] },
  'without-ignored': { counted: [1, 2], skipped: [3] },
  'without-ignored-strict': { counted: [1, 2], skipped: [] },
};

/** Matching of the protocol: the best face of each detection, taken or not; continuous corners. */
export function mafaMatching(iou = 0.5): MatchOptions {
  return { iou, choice: 'best', convention: 'continuous' };
}

/** Detections and faces of a setting as squares. Faces that do not matter are left out. */
export function mafaView(
  images: readonly MafaImage[],
  setting: MafaSetting,
  square: SquareRule = 'max',
): ImageDetections[] {
  const { counted, skipped } = COUNTED[setting];
  return images.map((image) => {
    const kept = Array.from(image.types).flatMap((type, g) =>
      counted.includes(type) || skipped.includes(type) ? [g] : [],
    );
    const gt = squareBoxes(image.gt, square);
    return {
      boxes: squareBoxes(image.boxes, square),
      scores: image.scores,
      gt: Float64Array.from(kept.flatMap((g) => [...gt.subarray(4 * g, 4 * g + 4)])),
      ignore: kept.map((g) => (skipped.includes(image.types[g]!) ? 1 : 0)),
    };
  });
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
  const match = { ...mafaMatching(options.iou), ap: options.ap ?? 'all-point' };
  const result = (setting: MafaSetting): ApResult =>
    evaluateAp(mafaView(images, setting, options.square), match);
  return {
    all: result('all'),
    masked: result('masked'),
    withoutIgnored: result(
      options.ignored === 'false-positive' ? 'without-ignored-strict' : 'without-ignored',
    ),
  };
}

/** AP of every setting under one choice of what the paper leaves open. */
export interface MafaSensitivity {
  square: SquareRule;
  iou: number;
  ap: ApMode;
  /** By setting; the two forms of `without-ignored` are the two readings of J22. */
  values: Record<MafaSetting, number>;
}

export const SQUARE_RULES: readonly SquareRule[] = ['max', 'mean', 'sqrt', 'width', 'none'];

/** The settings under all combinations of square rule, IoU and AP rule. */
export function mafaSensitivity(
  images: readonly MafaImage[],
  ious: readonly number[] = [0.5, 0.45],
): MafaSensitivity[] {
  const rows: MafaSensitivity[] = [];
  for (const square of SQUARE_RULES) {
    const views = MAFA_SETTINGS.map((setting) => mafaView(images, setting, square));
    for (const iou of ious) {
      const curves = views.map((view) => prCurve(view, mafaMatching(iou)));
      for (const ap of ['all-point', '11-point'] as const) {
        const values = Object.fromEntries(
          MAFA_SETTINGS.map((setting, s) => [setting, averagePrecision(curves[s]!, ap)]),
        ) as MafaSensitivity['values'];
        rows.push({ square, iou, ap, values });
      }
    }
  }
  return rows;
}
