/** Detections as plain arrays, for matching. */
import type { DetectionSet, EvalImage } from '../protocol.js';

/** Detections of one image. */
export interface DetectionArrays {
  /** [D*4] x1, y1, x2, y2. */
  boxes: Float64Array;
  /** [D], any order. */
  scores: Float64Array;
}

/** The detections of every image, in the order of the images. */
export function detectionArrays(
  images: readonly EvalImage[],
  { byImage }: DetectionSet,
): DetectionArrays[] {
  return images.map(({ name }) => {
    const found = byImage.get(name) ?? [];
    return {
      boxes: Float64Array.from(found.flatMap(({ box }) => [...box])),
      scores: Float64Array.from(found, ({ score }) => score),
    };
  });
}
