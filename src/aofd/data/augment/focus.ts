/** What a lens out of focus or a hand that moved makes of a photograph. */
import type { AugmentConfig } from '../../config/augment.js';
import { boxShortSide, type DecodedImage } from '../sample.js';
import { uniform, type Rng } from '../rng.js';
import type { CanvasFace } from './crop-window.js';

/** Faces whose shorter side is below this many standard deviations of the blur are ignored. */
const MIN_SIGMAS = 5;
/** Passes of a box filter: a tent, which ends as the disc of a lens does, where a Gaussian has tails. */
const PASSES = 2;

/** Blurs a canvas in place, along one axis more than along the other; boxes and labels stay. */
export function loseFocus(
  canvas: { image: DecodedImage; faces: CanvasFace[] },
  rng: Rng,
  { sigma: [low, high] }: NonNullable<AugmentConfig['defocus']>,
): void {
  const sigma = Math.exp(uniform(rng, Math.log(low), Math.log(high)));
  const stretch = Math.exp(uniform(rng, -0.5, 0.5));
  tentBlur(canvas.image, sigma * stretch, sigma / stretch);
  for (const face of canvas.faces) {
    if (boxShortSide(face.box) < MIN_SIGMAS * sigma) face.ignore = true;
  }
}

/** Blur in place with standard deviations in pixels along x and y, edges clamped. */
export function tentBlur(image: DecodedImage, sigmaX: number, sigmaY: number): void {
  const { width, height, data } = image;
  const line = new Float32Array(Math.max(width, height));
  const next = new Float32Array(line.length);
  const filter = (start: number, step: number, count: number, radius: number): void => {
    for (let i = 0, at = start; i < count; i++, at += step) line[i] = data[at]!;
    for (let pass = 0; pass < PASSES; pass++) boxFilter(line, next, count, radius);
    for (let i = 0, at = start; i < count; i++, at += step) data[at] = line[i]! + 0.5;
  };
  const [radiusX, radiusY] = [boxRadius(sigmaX), boxRadius(sigmaY)];
  for (let y = 0; y < height; y++) {
    for (let c = 0; c < 3; c++) filter(3 * y * width + c, 3, width, radiusX);
  }
  for (let x = 0; x < 3 * width; x++) filter(x, 3 * width, height, radiusY);
}

/**
 * Half width of a box filter with 1/PASSES of the variance sigma^2. Its outermost two values count by the
 * fraction p after the whole w, which makes its variance (2 (1^2 + ... + w^2) + 2 p (w + 1)^2) / (2 w + 1 + 2 p).
 */
function boxRadius(sigma: number): number {
  const variance = (sigma * sigma) / PASSES;
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const squares = (whole * (whole + 1) * (2 * whole + 1)) / 3;
  const rest = variance * (2 * whole + 1) - squares;
  return whole + rest / (2 * ((whole + 1) ** 2 - variance));
}

/**
 * Mean of the values within `radius`, the two outermost by the fraction that is inside; `line` is replaced,
 * `next` is scratch. One running sum, so the cost does not depend on the radius.
 */
function boxFilter(line: Float32Array, next: Float32Array, count: number, radius: number): void {
  const whole = Math.floor(radius);
  const part = radius - whole;
  const scale = 1 / (2 * radius + 1);
  const last = count - 1;
  const at = (i: number): number => line[i < 0 ? 0 : i > last ? last : i]!;
  let sum = 0;
  for (let i = -whole; i <= whole; i++) sum += at(i);
  for (let i = 0; i < count; i++) {
    next[i] = (sum + part * (at(i - whole - 1) + at(i + whole + 1))) * scale;
    sum += at(i + whole + 1) - at(i - whole);
  }
  line.set(next.subarray(0, count));
}
