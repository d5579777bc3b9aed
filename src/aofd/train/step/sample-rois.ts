import type { AnchorSet } from '../../boxes/anchors.js';
import { faceProbabilities } from '../../boxes/face-probabilities.js';
import { rowsOfImage, type RpnOutput } from '../../model/rpn.js';
import { selectProposals } from '../../boxes/proposals.js';
import { sampleRois, type SampledRois } from '../../boxes/sampler.js';
import type { UniformSource } from '../../boxes/types.js';
import type { ImageFaces } from './faces.js';
import type { StepBatch, StepSettings } from './types.js';

/** RoIs of a whole batch, image after image. */
export interface BatchRois {
  /** [R*5] image, x1, y1, x2, y2. */
  rois: Float32Array;
  /** [R] 1 face, 0 background. */
  labels: Int32Array;
  /** [R*4] normalised box code. */
  targets: Float32Array;
  count: number;
  positives: number;
}

/** Host copies of an RPN output. */
export interface RpnValues {
  logits: Float32Array;
  deltas: Float32Array;
}

/** Starts reading an RPN output back; both copies are recorded before this returns. */
export async function readRpnAsync(rpn: RpnOutput): Promise<RpnValues> {
  const [logits, deltas] = await Promise.all([
    rpn.classLogits.readAsync('rpn scores'),
    rpn.boxDeltas.readAsync('rpn boxes'),
  ]);
  return { logits: logits as Float32Array, deltas: deltas as Float32Array };
}

/** Proposals of image n (docs/spec.md 1.9): boxes [P*4] from best to worst. */
export function proposalsOf(
  values: RpnValues,
  rpn: RpnOutput,
  anchors: AnchorSet,
  batch: StepBatch,
  n: number,
  settings: StepSettings,
): Float32Array {
  const images = batch.boxes.length;
  const logits = rowsOfImage(values.logits, rpn.counts, images, n, 2);
  const input = {
    scores: faceProbabilities(logits),
    anchors: anchors.boxes,
    deltas: rowsOfImage(values.deltas, rpn.counts, images, n, 4),
    size: { width: batch.width, height: batch.height },
    scale: batch.scales?.[n] ?? 1,
  };
  return selectProposals(input, settings.proposals).boxes;
}

/** Draws RoIs at 1:3 (docs/spec.md 1.10). */
export function drawRois(
  proposals: Float32Array,
  faces: ImageFaces,
  settings: StepSettings,
  rng: UniformSource,
): SampledRois {
  return sampleRois(proposals, faces.faces, settings.rois, rng, faces.ignore);
}

/** Joins the RoIs of all images; `positivesOnly` keeps faces alone (generator stage). */
export function joinRois(perImage: readonly SampledRois[], positivesOnly = false): BatchRois {
  const rows: number[] = [];
  const labels: number[] = [];
  const targets: number[] = [];
  perImage.forEach((rois, n) => {
    rois.labels.forEach((label, i) => {
      if (positivesOnly && label !== 1) return;
      rows.push(n, ...rois.boxes.subarray(4 * i, 4 * i + 4));
      labels.push(label);
      targets.push(...rois.targets.subarray(4 * i, 4 * i + 4));
    });
  });
  return {
    rois: Float32Array.from(rows),
    labels: Int32Array.from(labels),
    targets: Float32Array.from(targets),
    count: labels.length,
    positives: labels.filter((label) => label === 1).length,
  };
}

/** The same RoIs in another order. */
export function permuteRois(rois: BatchRois, order: Int32Array): BatchRois {
  const out: BatchRois = {
    ...rois,
    rois: new Float32Array(rois.rois.length),
    labels: new Int32Array(rois.labels.length),
    targets: new Float32Array(rois.targets.length),
  };
  order.forEach((from, to) => {
    out.rois.set(rois.rois.subarray(5 * from, 5 * from + 5), 5 * to);
    out.labels[to] = rois.labels[from] as number;
    out.targets.set(rois.targets.subarray(4 * from, 4 * from + 4), 4 * to);
  });
  return out;
}
