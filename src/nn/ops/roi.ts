import { needsGrad } from '../autograd/tape.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkRois, reduceBins, type RoiOptions } from './roi-bins.js';

export interface RoiPoolOptions extends RoiOptions {
  /** How a bin is reduced; only the maximum is offered. */
  sampling?: 'max';
}

/**
 * RoI max pooling (docs/spec.md 1.11): features c4 [N, C, H, W] and rois row [R, 5] with rows
 * (image, x1, y1, x2, y2), corners inclusive and in input pixels, to c4 [R, C, size, size].
 * Corners are rounded half away from zero after scaling, bins use exact integers, an empty bin
 * gives 0. R may be 0. The rois get no gradient.
 */
export function roiPool(features: Tensor, rois: Tensor, options: RoiPoolOptions): Tensor {
  checkRois('roiPool', features, rois, options);
  const { spatialScale, size = 7 } = options;
  const [, c, h, w] = dims4(features.shape);
  const saves = needsGrad(features);
  const saved = [rois.shape[0] ?? 0, quads(c), size * size, 4];
  return reduceBins(features, rois, options, {
    op: 'roiPool',
    kernel: 'roi/roi_pool',
    backwardKernel: 'roi/roi_pool_backward',
    defines: { ARGMAX: saves },
    params: { h, w, scale: spatialScale },
    backwardParams: { hw: h * w, bins: size * size },
    argmax: saves ? features.device.empty(saved, { dtype: 'u32' }) : null,
  });
}
