/** Painted things that are worn: medical masks, scarves, sunglasses, hats and hair fringes. */
import { faceU, faceV, lightUp, toPixel } from './frame.js';
import { castShadow, facePolygon, lit, softness, type PaintContext } from './painting.js';
import { capsule, fillPolygon, smoothPolygon, type Polygon, type Shader } from './raster.js';
import {
  anyTexture,
  near,
  patterned,
  plain,
  randomColor,
  randomSeed,
  rough,
  valueNoise,
  type Rgb,
} from './textures.js';
import { chance, pick, uniform } from '../rng.js';

const MASK_COLORS: readonly Rgb[] = [
  [150, 195, 222],
  [120, 175, 215],
  [168, 208, 226],
  [238, 240, 242],
  [245, 245, 240],
  [32, 33, 36],
  [50, 52, 60],
  [235, 178, 190],
  [140, 190, 165],
  [120, 122, 128],
  [45, 60, 110],
  [150, 40, 45],
  [205, 190, 165],
];

/** Surgical mask (pleats), cloth mask (pattern) or cup mask (seam), with ear straps. */
// eslint-disable-next-line max-lines-per-function -- one drawing from back to front; its random numbers are drawn in this order
export function paintMedicalMask(ctx: PaintContext): void {
  const { rng, frame, target } = ctx;
  const kind = pick(rng, ['surgical', 'surgical', 'cloth', 'cup'] as const);
  const base = near(rng, pick(rng, MASK_COLORS), 14);
  const hasPattern = chance(rng, kind === 'cloth' ? 0.5 : 0.06);
  const texture = hasPattern ? patterned(rng, base) : plain(rng, base);
  // Now and then worn under the nose.
  const drop = chance(rng, 0.12) ? uniform(rng, 0.2, 0.4) : uniform(rng, -0.08, 0.08);
  const side = uniform(rng, 0.78, 0.98);
  const chin = uniform(rng, 0.95, 1.15);
  const peak = (kind === 'cup' ? -0.12 : -0.02) + drop;
  const points: [number, number][] = [
    [-side, 0.22 + drop],
    [-0.45, 0.06 + drop],
    [0, peak],
    [0.45, 0.06 + drop],
    [side, 0.22 + drop],
    [side * 0.98, 0.55 + 0.5 * drop],
    [0.68, 0.86],
    [0.36, chin - 0.03],
    [0, chin],
    [-0.36, chin - 0.03],
    [-0.68, 0.86],
    [-side * 0.98, 0.55 + 0.5 * drop],
  ];
  const strapColor = chance(rng, 0.7) ? ([228, 230, 232] as Rgb) : base;
  const strap = lit(ctx, plain(rng, strapColor), () => 0.95);
  const radius = Math.max(0.4, 0.022 * frame.hw);
  const reach = uniform(rng, 1.0, 1.12);
  const ear = uniform(rng, -0.1, 0.12);
  for (const s of [-1, 1]) {
    for (const [v0, v1] of [
      [0.26 + drop, ear],
      [0.62, ear + 0.22],
    ] as const) {
      const [ax, ay] = toPixel(frame, s * (side - 0.04), v0);
      const [bx, by] = toPixel(frame, s * reach, v1);
      fillPolygon(target, capsule(ax, ay, bx, by, radius, radius), strap, { opacity: 0.9 });
    }
  }
  const polygon = facePolygon(ctx, points, 0.035);
  castShadow(ctx, polygon, 0.35);
  const folds = pick(rng, [3, 3, 4]);
  const depth = uniform(rng, 0.06, 0.2);
  const bend = uniform(rng, -0.1, 0.25);
  const wrinkle = valueNoise(randomSeed(rng));
  const round = uniform(rng, 0.15, 0.4);
  const relief = (u: number, v: number): number => {
    const c = u - frame.yaw * 0.45 * (1 - u * u);
    let k = 1.06 - round * c * c - 0.1 * (v - 0.4);
    k *= 1 + 0.14 * (wrinkle(2.5 * c + 7, 3.5 * v) - 0.5);
    if (kind === 'surgical') {
      const phase = ((v - drop - 0.1 + bend * c * c) * folds) / 0.85;
      const f = phase - Math.floor(phase);
      if (phase > 0.4 && phase < folds + 0.4) k *= 1 - depth * Math.exp(-f * 9) + depth * 0.25 * f;
    } else if (kind === 'cup') {
      k *= 1 - 0.25 * Math.exp(-((c / 0.03) ** 2)) + 0.12 * Math.exp(-(((c - 0.1) / 0.1) ** 2));
    }
    return k;
  };
  fillPolygon(target, polygon, lit(ctx, texture, relief), { soften: softness(frame) });
  if (kind === 'surgical' && frame.hh > 20) {
    // Nose wire and hem: a slightly brighter band along the upper edge.
    const hem = lit(ctx, plain(rng, base), (_u, v) => 1.05 + 0.02 * v);
    for (const [u0, u1] of [
      [-side + 0.06, 0],
      [0, side - 0.06],
    ] as const) {
      const rim = (u: number): number => 0.07 + drop + (u === 0 ? peak - drop : 0.22);
      const [ax, ay] = toPixel(frame, u0, rim(u0));
      const [bx, by] = toPixel(frame, u1, rim(u1));
      const r = 0.02 * frame.hh;
      fillPolygon(target, capsule(ax, ay, bx, by, r, r), hem, { opacity: 0.35, marks: false });
    }
  }
}

