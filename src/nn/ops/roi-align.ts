import { NnError } from '../errors.js';
import { dims4 } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkRois, reduceBins, type RoiOptions } from './roi-bins.js';

export interface RoiAlignOptions extends RoiOptions {
  /** Points per axis of a bin. Default 2. */
  samples?: number;
}

/**
 * RoIAlign (He et al. 2017, Mask R-CNN 3): features c4 [N, C, H, W] and rois row [R, 5] with rows
 * (image, x1, y1, x2, y2), corners inclusive and in input pixels, to c4 [R, C, size, size]. A bin is
 * the mean of samples x samples points, read bilinearly; no coordinate is rounded, which faces of a few
 * cells need. Points more than a cell outside of the map count as 0. R may be 0. Differentiable in the
 * features; the rois get no gradient.
 */
export function roiAlign(features: Tensor, rois: Tensor, options: RoiAlignOptions): Tensor {
  checkRois('roiAlign', features, rois, options);
  const { spatialScale, size = 7, samples = 2 } = options;
  if (!Number.isInteger(samples) || samples < 1) {
    throw new NnError('argument', `roiAlign: samples must be an integer >= 1, got ${samples}.`);
  }
  const [, , h, w] = dims4(features.shape);
  const params = { h, w, scale: spatialScale };
  return reduceBins(features, rois, options, {
    op: 'roiAlign',
    kernel: 'roi/roi_align',
    backwardKernel: 'roi/roi_align_backward',
    defines: { SAMPLES: samples },
    backwardDefines: { SIZE: size, SAMPLES: samples },
    params,
    backwardParams: params,
  });
}
