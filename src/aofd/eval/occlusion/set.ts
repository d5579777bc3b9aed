/** What the occlusion protocol needs to know of a set. */
import type { EvalImage } from '../protocol.js';

/** A picture with the pixel labels of its faces. */
export interface MaskedImage extends EvalImage {
  width: number;
  height: number;
  /** [height*width]: 1 where something covers a face, else 0. */
  labels: Uint8Array;
  /** [height*width]: 1 in the whole face region, covered or not; null where the set does not tell. */
  region: Uint8Array | null;
  /** [G*4], inclusive corners. */
  boxes: Float64Array;
  /** The labels' own name and file. */
  mask: EvalImage;
  /** The covering object was drawn in by a program. */
  isSynthetic: boolean;
}

export interface OcclusionSet {
  name: string;
  images: readonly MaskedImage[];
}
