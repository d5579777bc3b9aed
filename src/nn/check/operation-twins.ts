/** The CPU reference of a recorded operation, chosen by its name. */
import { conv2d } from '../twins/conv.js';
import {
  add as addTwin,
  mulElement as mulTwin,
  oneMinus as oneMinusTwin,
  relu as reluTwin,
  sigmoid as sigmoidTwin,
} from '../twins/elementwise.js';
import {
  toAnchorRows as anchorRowsTwin,
  concat as concatTwin,
  copy as copyTwin,
} from '../twins/layout.js';
import { linear } from '../twins/linear.js';
import type { TwinArray } from '../twins/nd.js';
import { maxPool2d } from '../twins/pool.js';
import { upsampleBilinear, upsampleNearest2x } from '../twins/upsample.js';
import { roiPool } from '../twins/roi.js';
import { softmax as softmaxTwin } from '../twins/softmax.js';
import { weightStandardize as weightStandardizeTwin } from '../twins/weight.js';

/** What a record does not say: options of the operation. Sizes that follow from shapes are found. */
export interface OperationHints {
  relu?: boolean;
  dilation?: number;
  anchors?: number;
  spatialScale?: number;
  /** RoIs [R, 5] of a RoI pooling. */
  rois?: TwinArray;
}

/**
 * The reference output, or null where there is no reference for the operation.
 * @param outShape the device's output shape, from which strides and scales follow
 */
export function twinOf(
  op: string,
  inputs: readonly (TwinArray | null)[],
  outShape: readonly number[],
  hints: OperationHints = {},
): TwinArray | null {
  const [a, b, c] = inputs;
  if (!a) return null;
  const [, channels = 0, outH = 0, outW = 0] = outShape;
  switch (op) {
    case 'conv2d': {
      if (!b) return null;
      const { dilation = 1, relu = false } = hints;
      const kernel = b.shape[2] ?? 1;
      const stride = Math.max(1, Math.round((a.shape[2] ?? 1) / Math.max(1, outH)));
      return conv2d(a, b, c ?? null, {
        stride,
        pad: (dilation * (kernel - 1)) / 2,
        dilation,
        relu,
      });
    }
    case 'linear':
      return b ? linear(a, b, c ?? null, hints.relu ?? false) : null;
    case 'relu':
      return reluTwin(a);
    case 'sigmoid':
      return sigmoidTwin(a);
    case 'add':
      return b ? addTwin(a, b) : null;
    case 'mulElement':
      return b ? mulTwin(a, b) : null;
    case 'oneMinus':
      return oneMinusTwin(a);
    case 'maxPool2d':
      return maxPool2d(a, outH * 2 > (a.shape[2] ?? 0) || outW * 2 > (a.shape[3] ?? 0));
    case 'upsampleNearest2x':
      return upsampleNearest2x(a, [outH, outW]);
    case 'upsampleBilinear': {
      const scale = Math.round(outH / Math.max(1, a.shape[2] ?? 1));
      return upsampleBilinear(a, scale, [outH, outW]);
    }
    case 'roiPool':
      if (!hints.rois || hints.spatialScale === undefined) return null;
      return roiPool(a, hints.rois, hints.spatialScale, outH).y;
    case 'toAnchorRows': {
      if (!hints.anchors) return null;
      return anchorRowsTwin(a, hints.anchors, channels === 2 ? 'planar' : 'interleaved');
    }
    case 'concatRows':
      return concatTwin(inputs as TwinArray[], 0);
    case 'concatChannels':
      return concatTwin(inputs as TwinArray[], 1);
    case 'toRow':
    case 'toC4':
    case 'reshape':
      return copyTwin(a, outShape);
    case 'softmax':
      return softmaxTwin(a);
    case 'weightStandardize':
      return b ? weightStandardizeTwin(a, b) : null;
    default:
      return null;
  }
}
