import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import type { BufferSlice } from '../kernel/dispatch.js';
import type { Defines } from '../kernel/preprocess.js';
import {
  bind,
  mapWindows,
  type BoundWindow,
  type MapWindow,
  type Window,
} from '../kernel/windows.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapCapabilitiesOf } from './capabilities.js';
import { expectRow, mapDims } from './map-kernel.js';
import { planRoiPool, type MapSource } from './map-plan.js';
import { arrayView, mapTexture } from './texture.js';

export interface RoiOptions {
  /** Feature cells per input pixel, e.g. 1/16. */
  spatialScale: number;
  /** Bins along each axis. Default 7. */
  size?: number;
  /** Where the features are read from; chosen by adapter when absent. */
  source?: MapSource;
}

/** What one way to reduce the bins of RoIs differs from another in. */
export interface BinKernels {
  op: string;
  kernel: string;
  backwardKernel: string;
  defines: Defines;
  backwardDefines?: Defines;
  /** Parameters besides those of windows and features. */
  params: Readonly<Record<string, number>>;
  backwardParams: Readonly<Record<string, number>>;
  /** What the forward pass writes for the backward one, u32 [R, quads, size², 4]: one number a result. */
  argmax?: Tensor | null;
}

/** Checks the arguments of an op over RoIs: features c4 [N, C, H, W] and rois row [R, 5]. */
export function checkRois(op: string, features: Tensor, rois: Tensor, options: RoiOptions): void {
  const { spatialScale, size = 7 } = options;
  const [images] = mapDims(op, features);
  const count = rois.shape[0] ?? 0;
  expectRow(op, 'rois', rois, [count, 5]);
  if (!(spatialScale > 0) || !Number.isInteger(size) || size < 1) {
    throw new NnError(
      'argument',
      `${op}: spatialScale must be > 0 and size an integer >= 1, got ${spatialScale} and ${size}.`,
    );
  }
  if (images < 1 && count > 0) {
    throw new NnError('shape', `${op}: ${count} rois refer to a batch of 0 images.`);
  }
}

/**
 * The bins of RoIs, c4 [R, C, size, size], differentiable in the features: windows of RoIs, each over
 * every window of the features. Arguments are those that `checkRois` passed.
 */
export function reduceBins(
  features: Tensor,
  rois: Tensor,
  options: RoiOptions,
  kernels: BinKernels,
): Tensor {
  const { size = 7, source } = options;
  const { device } = features;
  const [n, c, h, w] = dims4(features.shape);
  const count = rois.shape[0] ?? 0;
  const plan = planRoiPool({ n, c, h, w, rois: count, size }, mapCapabilitiesOf(device));
  const isTexture = (source ?? plan.source) === 'texture';
  const y = device.empty([count, c, size, size], { layout: 'c4' });
  for (const window of plan.windows) {
    for (const part of partsOf(features, isTexture)) {
      forwardPart({ features, rois, y, size, isTexture }, window, part, kernels);
    }
  }
  record({
    op: kernels.op,
    inputs: [features],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = device.zeros(features.shape, { layout: 'c4' });
      for (const window of plan.windows) {
        for (const part of partsOf(dX, false)) {
          backwardPart({ dX, rois, dY, size }, window, part, kernels);
        }
      }
      return [dX];
    },
  });
  return y;
}

/** The windows of a map; a texture is bound whole. */
function partsOf(map: Tensor, isTexture: boolean): MapWindow[] {
  return mapWindows(map, { limit: isTexture ? Infinity : map.device.context.bindingLimit });
}

/** Results (or their gradient, or what was saved of them) of a window of RoIs. */
function binsOf(t: Tensor, { shape }: Tensor, size: number, window: Window): BoundWindow {
  return bind(t.buffer, quads(shape[1] as number) * size ** 2 * 16, window);
}

function forwardPart(
  f: { features: Tensor; rois: Tensor; y: Tensor; size: number; isTexture: boolean },
  window: Window,
  part: MapWindow,
  { kernel, defines, params, argmax }: BinKernels,
): void {
  const { features, rois, size, isTexture } = f;
  const y = binsOf(f.y, features, size, window);
  const saved = argmax ? binsOf(argmax, features, size, window) : null;
  const rows = window.count * size;
  // A texel has four channels, a number of a buffer one.
  const items = isTexture ? part.quadCount : part.quadCount * 4;
  const x: Record<string, BufferSlice | GPUTextureView> = isTexture
    ? { x_map: arrayView(mapTexture(features)) }
    : { x: part };
  features.device.dispatch({
    kernel,
    defines: { ...defines, SIZE: size, TEXTURE: isTexture },
    bindings: { ...x, rois, y, ...(saved ? { argmax: saved } : {}) },
    params: {
      ...params,
      ...partParams(features, part),
      image_count: part.imageCount,
      items,
      rows,
      roi_from: window.start,
      x_base: part.base,
      y_base: y.base,
      ...(argmax === undefined ? {} : { argmax_base: saved?.base ?? 0 }),
    },
    workgroups: isTexture
      ? [Math.ceil(items / 8), Math.ceil(rows / 8)]
      : [Math.ceil(items / 16), Math.ceil(rows / 4)],
  });
}

function backwardPart(
  f: { dX: Tensor; rois: Tensor; dY: Tensor; size: number },
  window: Window,
  part: MapWindow,
  { backwardKernel, backwardDefines = {}, backwardParams, argmax }: BinKernels,
): void {
  const dY = binsOf(f.dY, f.dX, f.size, window);
  const saved = argmax ? binsOf(argmax, f.dX, f.size, window) : null;
  f.dX.device.dispatch({
    kernel: backwardKernel,
    defines: backwardDefines,
    bindings: { dY, rois: f.rois, dX: part, ...(saved ? { argmax: saved } : {}) },
    params: {
      ...backwardParams,
      ...partParams(f.dX, part),
      roi_from: window.start,
      roi_count: window.count,
      x_base: part.base,
      y_base: dY.base,
      ...(saved ? { argmax_base: saved.base } : {}),
    },
    workgroups: [Math.ceil((part.quadCount * 4) / 8), part.imageCount],
  });
}

function partParams({ shape }: Tensor, part: MapWindow): Record<string, number> {
  return {
    images: shape[0] as number,
    quads: quads(shape[1] as number),
    image_from: part.imageFrom,
    quad_from: part.quadFrom,
    quad_count: part.quadCount,
  };
}
