import type { StepBatch } from './types.js';

/** Boxes of one image, split into faces and regions that are neither face nor background. */
export interface ImageFaces {
  /** [G*4] */
  faces: Float64Array;
  /** [I*4] */
  ignore: Float64Array;
}

/** Splits the boxes of image n. */
export function facesOf(batch: StepBatch, n: number): ImageFaces {
  const boxes = batch.boxes[n] ?? new Float32Array();
  const flags = batch.ignore[n] ?? new Uint8Array();
  const split: { faces: number[]; ignore: number[] } = { faces: [], ignore: [] };
  for (let i = 0; i < boxes.length / 4; i++) {
    const into = flags[i] === 1 ? split.ignore : split.faces;
    for (let j = 4 * i; j < 4 * i + 4; j++) into.push(boxes[j] as number);
  }
  return { faces: Float64Array.from(split.faces), ignore: Float64Array.from(split.ignore) };
}
