import type { Tensor } from '../../tensor/tensor.js';
import type { LinearShape } from './plan.js';

interface Pass {
  s: LinearShape;
  weight: Tensor;
  /** The tile that a tuned table names. */
  tile: number | undefined;
}

/** y = x · weightᵀ + bias, optionally clamped at 0. */
export interface ForwardPass extends Pass {
  x: Tensor;
  bias: Tensor | null;
  relu: boolean;
  y: Tensor;
}

/** dX = dY · weight. */
export interface InputGradientPass extends Pass {
  dY: Tensor;
  dX: Tensor;
}

/** dW = dYᵀ · x. */
export interface WeightGradientPass extends Pass {
  dY: Tensor;
  x: Tensor;
  dW: Tensor;
}

/** What an algorithm does for each pass of a linear layer. All tensors row, R > 0. */
export interface LinearKernels {
  /** What its kernels read: the tensors' buffers, or textures that are made of them. */
  reads: 'buffer' | 'texture';
  forward(p: ForwardPass): void;
  inputGradient(p: InputGradientPass): void;
  weightGradient(p: WeightGradientPass): void;
}
