import { needsGrad, record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapCapabilitiesOf } from './capabilities.js';
import { planFeatures, planRoiPool, type FeatureWindow, type MapSource } from './map-plan.js';
import { bindPlanes, expectRow, mapDims, planesOf } from './plane-windows.js';
import { arrayView, mapTexture } from './texture.js';

export interface RoiPoolOptions {
  /** Feature cells per input pixel, e.g. 1/16. */
  spatialScale: number;
  /** Bins along each axis. Default 7. */
  size?: number;
  /** How a bin is reduced; only the maximum is offered. */
  sampling?: 'max';
  /** Where the features are read from; chosen by adapter when absent. */
  source?: MapSource;
}

/**
 * RoI max pooling (docs/spec.md 1.11): features c4 [N, C, H, W] and rois row [R, 5] with rows
 * (image, x1, y1, x2, y2), corners inclusive and in input pixels, to c4 [R, C, size, size].
 * Corners are rounded half away from zero after scaling, bins use exact integers, an empty bin
 * gives 0. R may be 0. The rois get no gradient.
 */
// eslint-disable-next-line max-lines-per-function -- checks, a dispatch for each pair of windows, and the same backwards
export function roiPool(features: Tensor, rois: Tensor, options: RoiPoolOptions): Tensor {
  const { spatialScale, size = 7 } = options;
  const [images, channels, h, w] = mapDims('roiPool', features);
  const count = rois.shape[0] ?? 0;
  expectRow('roiPool', 'rois', rois, [count, 5]);
  if (!(spatialScale > 0) || !Number.isInteger(size) || size < 1) {
    throw new NnError(
      'argument',
      `roiPool: spatialScale must be > 0 and size an integer >= 1, got ${spatialScale} and ${size}.`,
    );
  }
  if (images < 1 && count > 0) {
    throw new NnError('shape', `roiPool: ${count} rois refer to a batch of 0 images.`);
  }
  const { device } = features;
  const c4 = quads(channels);
  const y = device.empty([count, channels, size, size], { layout: 'c4' });
  const saves = needsGrad(features);
  const argmax = saves ? device.empty([count, c4, size * size, 4], { dtype: 'u32' }) : null;
  const plan = planRoiPool(
    { n: images, c: channels, h, w, rois: count, size },
    mapCapabilitiesOf(device),
  );
  const { windows } = plan;
  const readsTexture = (options.source ?? plan.source) === 'texture';
  const parts = planFeatures({ n: images, c: channels, h, w }, device.context.bindingLimit);
  const shared = { images, quads: c4 };
  const whole = { imageFrom: 0, imageCount: images, quadFrom: 0, quadCount: c4 };
  for (const window of windows) {
    const out = bindPlanes(y, count, window);
    const saved = argmax ? bindPlanes(argmax, count, window) : null;
    const rows = window.count * size;
    for (const part of readsTexture ? [whole] : parts) {
      const x = readsTexture ? null : featuresOf(features, part);
      const items = readsTexture ? c4 : part.quadCount * 4;
      device.dispatch({
        kernel: 'roi/roi_pool',
        defines: { SIZE: size, ARGMAX: saves, TEXTURE: readsTexture },
        bindings: {
          ...(x ? { x: x.binding } : { x_map: arrayView(mapTexture(features)) }),
          ...{ rois, y: out.binding },
          ...(saved ? { argmax: saved.binding } : {}),
        },
        params: {
          ...{ ...shared, ...partParams(part), image_count: part.imageCount, items, h, w, rows },
          ...{ roi_from: window.first, x_base: x?.base ?? 0, y_base: out.base },
          ...{ argmax_base: saved?.base ?? 0, scale: spatialScale },
        },
        workgroups: readsTexture
          ? [Math.ceil(items / 8), Math.ceil(rows / 8)]
          : [Math.ceil(items / 16), Math.ceil(rows / 4)],
      });
    }
  }
  record({
    op: 'roiPool',
    inputs: [features],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY || !argmax) return [null];
      const dX = device.zeros(features.shape, { layout: 'c4' });
      for (const window of windows) {
        const gradient = bindPlanes(dY, count, window);
        const saved = bindPlanes(argmax, count, window);
        for (const part of parts) {
          const x = featuresOf(dX, part);
          device.dispatch({
            kernel: 'roi/roi_pool_backward',
            bindings: { dY: gradient.binding, argmax: saved.binding, rois, dX: x.binding },
            params: {
              ...{ ...shared, ...partParams(part), hw: h * w, bins: size * size },
              ...{ roi_from: window.first, roi_count: window.count },
              ...{ x_base: x.base, y_base: gradient.base, argmax_base: saved.base },
            },
            workgroups: [Math.ceil((part.quadCount * 4) / 8), part.imageCount],
          });
        }
      }
      return [dX];
    },
  });
  return y;
}

export function partParams(part: FeatureWindow): Record<string, number> {
  return { image_from: part.imageFrom, quad_from: part.quadFrom, quad_count: part.quadCount };
}

/** The planes of a window, as a binding. */
export function featuresOf(map: Tensor, part: FeatureWindow): ReturnType<typeof bindPlanes> {
  const first = part.imageFrom * quads(map.shape[1] as number) + part.quadFrom;
  return bindPlanes(map, planesOf(map), { first, count: part.imageCount * part.quadCount });
}
