import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapCapabilitiesOf } from './capabilities.js';
import { planFeatures, planRoiPool, type MapSource } from './map-plan.js';
import { bindPlanes, expectRow, mapDims } from './plane-windows.js';
import { featuresOf, partParams } from './roi.js';
import { arrayView, mapTexture } from './texture.js';

export interface RoiAlignOptions {
  /** Feature cells per input pixel, e.g. 1/8. */
  spatialScale: number;
  /** Bins along each axis. Default 7. */
  size?: number;
  /** Points per axis of a bin. Default 2. */
  samples?: number;
  /** Where the features are read from; chosen by adapter when absent. */
  source?: MapSource;
}

/**
 * RoIAlign (He et al. 2017, Mask R-CNN 3): features c4 [N, C, H, W] and rois row [R, 5] with rows
 * (image, x1, y1, x2, y2), corners inclusive and in input pixels, to c4 [R, C, size, size]. A bin is
 * the mean of samples x samples points, read bilinearly; no coordinate is rounded, which faces of a few
 * cells need. Points more than a cell outside of the map count as 0. R may be 0. Differentiable in the
 * features; the rois get no gradient.
 */
// eslint-disable-next-line max-lines-per-function -- checks, a dispatch for each pair of windows, and the same backwards
export function roiAlign(features: Tensor, rois: Tensor, options: RoiAlignOptions): Tensor {
  const { spatialScale, size = 7, samples = 2 } = options;
  const [images, channels, h, w] = mapDims('roiAlign', features);
  const count = rois.shape[0] ?? 0;
  expectRow('roiAlign', 'rois', rois, [count, 5]);
  const areWhole = [size, samples].every((v) => Number.isInteger(v) && v >= 1);
  if (!(spatialScale > 0) || !areWhole) {
    throw new NnError(
      'argument',
      `roiAlign: spatialScale must be > 0, size and samples integers >= 1, got ${spatialScale}, ${size} and ${samples}.`,
    );
  }
  if (images < 1 && count > 0) {
    throw new NnError('shape', `roiAlign: ${count} rois refer to a batch of 0 images.`);
  }
  const { device } = features;
  const c4 = quads(channels);
  const y = device.empty([count, channels, size, size], { layout: 'c4' });
  const defines = { SIZE: size, SAMPLES: samples };
  const map = { n: images, c: channels, h, w };
  const plan = planRoiPool({ ...map, rois: count, size }, mapCapabilitiesOf(device));
  const parts = planFeatures(map, device.context.bindingLimit);
  const readsTexture = (options.source ?? plan.source) === 'texture';
  const whole = { imageFrom: 0, imageCount: images, quadFrom: 0, quadCount: c4 };
  const shared = { images, quads: c4, h, w, scale: spatialScale };
  for (const window of plan.windows) {
    const out = bindPlanes(y, count, window);
    const rows = window.count * size;
    for (const part of readsTexture ? [whole] : parts) {
      const x = readsTexture ? null : featuresOf(features, part);
      const items = readsTexture ? c4 : part.quadCount * 4;
      device.dispatch({
        kernel: 'roi/roi_align',
        defines: { ...defines, TEXTURE: readsTexture },
        bindings: {
          ...(x ? { x: x.binding } : { x_map: arrayView(mapTexture(features)) }),
          rois,
          y: out.binding,
        },
        params: {
          ...shared,
          ...partParams(part),
          image_count: part.imageCount,
          items,
          rows,
          roi_from: window.first,
          x_base: x?.base ?? 0,
          y_base: out.base,
        },
        workgroups: readsTexture
          ? [Math.ceil(items / 8), Math.ceil(rows / 8)]
          : [Math.ceil(items / 16), Math.ceil(rows / 4)],
      });
    }
  }
  record({
    op: 'roiAlign',
    inputs: [features],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = device.zeros(features.shape, { layout: 'c4' });
      for (const window of plan.windows) {
        const gradient = bindPlanes(dY, count, window);
        for (const part of parts) {
          const x = featuresOf(dX, part);
          device.dispatch({
            kernel: 'roi/roi_align_backward',
            defines,
            bindings: { dY: gradient.binding, rois, dX: x.binding },
            params: {
              ...shared,
              ...partParams(part),
              roi_from: window.first,
              roi_count: window.count,
              x_base: x.base,
              y_base: gradient.base,
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
