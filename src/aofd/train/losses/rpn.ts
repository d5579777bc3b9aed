import {
  codedIou,
  gatherRows,
  giouLoss,
  qualityFocalLoss,
  smoothL1,
  softmaxCrossEntropy,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import type { DenseTargets } from '../../boxes/atss.js';
import type { AnchorTargets } from '../../boxes/matcher.js';
import type { Config } from '../../config/index.js';
import { anchorRow, type RpnOutput } from '../../model/rpn.js';
import type { WeightedLoss } from './weighted.js';

/** Anchors of a batch that are trained, as rows of the RPN's output. */
export interface SampledAnchors {
  /** [S] row of each anchor. */
  rows: Int32Array;
  /** Every row of the output, in order. */
  isAll: boolean;
  /** [S] 1 face, 0 background, -1 not used (only where these are all rows). */
  labels: Int32Array;
  /** [S*4] box code; 0 for background. */
  targets: Float32Array;
  positives: number;
}

/** Collects the sampled anchors of all images: positives first, then negatives, image by image. */
export function collectAnchors(
  targets: readonly AnchorTargets[],
  counts: readonly number[],
): SampledAnchors {
  const total = targets.reduce((sum, t) => sum + t.positives.length + t.negatives.length, 0);
  const out: SampledAnchors = {
    rows: new Int32Array(total),
    labels: new Int32Array(total),
    targets: new Float32Array(total * 4),
    positives: 0,
    isAll: false,
  };
  let at = 0;
  targets.forEach((image, n) => {
    for (const a of image.positives) {
      out.rows[at] = anchorRow(counts, targets.length, n, a);
      out.labels[at] = 1;
      out.targets.set(image.targets.subarray(4 * a, 4 * a + 4), 4 * at);
      at++;
    }
    for (const a of image.negatives) out.rows[at++] = anchorRow(counts, targets.length, n, a);
    out.positives += image.positives.length;
  });
  return out;
}

/** All anchors of all images, those that are not used with the label -1. */
export function collectAllAnchors(
  targets: readonly DenseTargets[],
  counts: readonly number[],
): SampledAnchors {
  const images = targets.length;
  const total = images * counts.reduce((a, b) => a + b, 0);
  const out: SampledAnchors = {
    rows: Int32Array.from({ length: total }, (_, row) => row),
    labels: new Int32Array(total),
    targets: new Float32Array(total * 4),
    positives: 0,
    isAll: true,
  };
  targets.forEach((image, n) => {
    let from = 0; // in the image
    let level = 0; // first row of the level in the output
    for (const count of counts) {
      const row = level + n * count;
      out.labels.set(image.labels.subarray(from, from + count), row);
      out.targets.set(image.targets.subarray(4 * from, 4 * (from + count)), 4 * row);
      from += count;
      level += images * count;
    }
    out.positives += image.positives.length;
  });
  return out;
}

/**
 * Losses of the region proposal network over the S sampled anchors of a batch (docs/spec.md 1.8):
 * - `rpnClass` = 1/S sum of -ln p(label), softmax over background and face;
 * - `rpnBox` = 1/S sum over positives and their four codes of smooth L1 with sigma
 *   `loss.smoothL1SigmaRpn` (3 in the paper).
 * With `loss.score` quality, `rpnClass` is the quality focal loss towards the IoU of the predicted boxes,
 * and with `loss.rpnBoxForm` giou, `rpnBox` the sum of 1 - GIoU; both divided by the number of positives.
 */
export function rpnLosses(
  device: Device,
  rpn: RpnOutput,
  sampled: SampledAnchors,
  { loss, boxes: { maxLogRatio } }: Pick<Config, 'loss' | 'boxes'>,
): WeightedLoss[] {
  const count = sampled.rows.length;
  const labels = device.tensor(sampled.labels, [count], { dtype: 'i32', name: 'rpn.labels' });
  const goals = device.tensor(sampled.targets, [count, 4], { name: 'rpn.targets' });
  const rows = sampled.isAll
    ? null
    : device.tensor(sampled.rows, [count], { dtype: 'i32', name: 'rpn.sampled' });
  const logits = rows ? gatherRows(rpn.classLogits, rows) : rpn.classLogits;
  const deltas = rows ? gatherRows(rpn.boxDeltas, rows) : rpn.boxDeltas;
  const rpnClass =
    loss.score === 'quality'
      ? qualityFocalLoss(logits, codedIou(deltas, goals, labels, { maxLogRatio }), {
          divisor: Math.max(1, sampled.positives),
        })
      : softmaxCrossEntropy(logits, labels, { reduction: 'mean' });
  const rpnBox =
    loss.rpnBoxForm === 'giou'
      ? giouLoss(deltas, goals, positiveShares(device, sampled, sampled.positives), { maxLogRatio })
      : smoothBoxes(device, deltas, goals, sampled, loss.smoothL1SigmaRpn);
  return [
    { name: 'rpnClass', value: rpnClass, weight: loss.rpnClass },
    { name: 'rpnBox', value: rpnBox, weight: loss.rpnBox },
  ];
}

/** Row [S]: 1 / divisor where the label is 1, else 0. */
function positiveShares(device: Device, { labels }: SampledAnchors, divisor: number): Tensor {
  const weights = Float32Array.from(labels, (label) =>
    label === 1 ? 1 / Math.max(1, divisor) : 0,
  );
  return device.tensor(weights, [labels.length]);
}

function smoothBoxes(
  device: Device,
  deltas: Tensor,
  goals: Tensor,
  { labels }: SampledAnchors,
  sigma: number,
): Tensor {
  const count = labels.length;
  const inside = new Float32Array(count * 4);
  for (let i = 0; i < count; i++) if (labels[i] === 1) inside.fill(1, 4 * i, 4 * i + 4);
  const share = 1 / Math.max(1, count);
  return smoothL1(
    deltas,
    goals,
    device.tensor(inside, [count, 4]),
    device.tensor(
      inside.map((v) => v * share),
      [count, 4],
    ),
    { sigma },
  );
}
