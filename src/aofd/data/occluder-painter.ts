/**
 * Paints occluders over annotated faces and returns exactly which pixels they cover: training
 * material for occlusion segmentation on photographs that have boxes only. Pure and seeded.
 */
import { faceFrame, faceLight } from './painter-frame.js';
import {
  paintFringe,
  paintHat,
  paintMedicalMask,
  paintScarf,
  paintSunglasses,
  type PaintContext,
} from './painter-garments.js';
import { paintBlob, paintBlock, paintHand } from './painter-objects.js';
import {
  DEFAULT_PAINTER,
  OCCLUDER_KINDS,
  type OccluderKind,
  type PainterOptions,
  type PaintResult,
} from './painter-options.js';
import type { PaintTarget } from './painter-raster.js';
import { chance, pickWeighted, type Rng } from './rng.js';
import { boxShortSide, type DecodedImage, type FaceBox } from './sample.js';

const PAINTERS: Record<Exclude<OccluderKind, 'cutout'>, (ctx: PaintContext) => void> = {
  'medical-mask': paintMedicalMask,
  scarf: paintScarf,
  sunglasses: paintSunglasses,
  hand: paintHand,
  block: paintBlock,
  blob: paintBlob,
  hat: paintHat,
  fringe: paintFringe,
};

/** Paints one occluder of a given kind over one face, in place. */
export function paintOccluder(
  target: PaintTarget,
  face: FaceBox,
  kind: OccluderKind,
  rng: Rng,
  bank?: PainterOptions['bank'],
): void {
  const frame = faceFrame(face.box, rng);
  const light = faceLight(target.image, face.box, rng);
  if (kind === 'cutout') bank?.paint(target, frame, light, rng);
  else PAINTERS[kind]({ target, frame, light, rng });
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
  const hasBank = (options.bank?.cutouts.length ?? 0) > 0;
  const kinds = OCCLUDER_KINDS.filter(
    (kind) => (options.kinds[kind] ?? 0) > 0 && (kind !== 'cutout' || hasBank),
  );
  const weights = kinds.map((kind) => options.kinds[kind] ?? 0);
  const mask = new Uint8Array(image.width * image.height);
  const painted: PaintResult['painted'] = [];
  let target: PaintTarget | null = null;
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
      paintOccluder(target, face, kind, rng, options.bank);
      painted.push({ face: index, kind });
    }
  });
  return { image: (target as PaintTarget | null)?.image ?? image, mask, painted };
}
