/**
 * From a portrait's pixel classes to what is seen and what is hidden of its face. The face region is the
 * convex hull of the visible face (skin, nose, eyes, brows, lips, mouth); what covers it are glasses
 * anywhere in the region, and hair, hats, cloth and unlabelled things (hands, microphones) that reach
 * clearly into it.
 */
import { dropSmallParts, openDisc } from './mask-morphology.js';
import type { PixelRole } from './sample.js';

/** Masks [H, W] of 0 and 1 at the picture's size. */
export interface FaceParts {
  /** Visible face. */
  visible: Uint8Array;
  /** Visible face and what covers it. */
  region: Uint8Array;
  /** What covers the face, a part of the region. */
  covered: Uint8Array;
}

/**
 * How far inside the region overhanging things count, as a share of the root of its area: labels are not
 * exact at its edge. With `OPENING_PX` chosen to give the masks of occlusion-seg (mean IoU .98).
 */
const SHRINK = 0.01;
/** Overhanging parts thinner than about twice this, px, are label noise. */
const OPENING_PX = 3;
/** Overhanging parts below this share of the region are label noise. */
const SMALLEST_PART = 0.004;

/** Parts of a portrait. `classes` [H, W] are class numbers, `roles` their meaning. */
export function facePartsOf(
  classes: Uint8Array,
  width: number,
  height: number,
  roles: readonly PixelRole[],
): FaceParts {
  const visible = maskOf(classes, roles, 'visible');
  const hull = convexHull(visible, width);
  const region = fillConvex(hull, width, height, -0.5);
  let size = 0;
  for (const inside of region) size += inside;
  const inner = fillConvex(hull, width, height, SHRINK * Math.sqrt(size));
  const reaching = intersect(maskOf(classes, roles, 'overhang'), inner);
  const overhang = openDisc(reaching, width, height, OPENING_PX);
  const covered = dropSmallParts(overhang, width, height, SMALLEST_PART * size);
  const glasses = intersect(maskOf(classes, roles, 'cover'), region);
  for (let i = 0; i < covered.length; i++) covered[i]! |= glasses[i]!;
  return { visible, region, covered };
}

/** The pixels whose class has that role. */
function maskOf(classes: Uint8Array, roles: readonly PixelRole[], role: PixelRole): Uint8Array {
  const table = Uint8Array.from({ length: 256 }, (_, c) => (roles[c] === role ? 1 : 0));
  const mask = new Uint8Array(classes.length);
  for (let i = 0; i < mask.length; i++) mask[i] = table[classes[i]!]!;
  return mask;
}

/** Parts of a portrait whose covering things and region are known as masks. */
export function partsFromMasks(covered: Uint8Array, region: Uint8Array): FaceParts {
  const visible = region.map((inside, i) => (inside === 1 && covered[i] !== 1 ? 1 : 0));
  return { visible, region, covered };
}

/** Leaves of a mask what another one has too, in place. */
function intersect(mask: Uint8Array, other: Uint8Array): Uint8Array {
  for (let i = 0; i < mask.length; i++) mask[i]! &= other[i]!;
  return mask;
}

type Point = readonly [x: number, y: number];

/** Corners of the convex hull of the pixels' centres, counter-clockwise; empty for an empty mask. */
export function convexHull(mask: Uint8Array, width: number): Point[] {
  // Only the first and last pixel of a row can be corners.
  const ends: Point[] = [];
  for (let y = 0; y * width < mask.length; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    ends.push([first, y], [row.lastIndexOf(1), y]);
  }
  ends.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (points: readonly Point[]): Point[] => {
    const kept: Point[] = [];
    for (const p of points) {
      while (kept.length >= 2 && turn(kept[kept.length - 2]!, kept[kept.length - 1]!, p) <= 0) {
        kept.pop();
      }
      kept.push(p);
    }
    return kept;
  };
  const lower = chain(ends);
  const upper = chain([...ends].reverse());
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

const turn = (a: Point, b: Point, c: Point): number =>
  (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/**
 * Mask [H, W] of the pixels whose centre lies at least `inset` px inside all edges of a convex polygon
 * (corners counter-clockwise in pixel coordinates; negative: also outside by that much).
 */
function fillConvex(
  hull: readonly Point[],
  width: number,
  height: number,
  inset: number,
): Uint8Array {
  const mask = new Uint8Array(width * height);
  if (hull.length === 0) return mask;
  const edges = hull.flatMap(([ax, ay], i) => {
    const [bx, by] = hull[(i + 1) % hull.length]!;
    const length = Math.hypot(bx - ax, by - ay);
    // Distance of (x, y) to the left of the edge: nx x + ny y - d.
    const [nx, ny] = [(ay - by) / length, (bx - ax) / length];
    return length > 0 ? [{ nx, ny, d: nx * ax + ny * ay + inset }] : [];
  });
  for (let y = 0; y < height; y++) {
    let from = 0;
    let to = width - 1;
    for (const { nx, ny, d } of edges) {
      const rest = d - ny * y;
      if (Math.abs(nx) < 1e-12) {
        if (rest > 1e-9) to = -1;
      } else if (nx > 0) from = Math.max(from, Math.ceil(rest / nx - 1e-9));
      else to = Math.min(to, Math.floor(rest / nx + 1e-9));
    }
    if (to >= from) mask.fill(1, y * width + from, y * width + to + 1);
  }
  return mask;
}
