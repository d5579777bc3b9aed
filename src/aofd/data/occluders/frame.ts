/** Face-local coordinates and the light on a face, as the occluder painter sees them. */
import { uniform, type Rng } from '../rng.js';
import { boxHeight, boxWidth, type Box, type DecodedImage } from '../sample.js';

/**
 * u = -1 at the left, 1 at the right edge of the box; v = -1 at its top (forehead), 1 at its bottom
 * (chin). Eyes lie at v = -0.2, the nose tip at 0.2, the mouth at 0.5. The frame is turned a
 * little, and `yaw` moves the middle of what is drawn towards one side.
 */
export interface FaceFrame {
  cx: number;
  cy: number;
  /** Half width and half height, px. */
  hw: number;
  hh: number;
  cos: number;
  sin: number;
  yaw: number;
}

/** Light estimated from the photograph inside the box. */
export interface FaceLight {
  /** Brightness of the face against a well lit one, about 0.4..1.25. */
  gain: number;
  /** Relative change of brightness from the middle to u = 1. */
  slope: number;
  /** Colour cast: factors of R, G, B about 1. */
  cast: [number, number, number];
  /** Mean colour of the middle of the face. */
  skin: [number, number, number];
  /** Amplitude of the grain added to painted pixels. */
  grain: number;
}

/** Frame of a face box with a small random turn and yaw. */
export function faceFrame(box: Box, rng: Rng): FaceFrame {
  const angle = uniform(rng, -0.14, 0.14);
  return {
    cx: (box[0] + box[2] + 1) / 2,
    cy: (box[1] + box[3] + 1) / 2,
    hw: boxWidth(box) / 2,
    hh: boxHeight(box) / 2,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    yaw: uniform(rng, -0.35, 0.35),
  };
}

/** Pixel position of face coordinates. */
export function toPixel(f: FaceFrame, u: number, v: number): [number, number] {
  const bend = Math.max(0, 1 - u * u) * f.yaw * 0.45;
  const x = (u + bend) * f.hw;
  const y = v * f.hh;
  return [f.cx + f.cos * x - f.sin * y, f.cy + f.sin * x + f.cos * y];
}

export const faceU = (f: FaceFrame, x: number, y: number): number =>
  (f.cos * (x - f.cx) + f.sin * (y - f.cy)) / f.hw;
export const faceV = (f: FaceFrame, x: number, y: number): number =>
  (f.cos * (y - f.cy) - f.sin * (x - f.cx)) / f.hh;

/** Measures the light on a grid of at most 17 x 17 pixels inside the box. */
export function faceLight(image: DecodedImage, box: Box, rng: Rng): FaceLight {
  const sum = [0, 0, 0];
  const middle = [0, 0, 0];
  let n = 0;
  let middleCount = 0;
  let leftLuma = 0;
  let rightLuma = 0;
  for (let i = 0; i <= 16; i++) {
    for (let j = 0; j <= 16; j++) {
      const x = Math.round(box[0] + ((box[2] - box[0]) * i) / 16);
      const y = Math.round(box[1] + ((box[3] - box[1]) * j) / 16);
      if (x < 0 || y < 0 || x >= image.width || y >= image.height) continue;
      const at = 3 * (y * image.width + x);
      const r = image.data[at] as number;
      const g = image.data[at + 1] as number;
      const b = image.data[at + 2] as number;
      const luma = 0.299 * r + 0.587 * g + 0.114 * b;
      sum[0]! += r;
      sum[1]! += g;
      sum[2]! += b;
      n++;
      if (i < 8) leftLuma += luma;
      if (i > 8) rightLuma += luma;
      if (i >= 4 && i <= 12 && j >= 7 && j <= 12) {
        middle[0]! += r;
        middle[1]! += g;
        middle[2]! += b;
        middleCount++;
      }
    }
  }
  const mean = sum.map((v) => v / Math.max(1, n)) as [number, number, number];
  const luma = 0.299 * mean[0] + 0.587 * mean[1] + 0.114 * mean[2];
  const skin = (middleCount > 0 ? middle.map((v) => v / middleCount) : mean) as [
    number,
    number,
    number,
  ];
  // A skin colour in neutral light is about (1.22, .95, .83) x its luma.
  const cast = mean.map((v, c) => {
    const neutral = Math.max(1, luma) * ([1.22, 0.95, 0.83][c] as number);
    return Math.min(1.15, Math.max(0.85, Math.sqrt((v + 8) / (neutral + 8))));
  }) as [number, number, number];
  const total = Math.max(1, leftLuma + rightLuma);
  return {
    gain: Math.min(1.2, Math.max(0.35, luma / 145)) * uniform(rng, 0.85, 1.15),
    slope: Math.min(0.35, Math.max(-0.35, (0.8 * (rightLuma - leftLuma)) / total)),
    cast,
    skin,
    grain: uniform(rng, 1, 5),
  };
}

/** Noise in -1..1 that depends on the pixel only. */
export function grainAt(x: number, y: number): number {
  let h = Math.imul(Math.floor(x), 0x1f123bb5) ^ Math.imul(Math.floor(y), 0x59d2f15d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 13;
  return ((h >>> 8) & 0xffff) / 32768 - 1;
}

/** Applies light and grain to a material colour in `out`. */
export function lightUp(
  light: FaceLight,
  u: number,
  x: number,
  y: number,
  material: number,
  out: Float32Array,
): void {
  const bound = u < -1.3 ? -1.3 : u > 1.3 ? 1.3 : u;
  const k = light.gain * (1 + light.slope * bound) * material;
  const grain = light.grain * grainAt(x, y);
  out[0] = (out[0] as number) * k * light.cast[0] + grain;
  out[1] = (out[1] as number) * k * light.cast[1] + grain;
  out[2] = (out[2] as number) * k * light.cast[2] + grain;
}
