/**
 * Per-pixel labels for the segmentation branch: 0 face not covered, 1 occluder over a face,
 * 255 no label (docs/spec.md 4.3). What is known differs by data set:
 *
 * - portraits with masks: 1 on the mask, 0 elsewhere within 1.3 x the face box, 255 beyond;
 * - painted faces: 1 on painted pixels inside the face box, 255 on painted pixels outside it (an
 *   occluder's end beside the face is neither), 0 on the box's other pixels. Unless the face is
 *   known to be uncovered, the top of its box stays 255: hair often hangs there unlabelled;
 * - unpainted faces known to be uncovered (`cover: 'unmasked'`): 0 within the box, top as above;
 * - masked, wrongly masked and unknown faces: 255, for what covers them has no pixel label; with
 *   `weakMasks` the middle of a masked face's lower part is taken for mask (1) and the strip of its
 *   eyes for uncovered (0): a properly worn mask covers nose, mouth and chin and nothing else;
 * - heads pasted before faces (augment/heads-in-front.ts): 255 about their own face, 1 where the rest of them hides one;
 * - pixels in more than one face box and not painted: 255, since the front face covers the back
 *   one but is itself uncovered (J19).
 */
import { enlargeBox, type FaceBox } from './sample.js';

/** Share of the box height, from the top, without label on painted or uncovered faces. */
export const FOREHEAD_SHARE = 0.2;

/** Smallest masked face, shorter side in pixels, that gets weak labels. */
const WEAK_MIN_PX = 24;
/** Parts of a masked face's box, as shares of its width and height: surely mask, surely not. */
const WEAK_MASK = { x1: 0.25, x2: 0.75, y1: 0.62, y2: 0.88 };
const WEAK_EYES = { x1: 0.2, x2: 0.8, y1: 0.26, y2: 0.4 };

/** Labels [H, W] of a portrait with a true mask (1 = occluder, 255 = unknown). */
export function portraitLabels(
  mask: Uint8Array,
  faces: readonly FaceBox[],
  width: number,
  height: number,
): Uint8Array {
  const labels = new Uint8Array(width * height).fill(255);
  for (const face of faces) {
    const [x1, y1, x2, y2] = enlargeBox(face.box, 1.3, width, height);
    for (let y = Math.ceil(y1); y <= y2; y++) {
      for (let x = Math.ceil(x1); x <= x2; x++) {
        labels[y * width + x] = mask[y * width + x] as number;
      }
    }
  }
  return labels;
}

/**
 * Labels [H, W] of a photograph with painted occluders, or null when nothing can be labelled.
 * @param mask painted pixels (1), or null
 * @param paintedFaces indices of the painted faces
 * @param weakMasks guess the core of worn masks from the boxes of masked faces
 */
export function detectionLabels(
  mask: Uint8Array | null,
  faces: readonly FaceBox[],
  paintedFaces: ReadonlySet<number>,
  width: number,
  height: number,
  weakMasks = false,
): Uint8Array | null {
  const isWeak = (i: number): boolean =>
    weakMasks && !paintedFaces.has(i) && isWeaklyLabelled(faces[i] as FaceBox);
  const isKnown = (i: number): boolean =>
    paintedFaces.has(i) || faces[i]?.attributes?.cover === 'unmasked' || isWeak(i);
  if (!faces.some((_, i) => isKnown(i))) return null;
  const labels = new Uint8Array(width * height).fill(255);
  const owners = new Uint8Array(width * height);
  faces.forEach((face, i) => {
    const x1 = Math.max(0, Math.round(face.box[0]));
    const y1 = Math.max(0, Math.round(face.box[1]));
    const x2 = Math.min(width - 1, Math.round(face.box[2]));
    const y2 = Math.min(height - 1, Math.round(face.box[3]));
    const bare = y1 + FOREHEAD_SHARE * (y2 - y1 + 1);
    const isLabelled = isKnown(i);
    const isPainted = paintedFaces.has(i);
    const weak = isWeak(i) ? weakLabels(face.box) : null;
    for (let y = y1; y <= y2; y++) {
      for (let x = x1; x <= x2; x++) {
        const at = y * width + x;
        const seen = ++owners[at]!;
        if (isPainted && mask?.[at] === 1) labels[at] = 1;
        else if (labels[at] === 1) continue;
        else if (weak) labels[at] = seen === 1 ? weak(x, y) : 255;
        else labels[at] = isLabelled && seen === 1 && y >= bare ? 0 : 255;
      }
    }
  });
  // A painted pixel that lies in the box of an unpainted face only is an occluder of that face too.
  if (mask) {
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 1 && (owners[at] as number) > 0) labels[at] = 1;
    }
  }
  return labels;
}

/** Whether a face is masked and large enough for guessed labels. */
export function isWeaklyLabelled({ attributes, box: [x1, y1, x2, y2] }: FaceBox): boolean {
  return attributes?.cover === 'masked' && Math.min(x2 - x1, y2 - y1) >= WEAK_MIN_PX;
}

/** Label of a pixel of a masked face: 1 in the core of the mask, 0 at the eyes, else 255. */
export function weakLabels([x1, y1, x2, y2]: FaceBox['box']): (x: number, y: number) => number {
  const within = (part: typeof WEAK_MASK, u: number, v: number): boolean =>
    u >= part.x1 && u <= part.x2 && v >= part.y1 && v <= part.y2;
  return (x, y) => {
    const u = (x - x1) / (x2 - x1 + 1);
    const v = (y - y1) / (y2 - y1 + 1);
    if (within(WEAK_MASK, u, v)) return 1;
    return within(WEAK_EYES, u, v) ? 0 : 255;
  };
}
