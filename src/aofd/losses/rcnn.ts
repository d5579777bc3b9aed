import { smoothL1, softmaxCrossEntropy, type Device, type Tensor } from '../../nn/index.js';
import type { HeadOutput } from '../model/roi-head.js';
import { expandBoxTargets } from '../sampler.js';

/** Losses of the RoI head, each a scalar [1]: Lc and Lb of the paper. */
export interface HeadLosses {
  class: Tensor;
  box: Tensor;
}

/**
 * Losses of the RoI head (AOFD-SPEC 1.12): mean softmax cross-entropy over all rows; smooth L1 with
 * sigma 1 on the face class's 4 columns of face rows, summed and divided by the number of rows.
 *
 * @param labels [R] 1 face, 0 background
 * @param targets [R*4] normalised box code
 */
export function headLosses(
  device: Device,
  output: HeadOutput,
  labels: Int32Array,
  targets: Float32Array,
  sigma: number,
): HeadLosses {
  const rows = labels.length;
  const labelTensor = device.tensor(labels, [rows], { dtype: 'i32', name: 'head.labels' });
  const expanded = expandBoxTargets(labels, targets);
  const shape = [rows, 8];
  return {
    class: softmaxCrossEntropy(output.classLogits, labelTensor, { reduction: 'mean' }),
    box: smoothL1(
      output.boxDeltas,
      device.tensor(expanded.targets, shape, { name: 'head.targets' }),
      device.tensor(expanded.inside, shape),
      device.tensor(expanded.outside, shape),
      { sigma },
    ),
  };
}
