/**
 * Real objects cut out of portraits along their occlusion masks, to be pasted over other faces at
 * the same place of the face (hair on the forehead, glasses on the eyes, masks on the mouth).
 */
import { faceU, grainAt, toPixel, type FaceFrame, type FaceLight } from './frame.js';
import { blurAlpha, composite, type PaintTarget, type Shader } from './raster.js';
import { chance, pick, uniform, type Rng } from '../rng.js';
import { boxHeight, boxWidth, type Box, type DecodedImage } from '../sample.js';

/** RGB and soft alpha of one object; `u0..v1` is its extent in face coordinates (-1..1 = box). */
export interface Cutout {
  width: number;
  height: number;
  rgb: Uint8Array;
  /** 0..255. */
  alpha: Uint8Array;
  u0: number;
  v0: number;
  u1: number;
  v1: number;
  /** Mean luma of the face it was cut from, for matching the light. */
  faceLuma: number;
}

/** One that was cut from a face, or with it. */
export interface FaceCutout extends Cutout {
  /** Width of the face's box over its height. */
  faceAspect: number;
}

/** What is cut out. */
export interface CutoutOptions {
  /** Longest side of the stored object, px. Default 160. */
  maxSide?: number;
  /** The object is the face itself, whose light is that of the masked part of the box; else of the rest. Default no. */
  isFace?: boolean;
}

/** The extent of the masked pixels (x1 < 0: none), and the mean luma of the face: of the box beside them or of them. */
function surveyOf(
  { width, height, data }: DecodedImage,
  mask: Uint8Array,
  box: Box,
  isFace: boolean,
): { x0: number; y0: number; x1: number; y1: number; faceLuma: number } {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  let luma = 0;
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (mask[at] === 1) {
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
      if ((mask[at] === 1) !== isFace) continue;
      if (x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]) {
        luma += 0.299 * data[3 * at]! + 0.587 * data[3 * at + 1]!;
        luma += 0.114 * data[3 * at + 2]!;
        count++;
      }
    }
  }
  return { x0, y0, x1, y1, faceLuma: luma / Math.max(1, count) };
}

/** w x h blocks of k x k pixels from (left, top) on, averaged: colours, and the masked share of each. */
function shrunk(
  { width, data }: DecodedImage,
  mask: Uint8Array,
  { left, top, w, h, k }: Record<'left' | 'top' | 'w' | 'h' | 'k', number>,
): { rgb: Uint8Array; soft: Float32Array } {
  const rgb = new Uint8Array(3 * w * h);
  const soft = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sums = [0, 0, 0, 0];
      for (let j = 0; j < k; j++) {
        for (let i = 0; i < k; i++) {
          const at = (top + y * k + j) * width + left + x * k + i;
          sums[3]! += mask[at] as number;
          for (let c = 0; c < 3; c++) sums[c]! += data[3 * at + c] as number;
        }
      }
      for (let c = 0; c < 3; c++) rgb[3 * (y * w + x) + c] = (sums[c] as number) / (k * k);
      soft[y * w + x] = (sums[3] as number) / (k * k);
    }
  }
  return { rgb, soft };
}

export class CutoutBank {
  readonly cutouts: FaceCutout[] = [];

