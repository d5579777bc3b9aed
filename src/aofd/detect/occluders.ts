/** What covers a face: from the segmentation branch's map to pixels (docs/spec.md 4.3). */
import type { Config } from '../config/index.js';
import { forEachPixel, type GridMap } from './grid-map.js';
import type { BinaryMask } from './rle.js';

/** A pixel mask and the share of a face that it covers. */
export interface FaceOcclusion {
  /** Share of the box's pixels that something covers, 0..1. */
  ratio: number;
  /** Covered pixels of the box in the original picture. */
  mask: BinaryMask;
}

/** What the two maps of the segmentation branch say (`model.segmentation.output`). */
type SegmentationOutput = Config['model']['segmentation']['output'];

/**
 * The logit of "covered", cell by cell, from the branch's maps [2, h, w]: the occluder's less the other's; or,
 * for the face region f and the visible face v, that of P(covered) = sigmoid(f) (1 - sigmoid(v)).
 */
export function occluderMap(
  logits: ArrayLike<number>,
  { height, width, scale }: Omit<GridMap, 'values'>,
  output: SegmentationOutput = 'covered',
): GridMap {
  const cells = height * width;
  const values = new Float32Array(cells);
  for (let i = 0; i < cells; i++) {
    const [first, second] = [logits[i]!, logits[cells + i]!];
    values[i] = output === 'covered' ? second - first : coveredLogit(first, second);
  }
  return { values, height, width, scale };
}

/** log(p / (1 - p)) of p = sigmoid(f) sigmoid(-v), without overflow: 1 / p - 1 = e^-f + e^v + e^(v - f). */
function coveredLogit(f: number, v: number): number {
  const most = Math.max(-f, v, v - f);
  return -(most + Math.log(Math.exp(-f - most) + Math.exp(v - most) + Math.exp(v - f - most)));
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
