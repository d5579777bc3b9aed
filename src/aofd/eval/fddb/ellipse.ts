/**
 * Filled ellipses pixel for pixel as OpenCV's `cvEllipse` fills them (docs/spec.md 6.1): a polygon in
 * 16.16 fixed point, its outline, and a scan-line fill. A smooth ellipse would differ by 1 to 3 per
 * cent of the area, which is enough to change published curves.
 *
 * Coordinates stay below 2^53 in float64, so integer steps use Math.floor and Math.trunc where the
 * original shifts 64-bit integers.
 */
import { type Canvas, type Region, roundFloat, roundHalfEven } from './region.js';

/** An annotated face: radii and centre in pixels, angle of the major axis in radians. */
export interface Ellipse {
  majorRadius: number;
  minorRadius: number;
  angle: number;
  centerX: number;
  centerY: number;
}

const ONE = 65536;
const HALF = ONE / 2;

/** float32 of sin(d degrees) written with 7 decimals, d = 0..450. */
const SINES = Float32Array.from({ length: 451 }, (_, d) =>
  Number(Math.sin((d * Math.PI) / 180).toFixed(7)),
);

/** Vertex in 16.16 fixed point. */
interface Vertex {
  x: number;
  y: number;
}

/** Pi in builds of the FDDB tool whose compiler does not define M_PI (Windows). */
export const WINDOWS_PI = 3.14156;

/** The pixels of an ellipse inside the canvas; `pi` turns its angle into whole degrees. */
export function ellipseRegion(ellipse: Ellipse, canvas: Canvas, pi: number = Math.PI): Region {
  const vertices = ellipsePolygon(ellipse, canvas, pi);
  const mask = new PixelMask(vertices, canvas);
  if (mask.isEmpty) return { runs: new Int32Array(0), area: 0 };
  for (let i = 0; i < vertices.length; i++) {
    drawEdge(vertices.at(i - 1)!, vertices[i]!, canvas, mask);
  }
  if (vertices.length >= 3) fillPolygon(vertices, canvas, mask);
  return mask.toRegion();
}

/** Polygon of the outline; integer axes and degrees, as the original truncates and rounds them. */
function ellipsePolygon(e: Ellipse, canvas: Canvas, pi: number): Vertex[] {
  const centerX = (roundFloat(e.centerX) - (canvas.left ?? 0)) * ONE;
  const centerY = (roundFloat(e.centerY) - (canvas.top ?? 0)) * ONE;
  const a = Math.abs(Math.trunc(e.majorRadius));
  const b = Math.abs(Math.trunc(e.minorRadius));
  // The tool stores (pi - angle) in degrees and draws at 180 minus that.
  const degrees = 180 - ((pi - e.angle) * 180) / pi;
  const turn = ((roundHalfEven(degrees) % 360) + 360) % 360;
  const cos = SINES[450 - turn]!;
  const sin = SINES[turn]!;
  const longest = Math.max(a, b);
  const step = longest < 3 ? 90 : longest < 10 ? 30 : longest < 15 ? 18 : 5;
  const vertices: Vertex[] = [];
  for (let t = 0; t < 360 + step; t += step) {
    const at = Math.min(t, 360);
    const u = ONE * a * SINES[450 - at]!;
    const v = ONE * b * SINES[at]!;
    const x = roundHalfEven(centerX + u * cos - v * sin);
    const y = roundHalfEven(centerY + u * sin + v * cos);
    const last = vertices.at(-1);
    if (!last || last.x !== x || last.y !== y) vertices.push({ x, y });
  }
  if (vertices.length > 1) return vertices;
  const center = { x: centerX, y: centerY };
  return [center, center];
}

/** Pixels set so far, over the polygon's bounding box inside the canvas. */
class PixelMask {
  private readonly left: number;
  private readonly top: number;
  private readonly columns: number;
  private readonly rows: number;
  private readonly pixels: Uint8Array;

  constructor(vertices: readonly Vertex[], canvas: Canvas) {
    let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { x, y } of vertices) {
      minX = Math.min(minX, x);
      minY = Math.min(minY, y);
      maxX = Math.max(maxX, x);
      maxY = Math.max(maxY, y);
    }
    // One pixel of room on each side for rounding.
    this.left = Math.max(0, Math.floor(minX / ONE) - 1);
    this.top = Math.max(0, Math.floor(minY / ONE) - 1);
    const right = Math.min(canvas.width - 1, Math.floor(maxX / ONE) + 2);
    const bottom = Math.min(canvas.height - 1, Math.floor(maxY / ONE) + 2);
    this.columns = Math.max(0, right - this.left + 1);
    this.rows = Math.max(0, bottom - this.top + 1);
    this.pixels = new Uint8Array(this.columns * this.rows);
  }

  get isEmpty(): boolean {
    return this.pixels.length === 0;
  }

  /** Sets columns first..last of a row; what lies outside is dropped. */
  set(row: number, first: number, last: number): void {
    const y = row - this.top;
    const from = Math.max(0, first - this.left);
    const to = Math.min(this.columns - 1, last - this.left);
    if (y < 0 || y >= this.rows || from > to) return;
    this.pixels.fill(1, y * this.columns + from, y * this.columns + to + 1);
  }

  toRegion(): Region {
    const runs: number[] = [];
    let area = 0;
    for (let y = 0; y < this.rows; y++) {
      const base = y * this.columns;
      for (let x = 0; x < this.columns; x++) {
        if (this.pixels[base + x] === 0) continue;
        const first = x;
        while (x + 1 < this.columns && this.pixels[base + x + 1] === 1) x++;
        runs.push(this.top + y, this.left + first, this.left + x);
        area += x - first + 1;
      }
    }
    return { runs: Int32Array.from(runs), area };
  }
}

