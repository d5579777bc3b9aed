import { gatherRows, smoothL1, softmaxCrossEntropy, type Device } from '../../../nn/index.js';
import type { AnchorTargets } from '../../boxes/matcher.js';
import type { LossConfig } from '../../config/index.js';
import { anchorRow, type RpnOutput } from '../../model/rpn.js';
import type { WeightedLoss } from './weighted.js';

/** Sampled anchors of a batch as rows of the RPN's output. */
export interface SampledAnchors {
  /** [S] row of each anchor. */
  rows: Int32Array;
  /** [S] 1 face, 0 background. */
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

/**
 * Losses of the region proposal network over the S sampled anchors of a batch (docs/spec.md 1.8):
 * - `rpnClass` = 1/S sum of -ln p(label), softmax over background and face;
 * - `rpnBox` = 1/S sum over positives and their four codes of smooth L1 with sigma
 *   `loss.smoothL1SigmaRpn` (3 in the paper).
 */
export function rpnLosses(
  device: Device,
  rpn: RpnOutput,
  sampled: SampledAnchors,
  loss: LossConfig,
): WeightedLoss[] {
  const count = sampled.rows.length;
  const index = device.tensor(sampled.rows, [count], { dtype: 'i32', name: 'rpn.sampled' });
  const labels = device.tensor(sampled.labels, [count], { dtype: 'i32', name: 'rpn.labels' });
  const logits = gatherRows(rpn.classLogits, index);
  const rpnClass = softmaxCrossEntropy(logits, labels, { reduction: 'mean' });
  const deltas = gatherRows(rpn.boxDeltas, index);
  const inside = new Float32Array(count * 4);
  for (let i = 0; i < count; i++) if (sampled.labels[i] === 1) inside.fill(1, 4 * i, 4 * i + 4);
  const share = 1 / Math.max(1, count);
  const rpnBox = smoothL1(
    deltas,
    device.tensor(sampled.targets, [count, 4], { name: 'rpn.targets' }),
    device.tensor(inside, [count, 4]),
    device.tensor(
      inside.map((v) => v * share),
      [count, 4],
    ),
    { sigma: loss.smoothL1SigmaRpn },
  );
  return [
    { name: 'rpnClass', value: rpnClass, weight: loss.rpnClass },
    { name: 'rpnBox', value: rpnBox, weight: loss.rpnBox },
  ];
}
