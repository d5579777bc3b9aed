/**
 * Two coloured lights from different sides, as in a bar, before a screen or in half a shadow: where they meet on a
 * face, colour and brightness change and nothing covers it.
 */
import type { AugmentConfig } from '../../config/augment.js';
import { pick, uniform, type Rng } from '../rng.js';
import { boxHeight, boxShortSide, boxWidth, type DecodedImage } from '../sample.js';
import type { CanvasFace } from './crop-window.js';

/** Width of the passage from one light to the other, in sides of the face that it crosses. */
const PASSAGE = [0.03, 1.2] as const;
/** Steps of the passage: each has its gains in a table. */
const LEVELS = 256;
/** Exponent between light and the values that a picture stores. */
const GAMMA = 2.2;

/**
 * Multiplies a canvas's channels in place by 2^stops of one light on one side of a line and of another beyond it,
 * with a smooth passage. The line runs through one of the faces, if there are any. What gets brighter than white stays white.
 */
export function changeLight(
  { image, faces }: { image: DecodedImage; faces: readonly CanvasFace[] },
  rng: Rng,
  { stops }: NonNullable<AugmentConfig['light']>,
): void {
  const { width, height, data } = image;
  const { x, y, side } = meetingPlace(width, height, faces, rng);
  const angle = uniform(rng, 0, 2 * Math.PI);
  const [low, high] = PASSAGE;
  const passage = side * Math.exp(uniform(rng, Math.log(low), Math.log(high)));
  const [dx, dy] = [(Math.cos(angle) * LEVELS) / passage, (Math.sin(angle) * LEVELS) / passage];
  const gains = gainTable(rng, stops);
  for (let row = 0; row < height; row++) {
    const start = LEVELS / 2 + (row + 0.5 - y) * dy;
    for (let column = 0; column < width; column++) {
      const at = Math.floor(start + (column + 0.5 - x) * dx);
      const level = 3 * (at < 0 ? 0 : at >= LEVELS ? LEVELS - 1 : at);
      const p = 3 * (row * width + column);
      for (let c = 0; c < 3; c++) {
        const value = data[p + c]! * gains[level + c]! + 0.5;
        data[p + c] = value > 255 ? 255 : value;
      }
    }
  }
}

/** A point of the line, and the size that its passage is measured in. */
function meetingPlace(
  width: number,
  height: number,
  faces: readonly CanvasFace[],
  rng: Rng,
): { x: number; y: number; side: number } {
  const [u, v] = [uniform(rng, 0, 1), uniform(rng, 0, 1)];
  if (faces.length === 0) return { x: u * width, y: v * height, side: Math.min(width, height) / 2 };
  const { box } = pick(rng, faces);
  return {
    x: box[0] + u * boxWidth(box),
    y: box[1] + v * boxHeight(box),
    side: boxShortSide(box),
  };
}

/** Gains of stored values, [LEVELS, 3]: from one light's to the other's along a smooth step. */
function gainTable(rng: Rng, stops: number): Float32Array {
  const light = (): number[] => [0, 1, 2].map(() => uniform(rng, -stops, stops));
  const [one, other] = [light(), light()];
  return Float32Array.from({ length: 3 * LEVELS }, (_, i) => {
    const t = (Math.floor(i / 3) + 0.5) / LEVELS;
    const share = t * t * (3 - 2 * t);
    const c = i % 3;
    return 2 ** ((one[c]! + share * (other[c]! - one[c]!)) / GAMMA);
  });
}
