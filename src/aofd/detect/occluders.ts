/** What covers a face: from the segmentation branch's map to pixels (docs/spec.md 4.3). */
import { forEachPixel, type GridMap } from './grid-map.js';
import type { BinaryMask } from './rle.js';

/** A pixel mask and the share of a face that it covers. */
export interface FaceOcclusion {
  /** Share of the box's pixels that something covers, 0..1. */
  ratio: number;
  /** Covered pixels of the box in the original picture. */
  mask: BinaryMask;
}

/** The occluder's logit less the others', cell by cell, from logits [2, h, w] (others, occluder). */
export function occluderMap(
  logits: ArrayLike<number>,
  height: number,
  width: number,
  scale: number,
): GridMap {
  const cells = height * width;
  const out = new Float32Array(cells);
  for (let i = 0; i < cells; i++) out[i] = logits[cells + i]! - logits[i]!;
  return { values: out, height, width, scale };
}

/**
 * What covers a box (docs/spec.md 4.3): the map is interpolated bilinearly (half-pixel centres, edge
 * clamp) at each pixel of the un-enlarged box; covered where P(occluder) > threshold.
 */
export function occlusionIn(
  box: readonly [number, number, number, number],
  map: GridMap,
  size: { width: number; height: number },
  threshold: number,
): FaceOcclusion {
  const x = Math.min(size.width - 1, Math.max(0, Math.ceil(box[0])));
  const y = Math.min(size.height - 1, Math.max(0, Math.ceil(box[1])));
  const width = Math.max(1, Math.min(size.width - 1, Math.floor(box[2])) - x + 1);
  const height = Math.max(1, Math.min(size.height - 1, Math.floor(box[3])) - y + 1);
  const data = new Uint8Array(width * height);
  const mask = { x, y, width, height, data };
  const cut = Math.log(threshold / (1 - threshold));
  let covered = 0;
  forEachPixel(map, mask, (at, logit) => {
    if (logit <= cut) return;
    data[at] = 1;
    covered++;
  });
  return { ratio: covered / data.length, mask };
}

/**
 * Probability of an occluder for every pixel of the picture, 0 outside of the boxes enlarged by
 * `gates` (docs/spec.md 4.3). Values 0..255, row-major.
 */
export function occluderPicture(
  map: GridMap,
  size: { width: number; height: number },
  gate: Uint8Array | null,
): Uint8Array {
  const out = new Uint8Array(size.width * size.height);
  forEachPixel(map, { x: 0, y: 0, ...size }, (at, logit) => {
    if (!gate || gate[at]) out[at] = Math.round(255 / (1 + Math.exp(-logit)));
  });
  return out;
}
