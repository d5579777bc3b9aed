import type { TwinArray } from '../../../src/nn/twins/nd.js';
import type { Device, DType, Layout, Tensor } from '../../../src/nn/index.js';

export type { TwinArray };

export interface CaseInput {
  shape: number[];
  layout?: Layout;
  dtype?: DType;
  /** Value of element i (logical row-major); `random` gives the next number in [0, 1). */
  fill: (random: () => number, i: number) => number;
  /** Whether the gradient with respect to this input is checked. Default true for f32. */
  grad?: boolean;
}

/**
 * One row of the kernel test table. The same row is run as: parity with the twin, gradient
 * against the twin's backward, twin's backward against finite differences, and timing.
 */
export interface OpCase {
  name: string;
  inputs: Record<string, CaseInput>;
  run: (t: Record<string, Tensor>, device: Device) => Tensor;
  twin: (a: Record<string, TwinArray>) => TwinArray;
  /** Gradients by input name, given dY. Absent: the operation has no gradient. */
  twinGrad?: (a: Record<string, TwinArray>, dY: TwinArray) => Record<string, TwinArray>;
  /** Forward and backward tolerance: |got - want| <= atol + rtol * |want|. Default 1e-5, 1e-6. */
  rtol?: number;
  atol?: number;
  /** Tolerances of gradients where they differ from the forward ones. */
  gradRtol?: number;
  gradAtol?: number;
  /**
   * Finite differences of the twin: step (default 1e-5) and tolerance (default 1e-6, of
   * max(1, |gradient|)), or false with the reason in a comment.
   */
  fd?: false | { eps?: number; tol?: number };
  /** Runs the case once more with bindings of at most this many bytes: the windowed paths. */
  lowLimit?: number;
  /**
   * Whether guard words behind each buffer are bound too, so that writes past the end are seen
   * (default). False for kernels that ask for arrayLength.
   */
  guard?: boolean;
  /** Why this device cannot run the case, or null. */
  skip?: (device: Device) => string | null;
}
