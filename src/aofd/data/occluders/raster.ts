/**
 * Anti-aliased filling of polygons onto a photograph, with the exact coverage of each pixel, and
 * the union mask of what was filled.
 */
import type { DecodedImage } from '../sample.js';

/** Flat list x0, y0, x1, y1, ... in pixels (edges: pixel 0 spans 0..1). */
export type Polygon = number[];

/** What is painted on. */
export interface PaintTarget {
  image: DecodedImage;
  /** [H, W]; pixels with alpha >= 0.5 are set to 1. */
  mask: Uint8Array;
}

/** Writes the colour (0..255, may overshoot) of a pixel centre into `out`. Returns extra alpha 0..1. */
export type Shader = (x: number, y: number, out: Float32Array) => number;

export interface FillOptions {
  /** Times the coverage. Default 1. */
  opacity?: number;
  /** Blur passes (1 2 1) of the coverage: softer edges on large faces. Default 0. */
  soften?: number;
  /** false: colour only (shadows). Default true. */
  marks?: boolean;
}

/** Coverage 0..1 of a polygon on the pixel window [x0, x0 + w) x [y0, y0 + h), row-major. */
export function polygonCoverage(
  polygon: Polygon,
  x0: number,
  y0: number,
  w: number,
  h: number,
): Float32Array {
  // Signed area per pixel, then a running sum along each row.
  const stride = w + 2;
  const sums = new Float32Array(stride * h);
  const n = polygon.length;
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    addEdge(
      sums,
      stride,
      w,
      h,
      (polygon[i] as number) - x0,
      (polygon[i + 1] as number) - y0,
      (polygon[j] as number) - x0,
      (polygon[j + 1] as number) - y0,
    );
  }
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    let sum = 0;
    for (let x = 0; x < w; x++) {
      sum += sums[y * stride + x] as number;
      out[y * w + x] = Math.min(1, Math.abs(sum));
    }
  }
  return out;
}

function addEdge(
  sums: Float32Array,
  stride: number,
  w: number,
  h: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): void {
  if (ay === by) return;
  const direction = ay < by ? 1 : -1;
  if (ay > by) [ax, ay, bx, by] = [bx, by, ax, ay];
  if (by <= 0 || ay >= h) return;
  const slope = (bx - ax) / (by - ay);
  const last = Math.min(h, Math.ceil(by));
  for (let y = Math.max(0, Math.floor(ay)); y < last; y++) {
    const from = Math.max(y, ay);
    const to = Math.min(y + 1, by);
    const d = (to - from) * direction;
    const xa = Math.min(w, Math.max(0, ax + (from - ay) * slope));
    const xb = Math.min(w, Math.max(0, ax + (to - ay) * slope));
    const left = Math.min(xa, xb);
    const right = Math.max(xa, xb);
    const first = Math.floor(left);
    const end = Math.ceil(right);
    const base = y * stride;
    if (end <= first + 1) {
      const share = 0.5 * (left + right) - first;
      sums[base + first]! += d * (1 - share);
      sums[base + first + 1]! += d * share;
      continue;
    }
    // Area right of the edge within each column, differenced.
    const inverse = 1 / (right - left);
    let before = 0;
    let previous = 0;
    for (let x = first; x < end; x++) {
      const l = Math.max(left, x);
      const r = Math.min(right, x + 1);
      const share = (r - l) * inverse;
      // Edge parts left of this column cover it wholly, the part inside covers what is right of it.
      const covered = before + share * (x + 1 - 0.5 * (l + r));
      sums[base + x]! += d * (covered - previous);
      previous = covered;
      before += share;
    }
    sums[base + end]! += d * (1 - previous);
  }
}

