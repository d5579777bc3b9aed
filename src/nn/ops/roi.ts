import { needsGrad, record } from '../autograd/tape.js';
import { NnError } from '../gpu/errors.js';
import { quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapCapabilitiesOf } from './capabilities.js';
import { planRoiPool, type MapSource } from './map-plan.js';
import { bindPlanes, expectRow, mapDims } from './plane-windows.js';
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
 * RoI max pooling (AOFD-SPEC 1.11): features c4 [N, C, H, W] and rois row [R, 5] with rows
 * (image, x1, y1, x2, y2), corners inclusive and in input pixels, to c4 [R, C, size, size].
 * Corners are rounded half away from zero after scaling, bins use exact integers, an empty bin
 * gives 0. R may be 0. The rois get no gradient.
 */
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
  const lanes = c4 * 4;
  const y = device.empty([count, channels, size, size], { layout: 'c4' });
  const saves = needsGrad(features);
  const argmax = saves ? device.empty([count, c4, size * size, 4], { dtype: 'u32' }) : null;
  const plan = planRoiPool(
    { n: images, c: channels, h, w, rois: count, size },
    mapCapabilitiesOf(device),
  );
  const { windows } = plan;
  const readsTexture = (options.source ?? plan.source) === 'texture';
  for (const window of windows) {
    const out = bindPlanes(y, count, window);
    const saved = argmax ? bindPlanes(argmax, count, window) : null;
    const rows = window.count * size;
    device.dispatch({
      kernel: readsTexture ? 'roi/roi_pool_texture' : 'roi/roi_pool',
      defines: { SIZE: size, ARGMAX: saves },
      bindings: {
        ...(readsTexture ? { x_map: arrayView(mapTexture(features)) } : { x: features }),
        rois,
        y: out.binding,
        ...(saved ? { argmax: saved.binding } : {}),
      },
      params: {
        images,
        ...(readsTexture ? { quads: c4 } : { lanes }),
        h,
        w,
        rows,
        firstRoi: window.first,
        yBase: out.base,
        argmaxBase: saved?.base ?? 0,
        scale: spatialScale,
      },
      workgroups: readsTexture
        ? [Math.ceil(c4 / 8), Math.ceil(rows / 8)]
        : [Math.ceil(lanes / 16), Math.ceil(rows / 4)],
    });
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
        device.dispatch({
          kernel: 'roi/roi_pool_bwd',
          bindings: { dY: gradient.binding, argmax: saved.binding, rois, dX },
          params: {
            lanes,
            hw: h * w,
            bins: size * size,
            firstRoi: window.first,
            count: window.count,
            yBase: gradient.base,
            argmaxBase: saved.base,
            images,
          },
          workgroups: [Math.ceil(lanes / 8), images],
        });
      }
      return [dX];
    },
  });
  return y;
}