/** Cloth wrapped around the lower face and neck; sometimes up to the eyes (niqab, balaclava). */
export function paintScarf(ctx: PaintContext): void {
  const { rng, frame, target } = ctx;
  const top = chance(rng, 0.3) ? uniform(rng, -0.1, 0.1) : uniform(rng, 0.1, 0.5);
  const tilt = uniform(rng, -0.12, 0.12);
  const wide = uniform(rng, 1.05, 1.3);
  const points: [number, number][] = [
    [-wide, top - 0.08 - tilt],
    [-0.5, top + 0.04 - tilt / 2],
    [0, top + uniform(rng, -0.06, 0.1)],
    [0.5, top + 0.04 + tilt / 2],
    [wide, top - 0.08 + tilt],
    [wide * 1.05, 0.8],
    [wide, uniform(rng, 1.25, 1.6)],
    [0, uniform(rng, 1.35, 1.75)],
    [-wide, uniform(rng, 1.25, 1.6)],
    [-wide * 1.05, 0.8],
  ];
  const base = chance(rng, 0.4)
    ? randomColor(rng, [0, 0.15], [0.08, 0.95])
    : randomColor(rng, [0.2, 0.8], [0.2, 0.9]);
  const texture = pick(rng, [plain, patterned, rough])(rng, base);
  const polygon = facePolygon(ctx, points, 0.06);
  castShadow(ctx, polygon, 0.45);
  const noise = valueNoise(randomSeed(rng));
  const angle = uniform(rng, -0.5, 0.5);
  const rate = uniform(rng, 2.5, 6);
  const depth = uniform(rng, 0.15, 0.35);
  const relief = (u: number, v: number): number => {
    const along = v + angle * u + 0.35 * noise(1.4 * u + 3, 1.4 * v);
    const wave = Math.sin(Math.PI * rate * along);
    return 0.98 + depth * wave * (0.4 + 0.6 * noise(2 * u, 2 * v + 5)) - 0.15 * u * u;
  };
  fillPolygon(target, polygon, lit(ctx, texture, relief), { soften: softness(frame) });
}

