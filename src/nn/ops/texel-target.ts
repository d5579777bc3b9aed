/**
 * Where kernels put the texels of a texture. Lavapipe stores eight lanes into a texture in 40 to 550 ns, by processor and
 * load, and into a buffer in 60 to 70: there kernels write a buffer, which one copy then moves (docs/software-kernels.md). Elsewhere they
 * store into the texture. Kernels: include/texel_target.wgsl.
 */
import type { BindingResource } from '../kernel/dispatch.js';
import type { TensorDevice } from '../tensor/tensor.js';
import { arrayView } from './array-view.js';

/** Rows of a copy are multiples of so many texels, 256 bytes. */
const rowTexels = 16;

export interface TexelTarget {
  defines: { BUFFER: boolean };
  /** What the kernel binds as `texels`. */
  texels: BindingResource;
  params: { pitch: number; layer_pitch: number };
  /** To be called once everything that writes was dispatched. */
  finish(): void;
}

/** For kernels that write every texel of `texture` that will be read. */
export function texelTarget({ context }: TensorDevice, texture: GPUTexture): TexelTarget {
  const { width, height, depthOrArrayLayers } = texture;
  const pitch = Math.ceil(width / rowTexels) * rowTexels;
  const params = { pitch, layer_pitch: pitch * height };
  const size = params.layer_pitch * depthOrArrayLayers * 16;
  if (!context.storesThroughBuffers || size > context.bindingLimit) {
    return {
      defines: { BUFFER: false },
      texels: arrayView(texture),
      params,
      finish: () => undefined,
    };
  }
  const buffer = context.acquireBuffer(size);
  return {
    defines: { BUFFER: true },
    texels: { buffer, offset: 0, size },
    params,
    finish() {
      copyTexels(context, buffer, texture);
      context.releaseBuffer(buffer);
    },
  };
}

/** Fills a texture from a buffer of its rows, each padded to a multiple of 256 bytes. */
export function copyTexels(
  context: TensorDevice['context'],
  buffer: GPUBuffer,
  texture: GPUTexture,
): void {
  const { width, height, depthOrArrayLayers } = texture;
  const bytesPerRow = Math.ceil(width / rowTexels) * rowTexels * 16;
  context
    .copyEncoder()
    .copyBufferToTexture({ buffer, bytesPerRow, rowsPerImage: height }, { texture }, [
      width,
      height,
      depthOrArrayLayers,
    ]);
  context.recorded();
}
