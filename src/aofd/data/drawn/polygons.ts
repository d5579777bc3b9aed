/** Polygons to pixels: even-odd, in several parts, with holes. */

/** Pixels [height, width] of 0 and 1 of a part of a picture. */
export interface Patch {
  x: number;
  y: number;
  width: number;
  height: number;
  data: Uint8Array;
}

/** A closed outline: x0, y0, x1, y1, ... in edge coordinates of the picture (pixel 0 spans 0..1). */
export type Outline = readonly number[];

/**
 * Pixels of an area of one or several parts. Each part is filled by the even-odd rule, so that an outline
 * that touches itself leaves a hole. Parts are joined, as COCO says; a part that lies wholly in what larger
 * ones fill would be of no use then, and is a hole.
 * @returns what of it lies in a picture of this size; null where nothing does
 */
export function fillParts(parts: readonly Outline[], width: number, height: number): Patch | null {
  // A tool that writes a part twice does not mean a hole.
  const distinct = new Map(parts.map((part) => [part.join(), part]));
  const filled = [...distinct.values()].flatMap((part) => {
    const patch = fillOutline(part, width, height);
    return patch ? [{ patch, size: patch.data.reduce((n, v) => n + v, 0) }] : [];
  });
  if (filled.length === 0) return null;
  if (filled.length === 1) return filled[0]!.patch;
  filled.sort((a, b) => b.size - a.size);
  const x = Math.min(...filled.map(({ patch }) => patch.x));
  const y = Math.min(...filled.map(({ patch }) => patch.y));
  const right = Math.max(...filled.map(({ patch }) => patch.x + patch.width));
  const bottom = Math.max(...filled.map(({ patch }) => patch.y + patch.height));
  const all = {
    x,
    y,
    width: right - x,
    height: bottom - y,
    data: new Uint8Array((right - x) * (bottom - y)),
  };
  for (const { patch } of filled) {
    let isHole = true;
    forSet(patch, all, (at) => (isHole &&= all.data[at] === 1));
    forSet(patch, all, (at) => (all.data[at] = isHole ? 0 : 1));
  }
  return all;
}

/** Calls with the index in `all` of every set pixel of `patch`, which lies in it. */
function forSet(patch: Patch, all: Patch, visit: (at: number) => void): void {
  for (let row = 0; row < patch.height; row++) {
    const from = row * patch.width;
    const to = (patch.y - all.y + row) * all.width + patch.x - all.x;
    for (let column = 0; column < patch.width; column++) {
      if (patch.data[from + column] === 1) visit(to + column);
    }
  }
}

/** First pixel whose centre lies at or behind an edge coordinate. */
const firstBehind = (edge: number): number => Math.ceil(edge - 0.5);

/** Pixels whose centre one outline holds by the even-odd rule; null where there are none in the picture. */
function fillOutline(outline: Outline, width: number, height: number): Patch | null {
  const count = outline.length >> 1;
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    minX = Math.min(minX, outline[2 * i]!);
    maxX = Math.max(maxX, outline[2 * i]!);
    minY = Math.min(minY, outline[2 * i + 1]!);
    maxY = Math.max(maxY, outline[2 * i + 1]!);
  }
  const x = Math.max(0, firstBehind(minX));
  const y = Math.max(0, firstBehind(minY));
  const w = Math.min(width, firstBehind(maxX)) - x;
  const h = Math.min(height, firstBehind(maxY)) - y;
  if (!(w > 0 && h > 0)) return null;
  const data = new Uint8Array(w * h);
  // An edge that crosses a row turns all pixels behind the crossing; here only the first of them is marked.
  for (let i = 0; i < count; i++) {
    const j = (i + 1) % count;
    const [ax, ay] = [outline[2 * i]!, outline[2 * i + 1]!];
    const [bx, by] = [outline[2 * j]!, outline[2 * j + 1]!];
    const to = Math.min(y + h, firstBehind(Math.max(ay, by)));
    for (let row = Math.max(y, firstBehind(Math.min(ay, by))); row < to; row++) {
      const crossing = ax + ((row + 0.5 - ay) * (bx - ax)) / (by - ay);
      const column = Math.max(0, firstBehind(crossing) - x);
      if (column < w) data[(row - y) * w + column]! ^= 1;
    }
  }
  for (let row = 0; row < h; row++) {
    for (let at = row * w + 1; at < (row + 1) * w; at++) data[at]! ^= data[at - 1]!;
  }
  return { x, y, width: w, height: h, data };
}

/** Corners enough for a circle to be right within a tenth of a pixel. */
export function circleOutline(cx: number, cy: number, radius: number): number[] {
  const corners = Math.min(2048, Math.max(16, Math.ceil(Math.PI / Math.sqrt(0.2 / (radius + 1)))));
  return Array.from({ length: corners }, (_, i) => (2 * Math.PI * i) / corners).flatMap((angle) => [
    cx + radius * Math.cos(angle),
    cy + radius * Math.sin(angle),
  ]);
}

/** Left, top, width and height of all parts together. */
export function extentOf(parts: readonly Outline[]): [x: number, y: number, w: number, h: number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const part of parts) {
    for (let i = 0; i + 1 < part.length; i += 2) {
      left = Math.min(left, part[i]!);
      right = Math.max(right, part[i]!);
      top = Math.min(top, part[i + 1]!);
      bottom = Math.max(bottom, part[i + 1]!);
    }
  }
  return [left, top, right - left, bottom - top];
}
