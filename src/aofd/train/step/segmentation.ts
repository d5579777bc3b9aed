import { concatRows, sliceRows, type Tensor } from '../../../nn/index.js';
import type { ImageFaces } from '../../boxes/index.js';
import { gateLabels, segmentationLoss, type WeightedLoss } from '../losses/index.js';
import type { StepContext } from './context.js';
import { gateBoxes } from './gate-boxes.js';
import type { SegmentationRecord } from './record.js';
import type { BatchRois } from './rois.js';
import type { StepBatch } from './types.js';

/** What the segmentation branch says of the images that have pixel labels. */
export interface Segmented {
  /** c4 [n,2,h,w] at the branch's stride. */
  scores: Tensor;
  /** c4 [n,2,H,W] at the images' size. */
  logits: Tensor;
  /** Numbers of those images in the batch. */
  images: readonly number[];
}

/**
 * The branch on the images of a batch that have pixel labels (docs/spec.md 4.3); null where there are
 * none, or the stage leaves the branch out. Recorded before the RoIs are known.
 */
export function segment(
  { model, params, stage }: StepContext,
  batch: StepBatch,
  features: readonly Tensor[],
): Segmented | null {
  if (stage.mu === 0 || !model.segmentation) return null;
  const images = batch.segLabels.flatMap((labels, n) => (labels ? [n] : []));
  if (images.length === 0) return null;
  const isAll = images.length === batch.boxes.length;
  const chosen = (map: Tensor): Tensor =>
    isAll ? map : concatRows(runsOf(images).map(([from, size]) => sliceRows(map, from, size)));
  const scores = model.segment(params, features, chosen);
  if (!scores) return null;
  const logits = model.segmentation.upsample(scores, batch.height, batch.width);
  return { scores, logits, images };
}

/**
 * The loss, gated by the annotated faces and the boxes that the head makes of the face RoIs
 * (docs/spec.md 4.3).
 *
 * @param rois in the order of the head's rows; null = none
 * @param deltas the head's box code [R*8] or longer
 */
export function gateSegmentation(
  { device, config, stage }: StepContext,
  batch: StepBatch,
  { scores, logits, images }: Segmented,
  faces: readonly ImageFaces[],
  rois: BatchRois | null,
  deltas: ArrayLike<number>,
): { losses: WeightedLoss[]; record: SegmentationRecord } {
  const pixels = batch.width * batch.height;
  const labels = new Uint32Array(images.length * pixels);
  const gates = images.map((image, at) => {
    const known = (faces[image] as ImageFaces).faces;
    const boxes = gateBoxes(image, known, rois, deltas, batch, config);
    const gated = gateLabels(batch.segLabels[image] as Uint8Array, boxes, batch, config);
    labels.set(gated, at * pixels);
    return { image, boxes, labels: gated };
  });
  const losses = device.context.label('losses', () =>
    segmentationLoss(device, logits, labels, config, stage.mu),
  );
  return { losses, record: { scores, gates } };
}

/** Runs of consecutive numbers as [first, length]. */
function runsOf(sorted: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of sorted) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === value) last[1]++;
    else runs.push([value, 1]);
  }
  return runs;
}
