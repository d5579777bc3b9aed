/** Painted things held before a face or hiding it by chance: hands, objects, blobs. */
import { faceU, lightUp, toPixel } from './frame.js';
import { castShadow, lit, softness, type PaintContext } from './painting.js';
import { capsule, fillPolygon, smoothPolygon, type Polygon, type Shader } from './raster.js';
import { anyTexture, near, randomSeed, valueNoise, type Rgb } from './textures.js';
import { chance, pick, uniform } from '../rng.js';

/**
 * A hand in the face's own skin colour: over mouth, eyes, cheek or forehead, with the forearm
 * leaving the face.
 */
// eslint-disable-next-line max-lines-per-function -- one drawing from back to front; its random numbers are drawn in this order
export function paintHand(ctx: PaintContext): void {
  const { rng, frame, light, target } = ctx;
  // Where the palm lies (face coordinates) and where the fingers point (0 = up, clockwise).
  const s = chance(rng, 0.5) ? 1 : -1;
  const place = pick(rng, [
    { u: 0.25 * s, v: 0.75, turn: -s * uniform(rng, 0.6, 1.5) },
    { u: 0.75 * s, v: 0.55, turn: -s * uniform(rng, 0.1, 0.6) },
    { u: 0.7 * s, v: -0.05, turn: -s * uniform(rng, 1.1, 1.7) },
    { u: 0.1 * s, v: 1.0, turn: uniform(rng, -0.4, 0.4) },
    { u: 0.6 * s, v: -0.6, turn: -s * uniform(rng, 0.9, 1.8) },
  ]);
  const unit = 0.62 * Math.max(frame.hw, 0.8 * frame.hh) * uniform(rng, 0.8, 1.15);
  const [px, py] = toPixel(
    frame,
    place.u + uniform(rng, -0.12, 0.12),
    place.v + uniform(rng, -0.12, 0.12),
  );
  const up = [Math.sin(place.turn), -Math.cos(place.turn)] as const;
  const right = [Math.cos(place.turn), Math.sin(place.turn)] as const;
  const mirrored = chance(rng, 0.5) ? 1 : -1;
  /** Hand coordinates: a to the thumb's other side, b towards the finger tips; palm width 1.6. */
  const at = (a: number, b: number): [number, number] => [
    px + unit * (mirrored * a * right[0] + b * up[0]),
    py + unit * (mirrored * a * right[1] + b * up[1]),
  ];
  const tone = uniform(rng, 0.88, 1.12) / Math.max(0.5, light.gain);
  const color = near(rng, light.skin, 10).map((v, c) => (v * tone) / light.cast[c]!) as Rgb;
  const noise = valueNoise(randomSeed(rng));
  const shade = (polygonAxis: [number, number, number, number], radius: number): Shader => {
    const [ax, ay, bx, by] = polygonAxis;
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const nx = -(by - ay) / length;
    const ny = (bx - ax) / length;
    return (x, y, out) => {
      const d = ((x - ax) * nx + (y - ay) * ny) / radius;
      const along = ((x - ax) * ny - (y - ay) * nx) / length;
      const joint = Math.exp(-(((along - 0.55) / 0.05) ** 2));
      const k = (1.08 - 0.3 * d * d - 0.05 * joint) * (1 + 0.1 * (noise(x / 6, y / 6) - 0.5));
      for (let c = 0; c < 3; c++) out[c] = (color[c] as number) * (c === 0 ? 1 : 0.99) * k;
      lightUp(light, faceU(frame, x, y), x, y, 1, out);
      return 1;
    };
  };
  const bar = (
    a0: number,
    b0: number,
    a1: number,
    b1: number,
    r0: number,
    r1: number,
    shadow: number,
  ): void => {
    const [ax, ay] = at(a0, b0);
    const [bx, by] = at(a1, b1);
    const polygon = capsule(ax, ay, bx, by, r0 * unit, r1 * unit);
    if (shadow > 0) castShadow(ctx, polygon, shadow);
    const shader = shade([ax, ay, bx, by], Math.max(r0, r1) * unit);
    fillPolygon(target, polygon, shader, { soften: softness(frame) });
  };
  const fan = uniform(rng, 0.02, 0.16);
  const curl = uniform(rng, 0.7, 1.05);
  if (chance(rng, 0.6)) paintSleeve(ctx, at, unit);
  else bar(0, -0.6, uniform(rng, -0.3, 0.3), -4, 0.62, 0.75, 0.25);
  const palm = smoothPolygon(
    (
      [
        [-0.78, 0.55],
        [0, 0.72],
        [0.78, 0.5],
        [0.82, -0.2],
        [0.55, -0.85],
        [-0.5, -0.85],
        [-0.82, -0.2],
      ] as [number, number][]
    ).map(([a, b]) => at(a, b)),
  );
  castShadow(ctx, palm, 0.4);
  const [ax, ay] = at(0, -0.9);
  const [bx, by] = at(0, 0.8);
  fillPolygon(target, palm, shade([ax, ay, bx, by], 1.15 * unit), { soften: softness(frame) });
  const thumb = uniform(rng, 0.35, 1.1);
  bar(-0.62, -0.35, -0.85 - 0.75 * Math.sin(thumb), 0.1 + 0.75 * Math.cos(thumb), 0.27, 0.2, 0.3);
  const lengths = [1.2, 1.4, 1.3, 1.0];
  lengths.forEach((length, i) => {
    const a = -0.6 + 0.4 * i;
    const lean = fan * (i - 1.5) + uniform(rng, -0.03, 0.03);
    const l = length * curl * uniform(rng, 0.92, 1.05);
    bar(a, 0.45, a + l * Math.sin(lean), 0.5 + l * Math.cos(lean), 0.23, 0.18, 0.3);
  });
}

