/** Colours and surface patterns of painted occluders. */
import { chance, pick, randomInt, uniform, type Rng } from '../rng.js';

export type Rgb = [number, number, number];
/** Writes the colour at (s, t); one unit is about half a face. */
export type Texture = (s: number, t: number, out: Float32Array) => void;

/** Any colour: hue uniform, saturation and value as bounded. */
export function randomColor(rng: Rng, saturation: [number, number], value: [number, number]): Rgb {
  const h = uniform(rng, 0, 6);
  const s = uniform(rng, ...saturation);
  const v = 255 * uniform(rng, ...value);
  return [0, 2, 4].map((shift) => {
    const k = Math.abs(((h + shift) % 6) - 3) - 1;
    return v * (1 - s + s * Math.min(1, Math.max(0, k)));
  }) as Rgb;
}

/** The given colour, each channel moved by up to +-spread. */
export function near(rng: Rng, color: Readonly<Rgb>, spread: number): Rgb {
  return color.map((v) => v + uniform(rng, -spread, spread)) as Rgb;
}

/** Smooth noise in 0..1 over the plane. */
export function valueNoise(seed: number): (x: number, y: number) => number {
  const at = (x: number, y: number): number => {
    let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ seed;
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    h ^= h >>> 12;
    h = Math.imul(h, 0x297a2d39);
    return ((h >>> 8) & 0xffff) / 65535;
  };
  return (x, y) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const sx = fx * fx * (3 - 2 * fx);
    const sy = fy * fy * (3 - 2 * fy);
    const a = at(x0, y0);
    const b = at(x0, y0 + 1);
    const top = a + sx * (at(x0 + 1, y0) - a);
    const bottom = b + sx * (at(x0 + 1, y0 + 1) - b);
    return top + sy * (bottom - top);
  };
}

export const randomSeed = (rng: Rng): number => randomInt(rng, 0x7fffffff);

/** One colour with slow, slight changes. */
export function plain(rng: Rng, color: Readonly<Rgb>): Texture {
  const noise = valueNoise(randomSeed(rng));
  const amount = uniform(rng, 0.02, 0.1);
  return (s, t, out) => {
    const k = 1 + amount * (noise(4 * s, 4 * t) - 0.5) * 2;
    out[0] = color[0] * k;
    out[1] = color[1] * k;
    out[2] = color[2] * k;
  };
}

/** Stripes, checks, plaid, dots, clouds or camouflage in two or three colours. */
export function patterned(rng: Rng, base: Readonly<Rgb>): Texture {
  const other = chance(rng, 0.4)
    ? (base.map((v) => (v > 128 ? v * 0.45 : 90 + v)) as Rgb)
    : randomColor(rng, [0.1, 0.9], [0.15, 1]);
  const third = randomColor(rng, [0, 0.8], [0.1, 1]);
  const angle = uniform(rng, 0, Math.PI);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const rate = uniform(rng, 3, 14);
  const duty = uniform(rng, 0.3, 0.7);
  const noise = valueNoise(randomSeed(rng));
  const kind = pick(rng, ['stripes', 'checks', 'plaid', 'dots', 'clouds', 'camouflage'] as const);
  const put = (out: Float32Array, c: Readonly<Rgb>): void => {
    out[0] = c[0];
    out[1] = c[1];
    out[2] = c[2];
  };
  const fraction = (v: number): number => v - Math.floor(v);
  return (s, t, out) => {
    const a = rate * (cos * s + sin * t);
    const b = rate * (cos * t - sin * s);
    const isA = fraction(a) < duty;
    const isB = fraction(b) < duty;
    if (kind === 'stripes') return put(out, isA ? base : other);
    if (kind === 'checks') return put(out, isA === isB ? base : other);
    if (kind === 'plaid') {
      const share = (isA ? 0.5 : 0) + (isB ? 0.5 : 0);
      for (let c = 0; c < 3; c++) {
        out[c] = (base[c] as number) * share + (other[c] as number) * (1 - share);
      }
      if (fraction(a / 2) < 0.08 || fraction(b / 2) < 0.08) put(out, third);
      return;
    }
    if (kind === 'dots') {
      const dx = fraction(a) - 0.5;
      const dy = fraction(b) - 0.5;
      return put(out, dx * dx + dy * dy < duty * duty * 0.25 ? other : base);
    }
    const n = 0.65 * noise(a * 0.6, b * 0.6) + 0.35 * noise(a * 1.7 + 9, b * 1.7);
    if (kind === 'clouds') {
      for (let c = 0; c < 3; c++) {
        out[c] = (base[c] as number) * n + (other[c] as number) * (1 - n);
      }
      return;
    }
    put(out, n < 0.42 ? base : n < 0.58 ? other : third);
  };
}

/** Fine noise, as of wool, paper grain or foliage. */
export function rough(rng: Rng, base: Readonly<Rgb>): Texture {
  const noise = valueNoise(randomSeed(rng));
  const rate = uniform(rng, 10, 40);
  const depth = uniform(rng, 0.15, 0.6);
  return (s, t, out) => {
    const n = 0.5 * noise(rate * s, rate * t) + 0.5 * noise(2.3 * rate * s, 2.3 * rate * t);
    const k = 1 + depth * (n - 0.5) * 2;
    out[0] = base[0] * k;
    out[1] = base[1] * k;
    out[2] = base[2] * k;
  };
}

/** Any of the above over a random base. */
export function anyTexture(rng: Rng): Texture {
  const base = chance(rng, 0.3)
    ? randomColor(rng, [0, 0.1], [0.05, 1])
    : randomColor(rng, [0.1, 0.9], [0.15, 1]);
  const u = rng.next();
  if (u < 0.4) return plain(rng, base);
  return u < 0.75 ? patterned(rng, base) : rough(rng, base);
}
