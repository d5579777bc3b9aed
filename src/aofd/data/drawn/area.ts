/** Areas that a person drew, and their pixels. */
import { DataError } from '../../errors.js';
import { decodeBitmapAsync } from '../files/decode-bitmap.js';
import { fillParts, type Outline, type Patch } from './polygons.js';

/** An area as a labelling tool wrote it; checked, but not yet pixels. */
export type DrawnArea =
  /** Polygons (polygons.ts). */
  | { kind: 'polygons'; parts: readonly Outline[] }
  /** COCO's run lengths of the whole picture, down its columns, beginning with uncovered pixels. */
  | { kind: 'runs'; counts: readonly number[]; width: number; height: number; where: string }
  /** A PNG in base64, whose left top pixel lies at x, y; what is not black is set. */
  | { kind: 'bitmap'; png: string; x: number; y: number; where: string }
  /** Several areas that are one. */
  | { kind: 'union'; areas: readonly DrawnArea[] };

/** Areas that are numbers, not files. */
export type PlainArea = Extract<DrawnArea, { kind: 'polygons' | 'runs' }>;

/**
 * The pixels of an area in a picture of this size; null where there are none.
 * @throws DataError for runs of another size
 */
export function pixelsOf(area: PlainArea, width: number, height: number): Patch | null {
  return area.kind === 'polygons'
    ? fillParts(area.parts, width, height)
    : pixelsOfRuns(area, width, height);
}

/**
 * {@link pixelsOf} also of areas that are files.
 * @throws DataError as that does, and for a PNG that is damaged or larger than the picture
 */
export async function pixelsOfAsync(
  area: DrawnArea,
  width: number,
  height: number,
): Promise<Patch | null> {
  if (area.kind === 'union') {
    const data = new Uint8Array(width * height);
    for (const one of area.areas) await paintAreaAsync(one, data, width, height);
    return { x: 0, y: 0, width, height, data };
  }
  if (area.kind !== 'bitmap') return pixelsOf(area, width, height);
  const { png, where, x, y } = area;
  const bytes = Buffer.from(png, 'base64');
  const mask = await decodeBitmapAsync(bytes, where, { width, height });
  return clipped({ x, y, ...mask }, width, height);
}

/** Sets the pixels of an area in a mask [height, width]. Throws as {@link pixelsOfAsync}. */
export async function paintAreaAsync(
  area: DrawnArea,
  into: Uint8Array,
  width: number,
  height: number,
): Promise<void> {
  const patch = await pixelsOfAsync(area, width, height);
  for (let row = 0; patch && row < patch.height; row++) {
    const to = (patch.y + row) * width + patch.x;
    for (let column = 0; column < patch.width; column++) {
      if (patch.data[row * patch.width + column] === 1) into[to + column] = 1;
    }
  }
}

function pixelsOfRuns(
  { counts, where, ...size }: Extract<DrawnArea, { kind: 'runs' }>,
  width: number,
  height: number,
): Patch {
  if (size.width !== width || size.height !== height) {
    throw new DataError(
      'list-malformed',
      `mask is ${size.width}x${size.height}, its picture ${width}x${height}.`,
      { where, fix: 'export the labels of this very picture again' },
    );
  }
  const data = new Uint8Array(width * height);
  let at = 0;
  counts.forEach((count, i) => {
    const end = at + count;
    for (; i % 2 === 1 && at < end; at++) {
      const x = Math.floor(at / height);
      data[(at - x * height) * width + x] = 1;
    }
    at = end;
  });
  return { x: 0, y: 0, width, height, data };
}

/** The part of a patch inside the picture. */
function clipped(patch: Patch, width: number, height: number): Patch | null {
  const x = Math.max(0, patch.x);
  const y = Math.max(0, patch.y);
  const w = Math.min(width, patch.x + patch.width) - x;
  const h = Math.min(height, patch.y + patch.height) - y;
  if (w <= 0 || h <= 0) return null;
  if (w === patch.width && h === patch.height) return patch;
  const data = new Uint8Array(w * h);
  for (let row = 0; row < h; row++) {
    const from = (y - patch.y + row) * patch.width + x - patch.x;
    data.set(patch.data.subarray(from, from + w), row * w);
  }
  return { x, y, width: w, height: h, data };
}
