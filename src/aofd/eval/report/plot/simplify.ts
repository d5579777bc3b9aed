/** Curves with fewer points that look the same. */
import type { AxisSpec, Point } from './types.js';

/** A stretch of an axis in pixels. */
export interface Extent {
  min: number;
  max: number;
  /** Length in pixels. */
  pixels: number;
  scale?: AxisSpec['scale'];
}

/** Position on an axis in pixels from its start. */
export function placeOf(value: number, { min, max, pixels, scale }: Extent): number {
  const at =
    scale === 'log' ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  return at * pixels;
}

/**
 * Leaves out points that lie within `tolerance` pixels of the line between the points kept
 * (Douglas and Peucker, 1973). Ends stay; order stays.
 */
export function simplify(
  points: readonly Point[],
  x: Extent,
  y: Extent,
  tolerance = 0.15,
): Point[] {
  const count = points.length;
  if (count <= 2) return [...points];
  const px = Float64Array.from(points, (p) => placeOf(p[0], x));
  const py = Float64Array.from(points, (p) => placeOf(p[1], y));
  const keep = new Uint8Array(count);
  keep[0] = keep[count - 1] = 1;
  const open: [number, number][] = [[0, count - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [first, last] = span;
    const far = farthest(px, py, first, last);
    if (far.distance <= tolerance) continue;
    keep[far.at] = 1;
    if (far.at - first > 1) open.push([first, far.at]);
    if (last - far.at > 1) open.push([far.at, last]);
  }
  return points.filter((_, i) => keep[i] === 1);
}

/** The point between two others that is farthest from the stretch between them. */
function farthest(
  px: Float64Array,
  py: Float64Array,
  first: number,
  last: number,
): { at: number; distance: number } {
  const dx = px[last]! - px[first]!;
  const dy = py[last]! - py[first]!;
  const length2 = dx * dx + dy * dy;
  let at = first + 1;
  let most = -1;
  for (let i = first + 1; i < last; i++) {
    const ax = px[i]! - px[first]!;
    const ay = py[i]! - py[first]!;
    const along = length2 > 0 ? Math.max(0, Math.min(1, (ax * dx + ay * dy) / length2)) : 0;
    const distance2 = (ax - along * dx) ** 2 + (ay - along * dy) ** 2;
    if (distance2 <= most) continue;
    most = distance2;
    at = i;
  }
  return { at, distance: Math.sqrt(Math.max(0, most)) };
}
