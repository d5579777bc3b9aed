/** Too little or too much light, as a camera records it. */
import type { AugmentConfig } from '../../config/augment.js';
import type { DecodedImage } from '../sample.js';
import { uniform, type Rng } from '../rng.js';

/** Multiplies the light of a canvas by 2^stops, in place; what is brighter than white stays white. */
export function changeExposure(
  image: DecodedImage,
  rng: Rng,
  { stops: [low, high] }: NonNullable<AugmentConfig['exposure']>,
): void {
  const gain = 2 ** uniform(rng, low, high);
  const table = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.round(255 * fromLinear(Math.min(1, gain * toLinear(value / 255)))),
  );
  const { data } = image;
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]!]!;
}

/** sRGB's transfer curve, 0..1. */
const toLinear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const fromLinear = (v: number): number =>
  v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
