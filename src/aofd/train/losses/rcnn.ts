import {
  giouLoss,
  reshape,
  smoothL1,
  softmaxCrossEntropy,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import type { HeadOutput } from '../../model/roi-head.js';
import { expandBoxTargets } from '../../boxes/sampler.js';

/** Losses of the RoI head, each a scalar [1]: Lc and Lb of the paper. */
export interface HeadLosses {
  class: Tensor;
  box: Tensor;
}

/** How boxes are judged. */
export interface BoxLossOptions {
  /** On the box code (the paper), or 1 - GIoU of the decoded boxes. */
  kind: 'smooth-l1' | 'giou';
  /** smooth-l1: where the quadratic part ends. */
  sigma: number;
  /** giou: divisors of the box code. */
  stds: readonly number[];
  /** giou: cap of dw and dh before exp (J3). */
  maxLogRatio: number;
}

/**
 * Losses of the RoI head (docs/spec.md 1.12): mean softmax cross-entropy over all rows; the box loss of
 * the face class's 4 columns of face rows, summed and divided by the number of rows.
 *
 * @param labels [R] 1 face, 0 background
 * @param targets [R*4] normalised box code
 */
export function headLosses(
  device: Device,
  output: HeadOutput,
  labels: Int32Array,
  targets: Float32Array,
  box: BoxLossOptions,
): HeadLosses {
  const labelTensor = device.tensor(labels, [labels.length], { dtype: 'i32', name: 'head.labels' });
  const lossOf = box.kind === 'giou' ? giouBoxLoss : smoothBoxLoss;
  return {
    class: softmaxCrossEntropy(output.classLogits, labelTensor, { reduction: 'mean' }),
    box: lossOf(device, output.boxDeltas, labels, targets, box),
  };
}

function smoothBoxLoss(
  device: Device,
  deltas: Tensor,
  labels: Int32Array,
  targets: Float32Array,
  { sigma }: BoxLossOptions,
): Tensor {
  const shape = [labels.length, 8];
  const expanded = expandBoxTargets(labels, targets);
  return smoothL1(
    deltas,
    device.tensor(expanded.targets, shape, { name: 'head.targets' }),
    device.tensor(expanded.inside, shape),
    device.tensor(expanded.outside, shape),
    { sigma },
  );
}

/** Rows of 8 columns are taken as two rows of 4: the background's, of weight 0, and the face's. */
function giouBoxLoss(
  device: Device,
  deltas: Tensor,
  labels: Int32Array,
  targets: Float32Array,
  { stds, maxLogRatio }: BoxLossOptions,
): Tensor {
  const rows = labels.length;
  const weights = new Float32Array(2 * rows);
  labels.forEach((label, i) => {
    if (label === 1) weights[2 * i + 1] = 1 / rows;
  });
  return giouLoss(
    reshape(deltas, [2 * rows, 4]),
    device.tensor(expandBoxTargets(labels, targets).targets, [2 * rows, 4], {
      name: 'head.targets',
    }),
    device.tensor(weights, [2 * rows]),
    { stds, maxLogRatio },
  );
}
