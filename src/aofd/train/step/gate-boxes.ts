import { clipBoxes, decodeBoxes, type BoxArray, type ImageSize } from '../../boxes/index.js';
import type { Config } from '../../config/index.js';
import type { BatchRois } from './rois.js';

/**
 * Boxes that gate the segmentation loss of image n (docs/spec.md 4.3): its faces, and the decoded and
 * clipped boxes that the head makes of the face RoIs. Constants: no gradient flows through them.
 *
 * @param known [G*4] annotated faces
 * @param rois RoIs in the order of the head's rows; null = none
 * @param deltas [R*8] or longer (of an RoI that entered twice, the unmasked row decides)
 * @returns [(G + P)*4]
 */
export function gateBoxes(
  n: number,
  known: BoxArray,
  rois: BatchRois | null,
  deltas: ArrayLike<number>,
  size: ImageSize,
  config: Pick<Config, 'boxes' | 'rois'>,
): Float64Array {
  const sources: number[] = [];
  const codes: number[] = [];
  for (let i = 0; i < (rois?.count ?? 0); i++) {
    const { rois: rows, labels } = rois as BatchRois;
    if (rows[5 * i] !== n || labels[i] !== 1) continue;
    for (let j = 0; j < 4; j++) {
      sources.push(rows[5 * i + 1 + j] as number);
      codes.push(deltas[8 * i + 4 + j] as number);
    }
  }
  const code = { ...config.boxes, stds: config.rois.stds };
  const decoded = decodeBoxes(Float64Array.from(sources), codes, code);
  const out = new Float64Array(known.length + decoded.length);
  out.set(known);
  out.set(clipBoxes(decoded, size, config.boxes.convention), known.length);
  return out;
}
