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

/** What is known of a recorded operation: its inputs (at least one), the device's output shape and hints. */
interface Recorded {
  a: TwinArray;
  b: TwinArray | null;
  c: TwinArray | null;
  all: readonly (TwinArray | null)[];
  outShape: readonly number[];
  hints: OperationHints;
}

/** The references by operation; null where a record says too little. Strides and scales follow from shapes. */
const twins: Readonly<Record<string, (r: Recorded) => TwinArray | null>> = {
  conv2d({ a, b, c, outShape, hints }) {
    if (!b) return null;
    const { dilation = 1, relu = false } = hints;
    const kernel = b.shape[2] ?? 1;
    const stride = Math.max(1, Math.round((a.shape[2] ?? 1) / Math.max(1, outShape[2] ?? 0)));
    return conv2d(a, b, c, { stride, pad: (dilation * (kernel - 1)) / 2, dilation, relu });
  },
  linear: ({ a, b, c, hints }) => (b ? linear(a, b, c, hints.relu ?? false) : null),
  relu: ({ a }) => reluTwin(a),
  sigmoid: ({ a }) => sigmoidTwin(a),
  add: ({ a, b }) => (b ? addTwin(a, b) : null),
  mulElement: ({ a, b }) => (b ? mulTwin(a, b) : null),
  oneMinus: ({ a }) => oneMinusTwin(a),
  maxPool2d({ a, outShape: [, , outH = 0, outW = 0] }) {
    return maxPool2d(a, outH * 2 > (a.shape[2] ?? 0) || outW * 2 > (a.shape[3] ?? 0));
  },
  upsampleNearest2x: ({ a, outShape: [, , outH = 0, outW = 0] }) =>
    upsampleNearest2x(a, [outH, outW]),
  upsampleBilinear({ a, outShape: [, , outH = 0, outW = 0] }) {
    return upsampleBilinear(a, Math.round(outH / Math.max(1, a.shape[2] ?? 1)), [outH, outW]);
  },
  roiPool({ a, outShape, hints: { rois, spatialScale } }) {
    if (!rois || spatialScale === undefined) return null;
    return roiPool(a, rois, spatialScale, outShape[2] ?? 0).y;
  },
  toAnchorRows({ a, outShape, hints: { anchors } }) {
    if (!anchors) return null;
    return anchorRowsTwin(a, anchors, outShape[1] === 2 ? 'planar' : 'interleaved');
  },
  concatRows: ({ all }) => concatTwin(all as TwinArray[], 0),
  concatChannels: ({ all }) => concatTwin(all as TwinArray[], 1),
  toRow: ({ a, outShape }) => copyTwin(a, outShape),
  toC4: ({ a, outShape }) => copyTwin(a, outShape),
  reshape: ({ a, outShape }) => copyTwin(a, outShape),
  softmax: ({ a }) => softmaxTwin(a),
  weightStandardize: ({ a, b }) => (b ? weightStandardizeTwin(a, b) : null),
};

/**
 * The reference output, or null where there is no reference for the operation.
 * @param outShape the device's output shape
 */
export function twinOf(
  op: string,
  inputs: readonly (TwinArray | null)[],
  outShape: readonly number[],
  hints: OperationHints = {},
): TwinArray | null {
  const [a, b = null, c = null] = inputs;
  if (!a || !Object.hasOwn(twins, op)) return null;
  return twins[op]?.({ a, b, c, all: inputs, outShape, hints }) ?? null;
}
