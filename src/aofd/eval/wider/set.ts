/** What an evaluation on WIDER FACE, or on a set in its format, needs to know of the set. */
import type { WiderCurve } from './official.js';

/** Labels of a face; the codes are in {@link WIDER_LABELS}. */
export type WiderLabel = 'occlusion' | 'blur' | 'pose' | 'illumination' | 'expression' | 'invalid';

/** Meaning of the codes 0, 1, 2 of each label. */
export const WIDER_LABELS: Readonly<Record<WiderLabel, readonly string[]>> = {
  occlusion: ['0 none', '1 partial', '2 heavy'],
  blur: ['0 clear', '1 normal', '2 heavy'],
  pose: ['0 typical', '1 atypical'],
  illumination: ['0 normal', '1 extreme'],
  expression: ['0 typical', '1 exaggerated'],
  invalid: ['0 valid', '1 invalid'],
};

/** An image with its faces. */
export interface WiderSetImage {
  /** `<event>/<image>.jpg`. */
  name: string;
  /** Its picture, or null. */
  file: string | null;
  /** [G*4] x, y, x + w, y + h as annotated. */
  faces: Float64Array;
  /** [G] codes, where the set has them. */
  labels: Partial<Record<WiderLabel, Uint8Array>>;
  /** Faces for plain AP. */
  plain: PlainFaces;
}

/** Faces as `aofd train` and the model card count them. */
export interface PlainFaces {
  /** [G*4] continuous corners. */
  boxes: Float64Array;
  /** [G]: 1 = neither right nor wrong. */
  ignore: Uint8Array;
}

/** A published curve. */
export interface PublishedCurve extends Pick<WiderCurve, 'precision' | 'recall'> {
  name: string;
  ap: number;
}

/** One difficulty. */
export interface WiderSetting {
  /** `easy`, `medium`, `hard`, or `all`. */
  name: string;
  /** [I][G]: 1 = counts. */
  counted: readonly Uint8Array[];
  published: readonly PublishedCurve[];
}

export interface WiderSet {
  name: string;
  images: readonly WiderSetImage[];
  settings: readonly WiderSetting[];
  /** Faces below this many pixels (shorter side) are ignored in plain AP. */
  ignoreBelow: number;
  /** Whether faces of plain AP were cut to the picture. */
  isClipped: boolean;
}

/** Marks for faces that are ignored in plain AP: invalid ones and small ones. */
export function plainIgnore(
  corners: Float64Array,
  invalid: ArrayLike<number> | undefined,
  below: number,
): Uint8Array {
  return Uint8Array.from({ length: corners.length / 4 }, (_, g) => {
    const w = corners[4 * g + 2]! - corners[4 * g]!;
    const h = corners[4 * g + 3]! - corners[4 * g + 1]!;
    return Math.min(w, h) < below || invalid?.[g] === 1 ? 1 : 0;
  });
}
