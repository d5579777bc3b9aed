/**
 * Paints occluders over annotated faces and returns exactly which pixels they cover: training
 * material for occlusion segmentation on photographs that have boxes only. Pure and seeded.
 */
import {
  OCCLUDER_KINDS,
  type DrawnKind,
  type OccluderKind,
  type PhotoKind,
} from '../../config/occluder-kinds.js';
import { DEFAULT_PAINTER } from '../../config/painter.js';
import { faceFrame, faceLight } from './frame.js';
import {
  paintFringe,
  paintHat,
  paintMedicalMask,
  paintScarf,
  paintSunglasses,
} from './garments.js';
import { paintPhotoObject } from './object-bank.js';
import { paintBlob, paintBlock, paintHand } from './objects.js';
import type { PainterOptions, PaintResult } from './options.js';
import type { PaintContext } from './painting.js';
import type { PaintTarget } from './raster.js';
import { chance, pick, pickWeighted, randomInt, uniform, type Rng } from '../rng.js';
import {
  boxHeight,
  boxShortSide,
  boxWidth,
  type Box,
  type DecodedImage,
  type FaceBox,
} from '../sample.js';

const PAINTERS: Record<DrawnKind, (ctx: PaintContext) => void> = {
  'medical-mask': paintMedicalMask,
  scarf: paintScarf,
  sunglasses: paintSunglasses,
  hand: paintHand,
  block: paintBlock,
  blob: paintBlob,
  hat: paintHat,
  fringe: paintFringe,
};

const isPhotoKind = (kind: OccluderKind): kind is PhotoKind => kind.startsWith('photo-');

/** Paints one occluder of a given kind over one face, in place. */
export function paintOccluder(
  target: PaintTarget,
  face: FaceBox,
  kind: OccluderKind,
  rng: Rng,
  { bank, objects }: Pick<PainterOptions, 'bank' | 'objects'> = {},
): void {
  const frame = faceFrame(face.box, rng);
  const light = faceLight(target.image, face.box, rng);
  if (kind === 'cutout') bank?.paint(target, frame, light, rng);
  else if (isPhotoKind(kind)) {
    paintPhotoObject(kind, objects?.[kind] ?? [], target, { frame, light }, rng);
  } else PAINTERS[kind]({ target, frame, light, rng });
}

/** Like `chance`, but a probability that is 0 or left out draws nothing. */
const chanceOf = (rng: Rng, probability = 0): boolean =>
  probability > 0 && chance(rng, probability);

/** What a face's surroundings hold that is no face. */
const DECOY_KINDS = ['hand', 'hand', 'hand', 'blob', 'block'] as const;
/** Places tried for a decoy. */
const DECOY_TRIES = 8;

/**
 * Paints one to three hands or objects, of the size and light of a face of the picture, where no
 * face of `avoid` is near: a hand alone must not mean a face.
 */
function paintDecoys(
  target: PaintTarget,
  faces: readonly FaceBox[],
  avoid: readonly FaceBox[],
  rng: Rng,
): void {
  if (faces.length === 0) return;
  const { width, height } = target.image;
  const count = 1 + randomInt(rng, 3);
  for (let n = 0; n < count; n++) {
    const model = pick(rng, faces);
    const side = Math.exp(uniform(rng, -0.4, 0.5)) * boxShortSide(model.box);
    for (let attempt = 0; attempt < DECOY_TRIES; attempt++) {
      const x = uniform(rng, 0, width);
      const y = uniform(rng, 0, height);
      const box: Box = [x - side / 2, y - 0.6 * side, x + side / 2, y + 0.6 * side];
      if (avoid.some((face) => isNear(face.box, box))) continue;
      const light = faceLight(target.image, model.box, rng);
      PAINTERS[pick(rng, DECOY_KINDS)]({ target, frame: faceFrame(box, rng), light, rng });
      break;
    }
  }
}

/** Whether boxes overlap once `a` is enlarged by a half of its sides all round. */
function isNear(a: Readonly<Box>, b: Readonly<Box>): boolean {
  const dx = 0.5 * boxWidth(a);
  const dy = 0.5 * boxHeight(a);
  return a[0] - dx < b[2] && b[0] < a[2] + dx && a[1] - dy < b[3] && b[1] < a[3] + dy;
}

/**
 * Paints a random selection of the faces. The picture given is not changed; when nothing was
 * painted it is returned as it is. Faces marked ignore or invalid and small ones are left alone.
 */
export function paintOccluders(
  image: DecodedImage,
  faces: readonly FaceBox[],
  rng: Rng,
  options: PainterOptions = DEFAULT_PAINTER,
): PaintResult {
  const isStocked = (kind: OccluderKind): boolean => {
    if (kind === 'cutout') return (options.bank?.cutouts.length ?? 0) > 0;
    return !isPhotoKind(kind) || (options.objects?.[kind]?.length ?? 0) > 0;
  };
  const kinds = OCCLUDER_KINDS.filter((kind) => (options.kinds[kind] ?? 0) > 0 && isStocked(kind));
  const weights = kinds.map((kind) => options.kinds[kind] ?? 0);
  const mask = new Uint8Array(image.width * image.height);
  const painted: PaintResult['painted'] = [];
  let target: PaintTarget | null = null;
  if (chanceOf(rng, options.decoyProbability)) {
    target = { image: { ...image, data: image.data.slice() }, mask };
    paintDecoys(target, faces, options.avoid ?? faces, rng);
  }
  faces.forEach((face, index) => {
    const isChosen = chance(rng, options.faceProbability);
    const count = chance(rng, options.secondProbability) ? 2 : 1;
    const isUsable =
      kinds.length > 0 &&
      !face.ignore &&
      !face.invalid &&
      boxShortSide(face.box) >= options.minFacePx;
    if (!isChosen || !isUsable) return;
    target ??= { image: { ...image, data: image.data.slice() }, mask };
    for (let i = 0; i < count; i++) {
      const kind = kinds[pickWeighted(rng, weights)] as OccluderKind;
      paintOccluder(target, face, kind, rng, options);
      painted.push({ face: index, kind });
    }
  });
  return { image: (target as PaintTarget | null)?.image ?? image, mask, painted };
}
