/** What a photograph taken from further away looks like once it is enlarged: detail is gone, size is not. */
import type { AugmentConfig } from '../../config/augment.js';
import { boxShortSide, type DecodedImage } from '../sample.js';
import { uniform, type Rng } from '../rng.js';
import { blur3 } from './color-jitter.js';
import type { CanvasFace } from './crop-window.js';
import { sampleWindow } from './resample.js';

/** Faces that had fewer pixels than this, shorter side, before they were enlarged again are ignored. */
const MIN_DETAIL_PX = 5;

/** Shrinks a canvas, enlarges it again and blurs it, in place; boxes and labels stay. */
export function loseResolution(
  canvas: { image: DecodedImage; faces: CanvasFace[] },
  rng: Rng,
  options: NonNullable<AugmentConfig['resolution']>,
): void {
  const [low, high] = options.factors;
  const factor = Math.exp(uniform(rng, Math.log(low), Math.log(high)));
  const { width, height } = canvas.image;
  const w = Math.max(1, Math.round(width / factor));
  const h = Math.max(1, Math.round(height / factor));
  const small: DecodedImage = { width: w, height: h, data: new Uint8Array(3 * w * h) };
  // From 1.5 on, every other pixel would be skipped: averaged first, as a lens does.
  const source = factor >= 1.5 ? { ...canvas.image, data: canvas.image.data.slice() } : null;
  if (source) blur3(source);
  const from = source ?? canvas.image;
  const whole = { left: 0, top: 0, flip: false };
  sampleWindow(from, { ...whole, width, height }, small, { x0: 0, y0: 0, x1: w, y1: h }, true);
  const tile = { x0: 0, y0: 0, x1: width, y1: height };
  sampleWindow(small, { ...whole, width: w, height: h }, canvas.image, tile, false);
  blur3(canvas.image);
  for (const face of canvas.faces) {
    if (boxShortSide(face.box) / factor < MIN_DETAIL_PX) face.ignore = true;
  }
}
