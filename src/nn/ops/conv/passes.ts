import type { Tensor } from '../../tensor/tensor.js';
import type { ConvShape } from './shape.js';

interface Pass {
  s: ConvShape;
  weight: Tensor;
  /** The tile that a tuned table names. */
  tile: number | undefined;
}

/** y = conv(x, weight) + bias, optionally clamped at 0. */
export interface ForwardPass extends Pass {
  x: Tensor;
  bias: Tensor | null;
  relu: boolean;
  y: Tensor;
}

/** dX from dY; `gradient` is dY in the memory that the algorithm reads. */
export interface InputGradientPass<Gradient> extends Pass {
  gradient: Gradient;
  dX: Tensor;
}

/** dW from dY and x. */
export interface WeightGradientPass<Gradient> extends Pass {
  gradient: Gradient;
  x: Tensor;
  dW: Tensor;
}

interface Kernels<Reads, Gradient> {
  /** Which memory its kernels read maps from; textures are the mirrors of `mapTexture`. */
  reads: Reads;
  forward(p: ForwardPass): void;
  inputGradient(p: InputGradientPass<Gradient>): void;
  weightGradient(p: WeightGradientPass<Gradient>): void;
}

export type BufferKernels = Kernels<'buffer', Tensor>;
export type TextureKernels = Kernels<'texture', GPUTexture>;

/** What an algorithm does for each pass of a convolution. Maps are c4 and hold at least one element. */
export type ConvKernels = BufferKernels | TextureKernels;
