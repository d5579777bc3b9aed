import type { Device, DType, Layout, Tensor } from '../../src/nn/index.js';

/** A float64 array in logical row-major order: the currency of the CPU twins. */
export interface TwinArray {
  shape: number[];
  data: Float64Array;
}

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
  /** Forward and backward tolerance: |got - want| <= atol + rtol * |want|. */
  rtol?: number;
  atol?: number;
  /** Finite differences of the twin: step and tolerance, or false with the reason in a comment. */
  fd?: false | { eps?: number; tol?: number };
}
