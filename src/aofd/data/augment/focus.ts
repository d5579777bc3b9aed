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
  let plane = Float32Array.from(data);
  let next = new Float32Array(data.length);
  const along = (steps: { count: number; step: number }, radius: number): void => {
    for (let pass = 0; pass < PASSES; pass++) {
      boxFilter(plane, next, steps, radius);
      [plane, next] = [next, plane];
    }
  };
  along({ count: width, step: 3 }, boxRadius(sigmaX));
  along({ count: height, step: 3 * width }, boxRadius(sigmaY));
  for (let i = 0; i < data.length; i++) data[i] = plane[i]! + 0.5;
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
 * Mean of the values within `radius` along lines of `count` values `step` apart, the two outermost by the fraction
 * that is inside. The `step` lines of a block lie side by side and are filtered together, each with a running sum, so
 * that the cost does not depend on the radius and columns are read row by row.
 */
function boxFilter(
  from: Float32Array,
  to: Float32Array,
  { count, step }: { count: number; step: number },
  radius: number,
): void {
  const whole = Math.floor(radius);
  const part = radius - whole;
  const scale = 1 / (2 * radius + 1);
  const sums = new Float32Array(step);
  for (let block = 0; block < from.length; block += count * step) {
    const rowAt = (i: number): number => block + step * Math.min(count - 1, Math.max(0, i));
    sums.fill(0);
    for (let i = -whole; i <= whole; i++) {
      for (let c = 0, row = rowAt(i); c < step; c++) sums[c]! += from[row + c]!;
    }
    for (let i = 0; i < count; i++) {
      const out = block + step * i;
      const [first, before, after] = [rowAt(i - whole), rowAt(i - whole - 1), rowAt(i + whole + 1)];
      for (let c = 0; c < step; c++) {
        const [sum, entering] = [sums[c]!, from[after + c]!];
        to[out + c] = (sum + part * (from[before + c]! + entering)) * scale;
        sums[c] = sum + entering - from[first + c]!;
      }
    }
  }
}