/** Dark, tinted or mirrored glasses with frame, bridge and temples. */
// eslint-disable-next-line max-lines-per-function -- one drawing from back to front; its random numbers are drawn in this order
export function paintSunglasses(ctx: PaintContext): void {
  const { rng, frame, light, target } = ctx;
  const v0 = uniform(rng, -0.3, -0.12);
  const halfW = uniform(rng, 0.3, 0.42);
  const halfH = uniform(rng, 0.17, 0.3);
  const gap = uniform(rng, 0.05, 0.11);
  const isRound = chance(rng, 0.3);
  const isDark = chance(rng, 0.75);
  const tint = isDark
    ? near(
        rng,
        pick(rng, [
          [22, 22, 26],
          [45, 30, 20],
          [30, 38, 34],
        ] as Rgb[]),
        8,
      )
    : randomColor(rng, [0.3, 0.9], [0.2, 0.9]);
  const opacity = uniform(rng, 0.78, 1);
  const rim = chance(rng, 0.5)
    ? near(rng, [25, 22, 22], 12)
    : randomColor(rng, [0.1, 0.8], [0.1, 0.9]);
  const rimShader = lit(ctx, plain(rng, rim), () => 1);
  const bar = (ua: number, va: number, ub: number, vb: number, size: number): void => {
    const [ax, ay] = toPixel(frame, ua, va);
    const [bx, by] = toPixel(frame, ub, vb);
    const r = Math.max(0.45, size * frame.hw);
    fillPolygon(target, capsule(ax, ay, bx, by, r, r), rimShader);
  };
  const outline = (side: number, grow: number): [number, number][] => {
    const c = side * (gap + halfW);
    const w = halfW + grow;
    const h = halfH + grow;
    if (isRound) {
      return Array.from({ length: 8 }, (_, i) => {
        const t = (i * Math.PI) / 4;
        return [c + w * Math.cos(t) * 0.92, v0 + h * Math.sin(t)];
      });
    }
    // Wider at the top, cut towards the nose (aviator or wayfarer).
    const inner = -side;
    return [
      [c + inner * w, v0 - h * 0.75],
      [c, v0 - h],
      [c - inner * w, v0 - h * 0.85],
      [c - inner * w * 0.95, v0 + h * 0.3],
      [c - inner * w * 0.4, v0 + h],
      [c + inner * w * 0.45, v0 + h * 0.9],
      [c + inner * w * 0.95, v0 + h * 0.1],
    ];
  };
  bar(-gap - 0.06, v0 - halfH * 0.45, gap + 0.06, v0 - halfH * 0.45, 0.025);
  for (const s of [-1, 1]) {
    const end = gap + 2 * halfW;
    bar(s * (end - 0.05), v0 - halfH * 0.5, s * Math.max(1, end + 0.05), v0 - halfH * 0.6, 0.03);
  }
  const noise = valueNoise(randomSeed(rng));
  const sky = isDark ? uniform(rng, 0, 50) : uniform(rng, 40, 140);
  const fade = uniform(rng, 0, 0.5);
  const glass: Shader = (x, y, out) => {
    const u = faceU(frame, x, y);
    const v = faceV(frame, x, y);
    const up = Math.min(1, Math.max(0, (v0 + halfH - v) / (2 * halfH)));
    const mirror = sky * up * up + 0.6 * sky * (noise(3 * u, 4 * v) - 0.4);
    for (let c = 0; c < 3; c++) out[c] = (tint[c] as number) + mirror;
    lightUp(light, u, x, y, 1, out);
    return 1 - fade * 0.45 * (1 - up);
  };
  const isRimmed = chance(rng, 0.75);
  const thickness = uniform(rng, 0.02, 0.06);
  for (const s of [-1, 1]) {
    const turn = (points: [number, number][]): Polygon =>
      smoothPolygon(points.map(([u, v]) => toPixel(frame, u, v)));
    castShadow(ctx, turn(outline(s, 0.03)), 0.2);
    if (isRimmed) fillPolygon(target, turn(outline(s, thickness)), rimShader);
    fillPolygon(target, turn(outline(s, 0)), glass, { opacity });
  }
}

