import {
  codedIou,
  gatherRows,
  giouLoss,
  qualityFocalLoss,
  reshape,
  smoothL1,
  softmaxCrossEntropy,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import { expandBoxTargets } from '../../boxes/sampler.js';
import type { Config } from '../../config/index.js';
import type { HeadOutput } from '../../model/roi-head.js';
import type { WeightedLoss } from './weighted.js';

/** The settings that decide the head's losses. */
type HeadLossConfig = Pick<Config, 'loss' | 'rois' | 'boxes'>;

/**
 * Losses of the RoI head over R rows (docs/spec.md 1.12):
 * - `class`, weight alpha: Lc = 1/R sum of -ln p(label), softmax over background and face;
 * - `box`, weight beta: Lb = 1/R sum over face rows of the box loss, which `loss.box` chooses: smooth
 *   L1 over the four numbers of the normalised box code (the paper), or 1 - GIoU of the decoded boxes.
 * With `loss.score` quality, `class` is the quality focal loss towards the IoU of the predicted boxes, divided
 * by the number of face rows.
 *
 * @param labels [R] 1 face, 0 background
 * @param targets [R*4] normalised box code
 */
export function headLosses(
  device: Device,
  output: HeadOutput,
  labels: Int32Array,
  targets: Float32Array,
  config: HeadLossConfig,
): WeightedLoss[] {
  const labelTensor = device.tensor(labels, [labels.length], { dtype: 'i32', name: 'head.labels' });
  const { loss } = config;
  const classLoss =
    loss.score === 'quality'
      ? qualityLoss(device, output, labels, targets, config)
      : softmaxCrossEntropy(output.classLogits, labelTensor, { reduction: 'mean' });
  const boxLoss = loss.box === 'giou' ? giouBoxLoss : smoothBoxLoss;
  const box = boxLoss(device, output.boxDeltas, labels, targets, config);
  return [
    { name: 'class', value: classLoss, weight: loss.alpha },
    { name: 'box', value: box, weight: loss.beta },
  ];
}

/** Only the face's box, columns 4 to 7, is judged: rows of 8 columns are two of 4, the odd ones the face's. */
function qualityLoss(
  device: Device,
  output: HeadOutput,
  labels: Int32Array,
  targets: Float32Array,
  { rois, boxes }: HeadLossConfig,
): Tensor {
  const rows = labels.length;
  const faces = Int32Array.from({ length: rows }, (_, i) => 2 * i + 1);
  const quality = codedIou(
    gatherRows(
      reshape(output.boxDeltas, [2 * rows, 4]),
      device.tensor(faces, [rows], { dtype: 'i32' }),
    ),
    device.tensor(targets, [rows, 4], { name: 'head.targets' }),
    device.tensor(labels, [rows], { dtype: 'i32' }),
    { stds: rois.stds, maxLogRatio: boxes.maxLogRatio },
  );
  const positives = labels.filter((label) => label === 1).length;
  return qualityFocalLoss(output.classLogits, quality, { divisor: Math.max(1, positives) });
}

function smoothBoxLoss(
  device: Device,
  deltas: Tensor,
  labels: Int32Array,
  targets: Float32Array,
  { loss }: HeadLossConfig,
): Tensor {
  const shape = [labels.length, 8];
  const expanded = expandBoxTargets(labels, targets);
  return smoothL1(
    deltas,
    device.tensor(expanded.targets, shape, { name: 'head.targets' }),
    device.tensor(expanded.inside, shape),
    device.tensor(expanded.outside, shape),
    { sigma: loss.smoothL1SigmaHead },
  );
}

/** Rows of 8 columns are taken as two rows of 4: the background's, of weight 0, and the face's. */
function giouBoxLoss(
  device: Device,
  deltas: Tensor,
  labels: Int32Array,
  targets: Float32Array,
  { rois, boxes }: HeadLossConfig,
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
    { stds: rois.stds, maxLogRatio: boxes.maxLogRatio },
  );
}