/** Fills a polygon. Pixels beyond the picture are skipped. */
export function fillPolygon(
  target: PaintTarget,
  polygon: Polygon,
  shader: Shader,
  options: FillOptions = {},
): void {
  const { width, height } = target.image;
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  for (let i = 0; i < polygon.length; i += 2) {
    const x = polygon[i] as number;
    const y = polygon[i + 1] as number;
    if (x < minX) minX = x;
    if (x > maxX) maxX = x;
    if (y < minY) minY = y;
    if (y > maxY) maxY = y;
  }
  const margin = options.soften ?? 0;
  const x0 = Math.max(0, Math.floor(minX) - margin);
  const y0 = Math.max(0, Math.floor(minY) - margin);
  const w = Math.min(width, Math.ceil(maxX) + margin) - x0;
  const h = Math.min(height, Math.ceil(maxY) + margin) - y0;
  if (!(w > 0 && h > 0)) return;
  const alpha = polygonCoverage(polygon, x0, y0, w, h);
  for (let i = 0; i < (options.soften ?? 0); i++) blurAlpha(alpha, w, h);
  composite(target, alpha, x0, y0, w, h, shader, options);
}

/** Blends shader colours over the window with the given alpha. */
export function composite(
  target: PaintTarget,
  alpha: Float32Array,
  x0: number,
  y0: number,
  w: number,
  h: number,
  shader: Shader,
  options: FillOptions = {},
): void {
  const { width, data } = target.image;
  const opacity = options.opacity ?? 1;
  const marks = options.marks ?? true;
  const rgb = new Float32Array(3);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const cover = alpha[y * w + x] as number;
      if (cover < 0.004) continue;
      const a = cover * opacity * shader(x0 + x + 0.5, y0 + y + 0.5, rgb);
      if (a < 0.004) continue;
      const at = (y0 + y) * width + x0 + x;
      for (let c = 0; c < 3; c++) {
        const old = data[3 * at + c] as number;
        const v = old + a * ((rgb[c] as number) - old) + 0.5;
        data[3 * at + c] = v < 0 ? 0 : v > 255 ? 255 : v;
      }
      if (marks && a >= 0.5) target.mask[at] = 1;
    }
  }
}

/** One binomial pass in both directions; the window's edge repeats. */
export function blurAlpha(alpha: Float32Array, w: number, h: number): void {
  for (let y = 0; y < h; y++) {
    let left = alpha[y * w] as number;
    let here = left;
    for (let x = 0; x < w; x++) {
      const right = x + 1 < w ? (alpha[y * w + x + 1] as number) : here;
      alpha[y * w + x] = 0.25 * left + 0.5 * here + 0.25 * right;
      left = here;
      here = right;
    }
  }
  const above = alpha.slice(0, w);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const here = alpha[y * w + x] as number;
      const below = y + 1 < h ? (alpha[(y + 1) * w + x] as number) : here;
      alpha[y * w + x] = 0.25 * (above[x] as number) + 0.5 * here + 0.25 * below;
      above[x] = here;
    }
  }
}

/** Closed smooth curve (Catmull-Rom) through control points, `steps` segments between two points. */
export function smoothPolygon(points: readonly (readonly [number, number])[], steps = 6): Polygon {
  const n = points.length;
  const out: Polygon = [];
  const at = (i: number): readonly [number, number] =>
    points[(i + n) % n] as readonly [number, number];
  for (let i = 0; i < n; i++) {
    const [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let s = 0; s < steps; s++) {
      const t = s / steps;
      for (const k of [0, 1] as const) {
        const [a, b, c, d] = [p0[k], p1[k], p2[k], p3[k]];
        const linear = c - a;
        const square = 2 * a - 5 * b + 4 * c - d;
        const cube = 3 * b - a - 3 * c + d;
        out.push(0.5 * (2 * b + t * (linear + t * (square + t * cube))));
      }
    }
  }
  return out;
}

/** A tapered bar with round ends, from a (radius ra) to b (radius rb). */
export function capsule(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  ra: number,
  rb: number,
): Polygon {
  const angle = Math.atan2(by - ay, bx - ax);
  const out: Polygon = [];
  for (let i = 0; i <= 8; i++) {
    const t = angle + Math.PI / 2 + (Math.PI * i) / 8;
    out.push(ax + ra * Math.cos(t), ay + ra * Math.sin(t));
  }
  for (let i = 0; i <= 8; i++) {
    const t = angle - Math.PI / 2 + (Math.PI * i) / 8;
    out.push(bx + rb * Math.cos(t), by + rb * Math.sin(t));
  }
  return out;
}
