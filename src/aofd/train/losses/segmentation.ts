import { softmaxCrossEntropyMap, type Device, type Tensor } from '../../../nn/index.js';
import { enlargeBoxes, gateMask, type BoxConvention } from '../../boxes/index.js';

/** Pixel label that takes no part in the loss. */
export const IGNORE_PIXEL = 255;

/**
 * Labels of one image for the segmentation loss (docs/spec.md 4.3): kept inside the boxes enlarged by
 * `scale`, 255 outside.
 *
 * @param labels [H*W] of 0, 1, 255
 * @param boxes [G*4] faces and sampled face RoIs, inclusive corners
 */
export function gateLabels(
  labels: Uint8Array,
  boxes: Float64Array | Float32Array,
  size: { width: number; height: number },
  scale: number,
  convention: BoxConvention = 'inclusive',
): Uint32Array {
  const gate = gateMask(enlargeBoxes(boxes, scale, size, convention), size, convention);
  const out = new Uint32Array(labels.length).fill(IGNORE_PIXEL);
  for (let i = 0; i < out.length; i++) if (gate[i] === 1) out[i] = labels[i] as number;
  return out;
}

/**
 * Softmax cross-entropy of the pixels with a label: their sum (the paper, J17) or mean.
 *
 * @param logits c4 [N,2,H,W]
 * @param labels [N*H*W] of 0, 1, 255
 */
export function segmentationLoss(
  device: Device,
  logits: Tensor,
  labels: Uint32Array,
  reduction: 'sum' | 'mean',
): Tensor {
  const [images = 0, , height = 0, width = 0] = logits.shape;
  const target = device.tensor(labels, [images, height, width], {
    dtype: 'u32',
    name: 'segmentation.labels',
  });
  return softmaxCrossEntropyMap(logits, target, { reduction });
}