/** A fixed-point line, end points included. */
function drawEdge(from: Vertex, to: Vertex, canvas: Canvas, mask: PixelMask): void {
  const line = clipLine(from, to, canvas);
  if (!line) return;
  let [start, end] = line;
  const pixel = (v: number): number => Math.floor((v + HALF) / ONE);
  const absX = Math.abs(end.x - start.x);
  const absY = Math.abs(end.y - start.y);
  const isFlat = absX > absY;
  if (isFlat ? end.x < start.x : end.y < start.y) [start, end] = [end, start];
  mask.set(pixel(end.y), pixel(end.x), pixel(end.x));
  const odd = (v: number): number => (v % 2 === 0 ? v + 1 : v);
  if (isFlat) {
    const slope = Math.trunc(((end.y - start.y) * ONE) / odd(absX));
    const count = Math.floor((end.x - start.x) / ONE) + 1;
    for (let i = 0; i < count; i++) {
      const x = pixel(start.x) + i;
      mask.set(pixel(start.y + i * slope), x, x);
    }
  } else {
    const slope = Math.trunc(((end.x - start.x) * ONE) / odd(absY));
    const count = Math.floor((end.y - start.y) / ONE) + 1;
    for (let i = 0; i < count; i++) {
      const x = pixel(start.x + i * slope);
      mask.set(pixel(start.y) + i, x, x);
    }
  }
}

/** The part of a line inside the canvas in 16.16, or null; Cohen-Sutherland with truncation. */
function clipLine(from: Vertex, to: Vertex, canvas: Canvas): [Vertex, Vertex] | null {
  const right = canvas.width * ONE - 1;
  const bottom = canvas.height * ONE - 1;
  let { x: x1, y: y1 } = from;
  let { x: x2, y: y2 } = to;
  const sideOf = (x: number): number => (x < 0 ? 1 : x > right ? 2 : 0);
  const codeOf = (x: number, y: number): number => sideOf(x) + (y < 0 ? 4 : y > bottom ? 8 : 0);
  let c1 = codeOf(x1, y1);
  let c2 = codeOf(x2, y2);
  if ((c1 & c2) === 0 && (c1 | c2) !== 0) {
    if (c1 & 12) {
      const edge = c1 < 8 ? 0 : bottom;
      x1 += Math.trunc(((edge - y1) * (x2 - x1)) / (y2 - y1));
      y1 = edge;
      c1 = sideOf(x1);
    }
    if (c2 & 12) {
      const edge = c2 < 8 ? 0 : bottom;
      x2 += Math.trunc(((edge - y2) * (x2 - x1)) / (y2 - y1));
      y2 = edge;
      c2 = sideOf(x2);
    }
    if ((c1 & c2) === 0 && (c1 | c2) !== 0) {
      if (c1) {
        const edge = c1 === 1 ? 0 : right;
        y1 += Math.trunc(((edge - x1) * (y2 - y1)) / (x2 - x1));
        x1 = edge;
        c1 = 0;
      }
      if (c2) {
        const edge = c2 === 1 ? 0 : right;
        y2 += Math.trunc(((edge - x2) * (y2 - y1)) / (x2 - x1));
        x2 = edge;
        c2 = 0;
      }
    }
  }
  if ((c1 | c2) !== 0) return null;
  return [
    { x: x1, y: y1 },
    { x: x2, y: y2 },
  ];
}

/** One of the two chains of edges that go down from the topmost vertex. */
interface Walker {
  index: number;
  /** +1, or n - 1 for backwards. */
  stride: number;
  endRow: number;
  x: number;
  dx: number;
}

/** Fills between two walkers, row by row; n >= 3 vertices of a convex polygon. */
function fillPolygon(vertices: readonly Vertex[], canvas: Canvas, mask: PixelMask): void {
  const n = vertices.length;
  const rowOf = (v: Vertex): number => Math.floor((v.y + HALF) / ONE);
  let topmost = 0;
  let lowest = -Infinity;
  vertices.forEach((v, i) => {
    if (v.y < vertices[topmost]!.y) topmost = i;
    lowest = Math.max(lowest, rowOf(v));
  });
  const lastRow = Math.min(lowest, canvas.height - 1);
  const firstRow = rowOf(vertices[topmost]!);
  const newWalker = (stride: number): Walker => {
    return { index: topmost, stride, endRow: firstRow, x: -ONE, dx: 0 };
  };
  const walkers: [Walker, Walker] = [newWalker(1), newWalker(n - 1)];
  let looks = n;
  for (let y = firstRow; y <= lastRow; y++) {
    for (const walker of walkers) {
      if (y < walker.endRow) continue;
      let before = walker.index;
      let at = (before + walker.stride) % n;
      while (looks-- > 0) {
        const row = rowOf(vertices[at]!);
        if (row > y) {
          const xs = vertices[before]!.x;
          const rows = row - y;
          walker.dx = Math.trunc((2 * (vertices[at]!.x - xs) + rows) / (2 * rows));
          walker.x = xs;
          walker.endRow = row;
          walker.index = at;
          break;
        }
        before = at;
        at = (at + walker.stride) % n;
      }
    }
    if (looks < 0) return;
    const [a, b] = walkers;
    if (y >= 0) {
      const first = Math.floor((Math.min(a.x, b.x) + HALF) / ONE);
      mask.set(y, first, Math.floor((Math.max(a.x, b.x) + HALF) / ONE));
    }
    a.x += a.dx;
    b.x += b.dx;
  }
}
