/** What painters of occluders share: places on the face, shadows and lit surfaces. */
import { faceU, faceV, lightUp, toPixel, type FaceFrame, type FaceLight } from './frame.js';
import {
  fillPolygon,
  smoothPolygon,
  type PaintTarget,
  type Polygon,
  type Shader,
} from './raster.js';
import type { Texture } from './textures.js';
import { uniform, type Rng } from '../rng.js';

/** What an occluder is painted with. */
export interface PaintContext {
  target: PaintTarget;
  frame: FaceFrame;
  light: FaceLight;
  rng: Rng;
}

/** Blur passes for edges: photographs of large faces are not pixel-sharp. */
export const softness = (frame: FaceFrame): number => (frame.hh > 50 ? 1 : 0);

/** Control points in face coordinates, each moved a little, as a smooth polygon in pixels. */
export function facePolygon(
  ctx: PaintContext,
  points: readonly (readonly [number, number])[],
  jitter: number,
): Polygon {
  const { rng, frame } = ctx;
  return smoothPolygon(
    points.map(([u, v]) =>
      toPixel(frame, u + uniform(rng, -jitter, jitter), v + uniform(rng, -jitter, jitter)),
    ),
  );
}

/** A soft dark rim around a shape, so that it seems to lie on the face. */
export function castShadow(ctx: PaintContext, polygon: Polygon, strength: number): void {
  const { frame, target } = ctx;
  if (frame.hh < 14) return;
  const shift = 0.035 * frame.hh;
  const moved = polygon.map((value, i) => value + (i % 2 === 1 ? shift : 0));
  const dark: Shader = (_x, _y, out) => {
    out.fill(25);
    return 1;
  };
  const soften = Math.min(4, Math.ceil(frame.hh / 30));
  fillPolygon(target, moved, dark, { opacity: strength, soften, marks: false });
}

/** A texture on the face, lit; `relief` gives the brightness of the surface at (u, v). */
export function lit(
  ctx: PaintContext,
  texture: Texture,
  relief: (u: number, v: number) => number,
): Shader {
  const { frame, light } = ctx;
  return (x, y, out) => {
    const u = faceU(frame, x, y);
    const v = faceV(frame, x, y);
    texture(u, v, out);
    lightUp(light, u, x, y, relief(u, v), out);
    return 1;
  };
}