function paintSleeve(
  ctx: PaintContext,
  at: (a: number, b: number) => [number, number],
  unit: number,
): void {
  const { rng, frame, target } = ctx;
  const [ax, ay] = at(0, -0.95);
  const [bx, by] = at(uniform(rng, -0.4, 0.4), -4.5);
  const polygon = capsule(ax, ay, bx, by, 0.72 * unit, 1.0 * unit);
  castShadow(ctx, polygon, 0.3);
  const noise = valueNoise(randomSeed(rng));
  const relief = (u: number, v: number): number => 0.8 + 0.4 * noise(2.5 * u, 2.5 * v);
  fillPolygon(target, polygon, lit(ctx, anyTexture(rng), relief), { soften: softness(frame) });
}

/** A box, card, cup or phone: turned rectangle or ellipse with a flat or rounded surface. */
export function paintBlock(ctx: PaintContext): void {
  const { rng, frame, target } = ctx;
  const [cx, cy] = toPixel(frame, uniform(rng, -0.9, 0.9), uniform(rng, -0.7, 0.95));
  const size = Math.sqrt(frame.hw * frame.hh);
  const w = size * uniform(rng, 0.3, 1);
  const h = size * uniform(rng, 0.3, 1);
  const angle = uniform(rng, -0.7, 0.7);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const put = (a: number, b: number): [number, number] => [
    cx + w * a * cos - h * b * sin,
    cy + w * a * sin + h * b * cos,
  ];
  const isRound = chance(rng, 0.35);
  const polygon: Polygon = isRound
    ? smoothPolygon(
        Array.from({ length: 8 }, (_, i) =>
          put(Math.cos((i * Math.PI) / 4), Math.sin((i * Math.PI) / 4)),
        ),
      )
    : [put(-1, -1), put(1, -1), put(1, 1), put(-1, 1)].flat();
  castShadow(ctx, polygon, 0.35);
  const bulge = isRound || chance(rng, 0.3) ? uniform(rng, 0.1, 0.4) : 0;
  const gradient = uniform(rng, -0.2, 0.2);
  const texture = anyTexture(rng);
  const face = lit(ctx, texture, (_u, v) => 1 + gradient * v);
  const shader: Shader = (x, y, out) => {
    face(x, y, out);
    const a = ((x - cx) * cos + (y - cy) * sin) / w;
    const k = 1 - bulge * a * a;
    for (let c = 0; c < 3; c++) out[c] = (out[c] as number) * k;
    return 1;
  };
  fillPolygon(target, polygon, shader, { soften: softness(frame) });
}

/** An irregular patch with any texture: foliage, food, a ball, somebody's shoulder. */
export function paintBlob(ctx: PaintContext): void {
  const { rng, frame, target } = ctx;
  const [cx, cy] = toPixel(frame, uniform(rng, -1, 1), uniform(rng, -0.9, 1));
  const size = Math.sqrt(frame.hw * frame.hh) * uniform(rng, 0.3, 0.85);
  const corners = 6 + Math.floor(uniform(rng, 0, 6));
  const polygon = smoothPolygon(
    Array.from({ length: corners }, (_, i) => {
      const t = (2 * Math.PI * i) / corners;
      const r = size * uniform(rng, 0.6, 1.2);
      return [cx + r * Math.cos(t), cy + r * Math.sin(t)] as [number, number];
    }),
  );
  castShadow(ctx, polygon, 0.3);
  const noise = valueNoise(randomSeed(rng));
  const depth = uniform(rng, 0, 0.5);
  const relief = (u: number, v: number): number => 1 + depth * (noise(3 * u, 3 * v) - 0.5);
  fillPolygon(target, polygon, lit(ctx, anyTexture(rng), relief), { soften: softness(frame) });
}