  /** Cuts the objects of one portrait; all its parts together are one cutout. */
  add(
    image: DecodedImage,
    mask: Uint8Array,
    box: Box,
    { maxSide = 160, isFace = false }: CutoutOptions = {},
  ): void {
    const { x0, y0, x1, y1, faceLuma } = surveyOf(image, mask, box, isFace);
    // Objects under 3 % of the box in a direction are label noise.
    if (x1 - x0 < 0.06 * boxWidth(box) || y1 - y0 < 0.03 * boxHeight(box)) return;
    const margin = 2;
    const left = Math.max(0, x0 - margin);
    const top = Math.max(0, y0 - margin);
    const right = Math.min(image.width - 1, x1 + margin);
    const bottom = Math.min(image.height - 1, y1 + margin);
    const k = Math.max(1, Math.ceil(Math.max(right - left + 1, bottom - top + 1) / maxSide));
    const w = Math.floor((right - left + 1) / k);
    const h = Math.floor((bottom - top + 1) / k);
    const { rgb, soft } = shrunk(image, mask, { left, top, w, h, k });
    blurAlpha(soft, w, h);
    const cx = (box[0] + box[2] + 1) / 2;
    const cy = (box[1] + box[3] + 1) / 2;
    this.cutouts.push({
      width: w,
      height: h,
      rgb,
      alpha: Uint8Array.from(soft, (a) => Math.round(255 * a)),
      u0: (left - cx) / (boxWidth(box) / 2),
      v0: (top - cy) / (boxHeight(box) / 2),
      u1: (left + k * w - cx) / (boxWidth(box) / 2),
      v1: (top + k * h - cy) / (boxHeight(box) / 2),
      faceLuma,
      faceAspect: boxWidth(box) / boxHeight(box),
    });
  }

  /** Pastes one object at random over the face: mirrored, turned, scaled, re-coloured, re-lit. */
  paint(target: PaintTarget, frame: FaceFrame, light: FaceLight, rng: Rng): void {
    // Most portraits only have a lock of hair: of two draws the larger object is usually taken.
    const [first, second] = [pick(rng, this.cutouts), pick(rng, this.cutouts)];
    const isLarger = second.width * second.height > first.width * first.height;
    const cutout = chance(rng, 0.75) === isLarger ? second : first;
    const isMirrored = chance(rng, 0.5);
    const scale = Math.exp(uniform(rng, -0.12, 0.18));
    const angle = uniform(rng, -0.15, 0.15);
    const du = uniform(rng, -0.1, 0.1);
    const dv = uniform(rng, -0.08, 0.08);
    const isRecoloured = chance(rng, 0.5);
    const order = isRecoloured
      ? pick(rng, [
          [0, 1, 2],
          [2, 1, 0],
          [1, 0, 2],
          [1, 1, 1],
          [0, 2, 1],
        ])
      : [0, 1, 2];
    const tint = [0, 1, 2].map(() => (isRecoloured ? uniform(rng, 0.7, 1.2) : 1));
    const gain = gainFor(cutout, light) * uniform(rng, 0.8, 1.2);
    const turned: FaceFrame = {
      ...frame,
      hw: frame.hw * scale,
      hh: frame.hh * scale,
      cos: frame.cos * Math.cos(angle) - frame.sin * Math.sin(angle),
      sin: frame.sin * Math.cos(angle) + frame.cos * Math.sin(angle),
      yaw: 0,
    };
    const u0 = (isMirrored ? -cutout.u1 : cutout.u0) + du;
    const u1 = (isMirrored ? -cutout.u0 : cutout.u1) + du;
    const place = { frame: turned, u0, v0: cutout.v0 + dv, u1, v1: cutout.v1 + dv, isMirrored };
    pasteCutout(target, cutout, place, { order, tint, gain, opacity: 1 }, { frame, light });
  }
}

/** Brightness that brings a cutout half of the way to the light of a face. */
export function gainFor({ faceLuma }: Cutout, { skin }: FaceLight): number {
  const skinLuma = 0.299 * skin[0] + 0.587 * skin[1] + 0.114 * skin[2];
  return Math.sqrt(Math.min(1.5, Math.max(0.4, skinLuma / Math.max(20, faceLuma))));
}

/** Where a cutout goes: its rectangle in the coordinates of a frame. */
export interface CutoutPlace {
  frame: FaceFrame;
  u0: number;
  v0: number;
  u1: number;
  v1: number;
  isMirrored: boolean;
}

/** What becomes of its colours. */
export interface CutoutLook {
  /** Source channel of each channel. */
  order: readonly number[];
  tint: readonly number[];
  gain: number;
  /** 0..1. */
  opacity: number;
}

