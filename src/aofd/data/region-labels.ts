/**
 * Pixel labels in their second form: per pixel whether it lies in a face's region (the visible face and
 * what covers it) and whether it shows a visible face. Each is 0, 1 or 3 (unknown); region in bits 0-1,
 * visible in bits 2-3. 255 reads as both unknown, so that it means "no label" in either form.
 */
import { dilate, erode } from './mask-morphology.js';
import {
  boxArea,
  boxHeight,
  boxWidth,
  enlargeBox,
  type Box,
  type FaceBox,
  type PixelRole,
} from './sample.js';
import type { FaceParts } from './face-parts.js';
import { isWeaklyLabelled, weakLabels } from './seg-labels.js';

/** Which labels the segmentation branch learns from: seg-labels.ts or this file. */
export type SegmentationForm = 'covered' | 'region-visible';

export const UNKNOWN_BIT = 3;
/** One pixel's label of two answers, each 0, 1 or 3. */
export const packLabel = (region: number, visible: number): number => region | (visible << 2);
export const regionOf = (label: number): number => label & 3;
export const visibleOf = (label: number): number => (label >> 2) & 3;

const NO_LABEL = 255;
const BACKGROUND = packLabel(0, 0);
const COVERED = packLabel(1, 0);
const SEEN = packLabel(1, 1);

/** Width of the band around the region's edge without region label, as a share of the face's height. */
export const BAND = 0.02;
/** Portraits are labelled as far as the face box enlarged so. */
export const PORTRAIT_SCALE = 1.3;

/**
 * Labels [H, W] of a portrait: exact, but for a band around the region's edge. What is in the region and does
 * not cover it by the rules of face-parts.ts (strands of hair under twice its opening, small parts, ears, neck)
 * counts as visible face, as it does where the masks of an evaluation are made.
 */
export function portraitRegionLabels(
  parts: FaceParts,
  faces: readonly FaceBox[],
  width: number,
  height: number,
): Uint8Array {
  const labels = new Uint8Array(width * height).fill(NO_LABEL);
  for (const face of faces.filter((f) => !f.ignore)) {
    const steps = Math.max(1, Math.round((BAND / 2) * boxHeight(face.box)));
    const inner = erode(parts.region, width, height, steps);
    const outer = dilate(parts.region, width, height, steps);
    forBox(enlargeBox(face.box, PORTRAIT_SCALE, width, height), width, height, (at) => {
      const region = inner[at] === 1 ? 1 : outer[at] === 1 ? UNKNOWN_BIT : 0;
      labels[at] = packLabel(region, visibleAt(parts, at, region));
    });
  }
  // Somebody else in the background, perhaps: not this face, but not "no face" either.
  for (const face of faces.filter((f) => f.ignore)) {
    forBox(face.box, width, height, (at) => {
      if (parts.region[at] !== 1) labels[at] = NO_LABEL;
    });
  }
  return labels;
}

/** Whether a pixel of a portrait shows the face, 0, 1 or 3, where its region label is that. */
function visibleAt(parts: FaceParts, at: number, region: number): number {
  if (parts.region[at] !== 1 || parts.covered[at] === 1) return 0;
  if (parts.visible[at] === 1) return 1;
  // Along the edge hair covers nothing by the rules, only because labels are not exact there.
  return region === UNKNOWN_BIT ? UNKNOWN_BIT : 1;
}

/** What is painted over a labelled portrait hides the face under it, in place. */
export function coverLabels(labels: Uint8Array, painted: Uint8Array): void {
  for (let at = 0; at < labels.length; at++) {
    if (painted[at] === 1 && labels[at] !== NO_LABEL) {
      labels[at] = packLabel(regionOf(labels[at]!), 0);
    }
  }
}

/** Share of the box of the largest face whose inscribed ellipse surely is face. */
const SURE_ELLIPSE = 0.92;

/**
 * Labels [H, W] of a picture of which the person with the largest face has pixel classes: inside that
 * face's ellipse skin is visible face and what the roles call cover hides it; the rest is unknown.
 */
export function largestFaceLabels(
  classes: Uint8Array,
  roles: readonly PixelRole[],
  faces: readonly FaceBox[],
  size: { width: number; height: number },
  form: SegmentationForm,
): Uint8Array | null {
  const { width, height } = size;
  const areas = faces.map((face) => (face.ignore || face.invalid ? 0 : boxArea(face.box)));
  const face = faces[areas.indexOf(Math.max(0, ...areas))];
  if (!face || face.ignore) return null;
  const [covered, seen] = form === 'covered' ? [1, 0] : [COVERED, SEEN];
  const labels = new Uint8Array(width * height).fill(NO_LABEL);
  const isInside = ellipseOf(face.box, SURE_ELLIPSE);
  forBox(face.box, width, height, (at, x, y) => {
    const role = roles[classes[at]!];
    if (!isInside(x, y)) return;
    if (role === 'cover') labels[at] = covered;
    else if (role === 'visible') labels[at] = seen;
  });
  return labels;
}

