import type { BoxesConfig } from '../config/schema.js';

/**
 * Shared vocabulary of the box code.
 *
 * Boxes are flat arrays `[x1, y1, x2, y2, x1, ...]` in pixels; R boxes occupy 4R numbers. Nothing
 * in this folder knows of tensors or devices, so that every function can be tested in float64.
 */

/** R boxes as 4R numbers, x1, y1, x2, y2. */
export type BoxArray = Float32Array | Float64Array;

/** Plain numbers, one per box. */
export type ScoreArray = Float32Array | Float64Array;

/**
 * How corners are read.
 * - `inclusive`: x2 is the last pixel inside, width = x2 - x1 + 1 (py-faster-rcnn, the paper).
 * - `continuous`: corners are positions on a real line, width = x2 - x1.
 */
export type BoxConvention = BoxesConfig['convention'];

/** What is known of one image: its faces, and regions that are neither face nor background. */
export interface ImageFaces {
  /** [G*4], none empty; G may be 0. */
  faces: BoxArray;
  /** [I*4]; I may be 0. */
  ignore: BoxArray;
}

/** What `x2 - x1` lacks to be the width: 1 for inclusive corners, 0 for continuous ones. */
export function extentOf(convention: BoxConvention): 0 | 1 {
  return convention === 'inclusive' ? 1 : 0;
}

/** The part of a random generator that sampling needs (CounterRng has it). */
export interface UniformSource {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
}

/** Size of an image in pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** Number of boxes in a flat array; throws RangeError where the length is no multiple of 4. */
export function boxCount(boxes: ArrayLike<number>): number {
  if (boxes.length % 4 !== 0) {
    throw new RangeError(
      `A box array holds 4 numbers per box, got ${boxes.length} numbers. ` +
        'Fix: pass x1, y1, x2, y2 for each box in one flat array.',
    );
  }
  return boxes.length / 4;
}