/** Blends a cutout into the picture, turned, scaled and lit like the face. */
// eslint-disable-next-line max-lines-per-function -- the geometry, and the loop over the pixels that it is for
export function pasteCutout(
  target: PaintTarget,
  cutout: Cutout,
  { frame: turned, u0, v0, u1, v1, isMirrored }: CutoutPlace,
  { order, tint, gain, opacity }: CutoutLook,
  { frame, light }: { frame: FaceFrame; light: FaceLight },
): void {
  const corners = [
    toPixel(turned, u0, v0),
    toPixel(turned, u1, v0),
    toPixel(turned, u1, v1),
    toPixel(turned, u0, v1),
  ];
  const xs = corners.map((p) => p[0]);
  const ys = corners.map((p) => p[1]);
  const left = Math.max(0, Math.floor(Math.min(...xs)));
  const top = Math.max(0, Math.floor(Math.min(...ys)));
  const w = Math.min(target.image.width, Math.ceil(Math.max(...xs))) - left;
  const h = Math.min(target.image.height, Math.ceil(Math.max(...ys))) - top;
  if (!(w > 0 && h > 0)) return;
  const { width, height, rgb, alpha } = cutout;
  // Minified objects are averaged over a few taps so that thin parts stay whole.
  const minify = width / Math.max(1, (u1 - u0) * turned.hw);
  const taps = Math.min(4, Math.max(1, Math.round(minify)));
  const cosX = (turned.cos / turned.hw / (u1 - u0)) * width * (isMirrored ? -1 : 1);
  const cosY = (turned.sin / turned.hw / (u1 - u0)) * width * (isMirrored ? -1 : 1);
  const sinX = (-turned.sin / turned.hh / (cutout.v1 - cutout.v0)) * height;
  const sinY = (turned.cos / turned.hh / (cutout.v1 - cutout.v0)) * height;
  const [ox, oy] = isMirrored ? (corners[1] as [number, number]) : (corners[0] as [number, number]);
  const shader: Shader = (x, y, out) => {
    let a = 0;
    let r = 0;
    let g = 0;
    let b = 0;
    for (let j = 0; j < taps; j++) {
      for (let i = 0; i < taps; i++) {
        const dx = x - ox + (i + 0.5) / taps - 0.5;
        const dy = y - oy + (j + 0.5) / taps - 0.5;
        const sx = cosX * dx + cosY * dy - 0.5;
        const sy = sinX * dx + sinY * dy - 0.5;
        const ix = Math.floor(sx);
        const iy = Math.floor(sy);
        if (ix < -1 || iy < -1 || ix >= width || iy >= height) continue;
        for (let k = 0; k < 4; k++) {
          const qx = ix + (k & 1);
          const qy = iy + (k >> 1);
          if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
          const wx = k & 1 ? sx - ix : 1 - (sx - ix);
          const wy = k >> 1 ? sy - iy : 1 - (sy - iy);
          const at = qy * width + qx;
          const weight = wx * wy * (alpha[at] as number);
          a += weight;
          r += weight * (rgb[3 * at] as number);
          g += weight * (rgb[3 * at + 1] as number);
          b += weight * (rgb[3 * at + 2] as number);
        }
      }
    }
    if (a <= 0) return 0;
    const color = [r / a, g / a, b / a];
    const u = faceU(frame, x, y);
    const k = gain * (1 + 0.6 * light.slope * Math.min(1.3, Math.max(-1.3, u)));
    const grain = light.grain * grainAt(x, y);
    for (let c = 0; c < 3; c++) {
      out[c] = (color[order[c] as number] as number) * (tint[c] as number) * k + grain;
    }
    return Math.min(1, a / (255 * taps * taps));
  };
  composite(target, new Float32Array(w * h).fill(1), left, top, w, h, shader, { opacity });
}