/** Ellipse in which a painted or bare face surely is face, below the forehead. */
export const INNER_ELLIPSE = 0.85;
/** Share of that ellipse's height, from the top, that hair may hide. */
const FOREHEAD = 0.2;
/** Beyond this enlarged box there is no part of the face ... */
export const OUTER_BOX = 1.15;
/** ... and as far as this it is said to be background; further away other faces may lack boxes. */
const RING_BOX = 2;

/**
 * Labels [H, W] of a photograph with boxes, or null when no face on it is known to be bare, painted or
 * (with `weakMasks`) to wear a mask:
 * - background from 1.15 to 2 times the box of a known face, away from all other boxes;
 * - painted pixels: no visible face; in the region where they lie in a face's ellipse;
 * - a painted or bare face: visible in the lower 80 % of its inner ellipse;
 * - a worn mask: its core covers, the strip of the eyes is visible.
 * Pixels in two boxes are unknown unless painted.
 */
export function detectionRegionLabels(
  mask: Uint8Array | null,
  faces: readonly FaceBox[],
  paintedFaces: ReadonlySet<number>,
  width: number,
  height: number,
  weakMasks: boolean,
): Uint8Array | null {
  const isPlain = (i: number): boolean =>
    !faces[i]!.ignore && (paintedFaces.has(i) || faces[i]!.attributes?.cover === 'unmasked');
  const isWeak = (i: number): boolean =>
    weakMasks && !paintedFaces.has(i) && isWeaklyLabelled(faces[i]!);
  const known = faces.map((_, i) => i).filter((i) => isPlain(i) || isWeak(i));
  if (known.length === 0) return null;
  const labels = new Uint8Array(width * height).fill(NO_LABEL);
  for (const i of known) {
    forBox(enlargeBox(faces[i]!.box, RING_BOX, width, height), width, height, (at) => {
      labels[at] = BACKGROUND;
    });
  }
  const owners = new Uint8Array(width * height);
  for (const { box } of faces) {
    forBox(enlargeBox(box, OUTER_BOX, width, height), width, height, (at) => {
      labels[at] = NO_LABEL;
    });
    forBox(box, width, height, (at) => owners[at]!++);
  }
  for (const i of known) {
    const { box } = faces[i]!;
    const isInside = ellipseOf(box, INNER_ELLIPSE);
    const weak = isWeak(i) ? weakLabels(box) : null;
    const bare = box[1] + (0.5 - INNER_ELLIPSE * (0.5 - FOREHEAD)) * boxHeight(box);
    forBox(box, width, height, (at, x, y) => {
      if (owners[at] !== 1) return;
      if (weak) labels[at] = [SEEN, COVERED][weak(x, y)] ?? NO_LABEL;
      else if (y >= bare && isInside(x, y)) labels[at] = SEEN;
    });
  }
  if (mask) paintRegions(labels, mask, faces, width, height);
  return labels;
}

/** Painted pixels show no face; in the ellipse of one they cover it. */
function paintRegions(
  labels: Uint8Array,
  mask: Uint8Array,
  faces: readonly FaceBox[],
  width: number,
  height: number,
): void {
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 1 && labels[at] !== BACKGROUND) labels[at] = packLabel(UNKNOWN_BIT, 0);
  }
  for (const face of faces.filter((f) => !f.ignore)) {
    const isInside = ellipseOf(face.box, 1);
    forBox(face.box, width, height, (at, x, y) => {
      if (mask[at] === 1 && isInside(x, y)) labels[at] = COVERED;
    });
  }
}

/** Calls with index and position of every pixel whose centre the box holds, within the picture. */
export function forBox(
  box: Readonly<Box>,
  width: number,
  height: number,
  visit: (at: number, x: number, y: number) => void,
): void {
  const x2 = Math.min(width - 1, box[2]);
  const y2 = Math.min(height - 1, box[3]);
  for (let y = Math.max(0, Math.ceil(box[1])); y <= y2; y++) {
    for (let x = Math.max(0, Math.ceil(box[0])); x <= x2; x++) visit(y * width + x, x, y);
  }
}

/** Whether a pixel lies in the ellipse inscribed in the box, scaled about its middle. */
export function ellipseOf(box: Readonly<Box>, scale: number): (x: number, y: number) => boolean {
  const cx = (box[0] + box[2]) / 2;
  const cy = (box[1] + box[3]) / 2;
  const a = (scale * boxWidth(box)) / 2;
  const b = (scale * boxHeight(box)) / 2;
  return (x, y) => ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1;
}