/** Cap, beanie, hood or helmet rim down over the forehead. */
export function paintHat(ctx: PaintContext): void {
  const { rng, frame, target } = ctx;
  const brim = uniform(rng, -0.72, -0.35);
  const wide = uniform(rng, 1.08, 1.3);
  const top = uniform(rng, -1.9, -1.45);
  const base = chance(rng, 0.5)
    ? randomColor(rng, [0, 0.2], [0.05, 0.95])
    : randomColor(rng, [0.3, 0.9], [0.2, 0.95]);
  const texture = pick(rng, [plain, plain, patterned, rough])(rng, base);
  const points: [number, number][] = [
    [-wide, brim - 0.05],
    [-0.5, brim],
    [0, brim - uniform(rng, -0.04, 0.08)],
    [0.5, brim],
    [wide, brim - 0.05],
    [wide * 0.98, brim - 0.45],
    [0.65, top + 0.15],
    [0, top],
    [-0.65, top + 0.15],
    [-wide * 0.98, brim - 0.45],
  ];
  const polygon = facePolygon(ctx, points, 0.03);
  castShadow(ctx, polygon, 0.5);
  const noise = valueNoise(randomSeed(rng));
  const ribs = chance(rng, 0.4) ? uniform(rng, 12, 30) : 0;
  const relief = (u: number, v: number): number => {
    const band = v > brim - 0.3 ? 0.92 : 1;
    const rib = ribs > 0 ? 1 + 0.12 * Math.sin(ribs * u) : 1;
    return band * rib * (1.05 - 0.25 * u * u) * (1 + 0.15 * (noise(3 * u, 3 * v) - 0.5));
  };
  fillPolygon(target, polygon, lit(ctx, texture, relief), { soften: softness(frame) });
  if (!chance(rng, 0.45)) return;
  // Visor: a flat crescent towards one side.
  const turn = uniform(rng, -0.35, 0.35);
  const low = brim + uniform(rng, 0.12, 0.32);
  const visor = facePolygon(
    ctx,
    [
      [-0.85 + turn, brim - 0.1],
      [turn, brim - 0.05],
      [0.85 + turn, brim - 0.1],
      [0.8 + turn, brim + 0.06],
      [turn, low],
      [-0.8 + turn, brim + 0.06],
    ],
    0.02,
  );
  castShadow(ctx, visor, 0.5);
  const visorTexture = chance(rng, 0.6) ? texture : anyTexture(rng);
  fillPolygon(
    target,
    visor,
    lit(ctx, visorTexture, (_u, v) => 0.75 + 0.5 * (v - brim)),
    {
      soften: softness(frame),
    },
  );
}

const HAIR_COLORS: readonly Rgb[] = [
  [28, 22, 20],
  [45, 32, 25],
  [72, 48, 32],
  [105, 72, 45],
  [165, 125, 78],
  [200, 170, 120],
  [150, 148, 146],
  [125, 52, 30],
];

/** Hair falling over the forehead or one side of the face. */
export function paintFringe(ctx: PaintContext): void {
  const { rng, frame, light, target } = ctx;
  const color = near(rng, pick(rng, HAIR_COLORS), 10);
  const isSide = chance(rng, 0.4);
  const side = chance(rng, 0.5) ? 1 : -1;
  const lowest = isSide ? uniform(rng, 0.1, 1) : uniform(rng, -0.45, -0.05);
  const teeth = 7 + Math.floor(uniform(rng, 0, 9));
  const points: [number, number][] = [];
  const from = isSide ? uniform(rng, -0.3, 0.3) : -1.08;
  for (let i = 0; i <= 2 * teeth; i++) {
    const u = from + ((1.1 - from) * i) / (2 * teeth);
    const share = (u - from) / (1.1 - from);
    const base = isSide ? -0.75 + (lowest + 0.75) * share ** 1.5 : lowest - 0.18 * (1 - u * u);
    const tip = i % 2 === 1 ? uniform(rng, 0, 0.16) : -uniform(rng, 0.02, 0.14);
    points.push([side * u, base + tip]);
  }
  const top = uniform(rng, -1.5, -1.2);
  points.push([side * 1.15, Math.min(0, lowest - 0.3)], [side * 1.1, -1], [side * 0.6, top]);
  points.push([0, top - 0.05], [side * -0.6, top], [side * -1.1, isSide ? -1.1 : -1]);
  if (isSide) points.push([side * from, -0.95]);
  const polygon = smoothPolygon(
    points.map(([u, v]) => toPixel(frame, u, v)),
    4,
  );
  castShadow(ctx, polygon, 0.35);
  const noise = valueNoise(randomSeed(rng));
  const lean = uniform(rng, -0.4, 0.4);
  const rate = uniform(rng, 14, 34);
  const gloss = uniform(rng, 0.1, 0.5);
  const band = uniform(rng, -1, -0.4);
  const hair: Shader = (x, y, out) => {
    const u = faceU(frame, x, y);
    const v = faceV(frame, x, y);
    const strand = rate * (u + lean * v * (isSide ? 1 : 0.4));
    const n = 0.6 * noise(strand, 1.5 * v) + 0.4 * noise(2.7 * strand, 2 * v + 3);
    const k = 0.55 + 0.9 * n + gloss * n * Math.exp(-(((v - band) / 0.22) ** 2));
    for (let c = 0; c < 3; c++) out[c] = (color[c] as number) * k;
    lightUp(light, u, x, y, 1, out);
    return 1;
  };
  fillPolygon(target, polygon, hair, { soften: softness(frame) });
}
