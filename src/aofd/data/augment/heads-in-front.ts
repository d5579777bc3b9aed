/**
 * People in front of people (`augment.headsInFront`; Ghiasi et al., Simple Copy-Paste, CVPR 2021): heads cut out of
 * portraits, hair and all, are pasted before faces of a canvas, as large as these or larger. In a crowd it is mostly
 * another head that hides a face, and both are to be found.
 */
import type { AugmentConfig } from '../../config/augment.js';
import {
  gainFor,
  pasteCutout,
  type CutoutBank,
  type FaceCutout,
} from '../occluders/cutout-bank.js';
import { faceLight, type FaceFrame } from '../occluders/frame.js';
import { coverLabels, forBox, OUTER_BOX, type SegmentationForm } from '../region-labels.js';
import { chance, pick, randomInt, uniform, type Rng } from '../rng.js';
import {
  boxArea,
  boxCentre,
  boxHeight,
  boxShortSide,
  boxWidth,
  clipBox,
  enlargeBox,
  type Box,
} from '../sample.js';
import type { Canvas } from './augment.js';

/** The pasted face against the hidden one, as natural logarithms of the ratio of their heights. */
const SIZES = [-0.25, 0.6] as const;
/** Distance of the two centres in shares of the mean of both widths and both heights: beside, and lower rather than higher. */
const BESIDE = [0.6, 1.5] as const;
const BELOW = [-0.2, 0.7] as const;
/** A face of which more is hidden is no example of one, nor of background. */
const MOST_HIDDEN = 0.7;
/** A face of which more than this is hidden counts as covered. */
const COVERED = 0.08;
/** A pasted face must show at least this share of its box. */
const LEAST_SHOWN = 0.6;

const NO_LABEL = 255;

/** What became of the faces: which are covered now (indices into `canvas.faces`), and how many were added behind them. */
export interface HeadsInFront {
  covered: Set<number>;
  added: number;
}

export interface HeadsOptions extends NonNullable<AugmentConfig['headsInFront']> {
  form: SegmentationForm;
  /** Pasted faces of a shorter side below this are ignored. */
  leastFacePx: number;
  /** Boxes keep what of them lies on the canvas; false: the whole, as `mapFaces` has it. */
  clipBoxes: boolean;
}

/**
 * Pastes heads, in place: the faces behind stay, or are ignored where hardly anything of them is left; the pasted
 * faces are added at the end. Pixel labels: nothing is known where the pasted face itself is (a face that covers a
 * face; docs/spec.md 4.3, J19), and its hair and neck cover what they hide.
 */
export function putHeadsInFront(
  canvas: Canvas,
  heads: CutoutBank,
  rng: Rng,
  options: HeadsOptions,
): HeadsInFront {
  const { image, faces } = canvas;
  const isBehind = ({ box, ignore }: Canvas['faces'][number]): boolean =>
    !ignore && boxShortSide(box) >= options.minFacePx;
  const behind = faces.filter(isBehind).map(({ box }) => box);
  const before = faces.length;
  const count = behind.length === 0 ? 0 : 1 + randomInt(rng, options.most);
  /** Number of the head that each pixel shows, 1 the first; 0 none. */
  const shows = new Uint8Array(image.width * image.height);
  for (let n = 0; n < count; n++) {
    const place = placeBefore(pick(rng, behind), pick(rng, heads.cutouts), rng);
    const box = boxOf(place.frame);
    const shown = clipBox(box, image);
    const isShown = shown[2] > shown[0] && shown[3] > shown[1];
    if (!isShown || boxArea(shown) < LEAST_SHOWN * boxArea(box)) continue;
    const mask = new Uint8Array(shows.length);
    paste({ image, mask }, place, rng);
    const ignore = boxShortSide(shown) < options.leastFacePx;
    faces.push({ box: options.clipBoxes || ignore ? shown : box, ignore, index: -1 });
    for (let at = 0; at < mask.length; at++) if (mask[at] === 1) shows[at] = faces.length - before;
    if (canvas.labels) relabel(canvas, canvas.labels, mask, box, options.form);
  }
  const covered = new Set<number>();
  faces.forEach((face, i) => {
    const own = Math.max(0, i - before + 1);
    const hidden = shareUnder(face.box, image, (at) => shows[at]! > own);
    if (hidden > MOST_HIDDEN) face.ignore = true;
    if (hidden > COVERED) covered.add(i);
  });
  return { covered, added: faces.length - before };
}

interface Place {
  cutout: FaceCutout;
  /** The pasted face. */
  frame: FaceFrame;
  isMirrored: boolean;
}

function placeBefore(box: Box, cutout: FaceCutout, rng: Rng): Place {
  const hh = (boxHeight(box) / 2) * Math.exp(uniform(rng, ...SIZES));
  const hw = hh * cutout.faceAspect;
  const side = chance(rng, 0.5) ? 1 : -1;
  const angle = uniform(rng, -0.15, 0.15);
  const [x, y] = boxCentre(box);
  const frame = {
    cx: x + side * uniform(rng, ...BESIDE) * (hw + boxWidth(box) / 2),
    cy: y + uniform(rng, ...BELOW) * (hh + boxHeight(box) / 2),
    hw,
    hh,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    yaw: 0,
  };
  return { cutout, frame, isMirrored: chance(rng, 0.5) };
}

function paste(
  target: { image: Canvas['image']; mask: Uint8Array },
  { cutout, frame, isMirrored }: Place,
  rng: Rng,
): void {
  const light = faceLight(target.image, boxOf(frame), rng);
  const [u0, u1] = isMirrored ? [-cutout.u1, -cutout.u0] : [cutout.u0, cutout.u1];
  const place = { frame, u0, v0: cutout.v0, u1, v1: cutout.v1, isMirrored };
  const gain = gainFor(cutout, light) * uniform(rng, 0.75, 1.25);
  const look = { order: [0, 1, 2], tint: [1, 1, 1], gain, opacity: 1 };
  // Its own shadows are on it: of the light around only strength and grain are taken.
  pasteCutout(target, cutout, place, look, { frame, light: { ...light, slope: 0 } });
}

/** Pixel labels under a pasted head; what its own box is enlarged by holds all of its face, also in a hole of its mask. */
function relabel(
  { image: { width, height }, faces }: Canvas,
  labels: Uint8Array,
  mask: Uint8Array,
  box: Box,
  form: SegmentationForm,
): void {
  if (form === 'region-visible') coverLabels(labels, mask);
  else {
    for (const face of faces) {
      forBox(face.box, width, height, (at) => {
        if (mask[at] === 1 && labels[at] !== NO_LABEL) labels[at] = 1;
      });
    }
  }
  forBox(enlargeBox(box, OUTER_BOX, width, height), width, height, (at) => {
    labels[at] = NO_LABEL;
  });
}

/** Inclusive corners of the face of a frame, its turn left out. */
const boxOf = ({ cx, cy, hw, hh }: FaceFrame): Box => [cx - hw, cy - hh, cx + hw - 1, cy + hh - 1];

/** Share of the pixels of a box, within the picture, of which something is so. */
export function shareUnder(
  box: Box,
  { width, height }: { width: number; height: number },
  isSo: (at: number) => boolean,
): number {
  let [some, all] = [0, 0];
  forBox(box, width, height, (at) => {
    if (isSo(at)) some++;
    all++;
  });
  return all === 0 ? 0 : some / all;
}
