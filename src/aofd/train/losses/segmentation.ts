import {
  coverDice,
  sigmoidBceMap,
  softmaxCrossEntropyMap,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import { enlargeBoxes, gateMask, type BoxArray, type ImageSize } from '../../boxes/index.js';
import type { Config } from '../../config/index.js';
import type { WeightedLoss } from './weighted.js';

/** Pixel label that takes no part in the loss; packed: nothing is known of either map. */
export const IGNORE_PIXEL = 255;

/** Packed label of a covered pixel: in the face region (bits 0 and 1), not visible face (bits 2 and 3). */
const COVERED_PIXEL = 0b0001;

/**
 * Labels of one image for the segmentation loss (docs/spec.md 4.3): kept inside the boxes enlarged by
 * `loss.segBoxScale`, 255 outside. Returns [H*W].
 *
 * @param labels [H*W] of 0, 1, 255
 * @param boxes [G*4] faces and sampled face RoIs, inclusive corners
 */
export function gateLabels(
  labels: Uint8Array,
  boxes: BoxArray,
  size: ImageSize,
  { loss, boxes: { convention } }: Pick<Config, 'loss' | 'boxes'>,
): Uint32Array {
  const gate = gateMask(enlargeBoxes(boxes, loss.segBoxScale, size, convention), size, convention);
  const out = new Uint32Array(labels.length).fill(IGNORE_PIXEL);
  for (let i = 0; i < out.length; i++) if (gate[i] === 1) out[i] = labels[i] as number;
  return out;
}

/**
 * Ls (docs/spec.md 4.2): softmax cross-entropy -ln p(label) over the pixels with a label, their sum
 * (the paper, J17) or mean. With `model.segmentation.output` region-visible: binary cross-entropy of the two
 * maps over what is known of each pixel (seg-labels.ts says how labels are packed), and with `loss.segDice` the Dice
 * loss of what is covered, in which a thin rim of glasses counts as much as a scarf.
 *
 * @param logits c4 [N,2,H,W]
 * @param labels [N*H*W] of 0, 1, 255
 * @param mu the stage's weight of this loss
 */
export function segmentationLoss(
  device: Device,
  logits: Tensor,
  labels: Uint32Array,
  { loss, model }: Pick<Config, 'loss' | 'model'>,
  mu: number,
): WeightedLoss[] {
  const { output } = model.segmentation;
  const [images = 0, , height = 0, width = 0] = logits.shape;
  const target = device.tensor(labels, [images, height, width], {
    dtype: 'u32',
    name: 'segmentation.labels',
  });
  if (output !== 'region-visible') {
    const value = softmaxCrossEntropyMap(logits, target, { reduction: loss.segReduction });
    return [{ name: 'segmentation', value, weight: mu }];
  }
  const value = sigmoidBceMap(logits, target, {
    reduction: loss.segReduction,
    rare: COVERED_PIXEL,
    rareWeight: loss.segCoverWeight,
  });
  const losses: WeightedLoss[] = [{ name: 'segmentation', value, weight: mu }];
  const dice = loss.segDice ?? 0;
  if (dice > 0) {
    losses.push({ name: 'segDice', value: coverDice(logits, target), weight: mu * dice });
  }
  return losses;
}
