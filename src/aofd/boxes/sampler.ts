import type { Config } from '../config/schema.js';
import { takeBoxes } from './boxes.js';
import { encodeBoxes } from './coder.js';
import { bestOverlaps } from './iou.js';
import { indicesOf, sampleIndices } from './subset.js';
import { boxCount, type BoxArray, type ImageFaces, type UniformSource } from './types.js';

/** The settings of RoI sampling. */
export type SamplerConfig = Pick<Config, 'rois' | 'boxes'>;

/** RoIs of one image with their labels. */
export interface SampledRois {
  /** [R*4] in input pixels: faces first, then background. */
  boxes: Float32Array;
  /** [R]: 1 face, 0 background. */
  labels: Int32Array;
  /** [R*4]: normalised box code of the matched face for faces, 0 for background. */
  targets: Float32Array;
  /** [R]: the face with the largest IoU, -1 where the image has none. */
  matched: Int32Array;
  /** [R]: that IoU. */
  iou: Float32Array;
  /** [R]: row among the candidates (proposals, then ground truth). */
  source: Int32Array;
  /** Number of faces; rows [0, positives) are faces. */
  positives: number;
}

/** Candidates of one image with overlap-based labels: what sampling and OHEM choose from. */
interface Candidates {
  boxes: BoxArray;
  max: Float64Array;
  argmax: Int32Array;
  /** 1 face, 0 background, -1 neither. */
  label: Int8Array;
}

/**
 * Draws the RoIs of one image (docs/spec.md 1.10): up to round(batchSize * positiveFraction) faces
 * and background for the rest, without replacement. May return fewer than `batchSize`, or none.
 *
 * @param proposals [P*4]
 */
export function sampleRois(
  proposals: BoxArray,
  image: ImageFaces,
  config: SamplerConfig,
  rng: UniformSource,
): SampledRois {
  const { batchSize, positiveFraction } = config.rois;
  const candidates = labelCandidates(proposals, image, config);
  const fg = indicesOf(candidates.label, 1);
  const bg = indicesOf(candidates.label, 0);
  const pos = sampleIndices(fg, Math.round(batchSize * positiveFraction), rng);
  const neg = sampleIndices(bg, batchSize - pos.length, rng);
  return collect(candidates, image, pos, neg, config);
}

/** Every candidate with its label and targets, unsampled: the input of OHEM (docs/spec.md 2). */
export function labelAllRois(
  proposals: BoxArray,
  image: ImageFaces,
  config: SamplerConfig,
): SampledRois {
  const candidates = labelCandidates(proposals, image, config);
  const pos = indicesOf(candidates.label, 1);
  const neg = indicesOf(candidates.label, 0);
  return collect(candidates, image, pos, neg, config);
}

/** Picks rows of sampled RoIs (for OHEM); faces need not come first any more. */
export function takeRois(rois: SampledRois, rows: ArrayLike<number>): SampledRois {
  const index = Int32Array.from({ length: rows.length }, (_, i) => rows[i]!);
  const labels = index.map((i) => rois.labels[i]!);
  return {
    boxes: takeBoxes(rois.boxes, index),
    labels,
    targets: takeBoxes(rois.targets, index),
    matched: index.map((i) => rois.matched[i]!),
    iou: Float32Array.from(index, (i) => rois.iou[i]!),
    source: index.map((i) => rois.source[i]!),
    positives: labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0),
  };
}

/**
 * Class-specific form of the head's box targets (docs/spec.md 1.12): K classes, 4 columns each, only
 * the RoI's own class carries targets and weights; background none. Returns [R*4K] arrays; the
 * outside weight is `outsideWeight` (1/R for the paper's sum over R) in the same columns.
 */
export function expandBoxTargets(
  labels: Int32Array,
  targets: Float32Array,
  classes = 2,
  outsideWeight = 1 / Math.max(1, labels.length),
): { targets: Float32Array; inside: Float32Array; outside: Float32Array } {
  const width = 4 * classes;
  const out = {
    targets: new Float32Array(labels.length * width),
    inside: new Float32Array(labels.length * width),
    outside: new Float32Array(labels.length * width),
  };
  labels.forEach((label, i) => {
    if (label <= 0) return;
    const at = i * width + 4 * label;
    out.targets.set(targets.subarray(4 * i, 4 * i + 4), at);
    out.inside.fill(1, at, at + 4);
    out.outside.fill(outsideWeight, at, at + 4);
  });
  return out;
}

function labelCandidates(
  proposals: BoxArray,
  { faces, ignore }: ImageFaces,
  { rois, boxes: { convention } }: SamplerConfig,
): Candidates {
  const boxes = new Float64Array(proposals.length + (rois.addGroundTruth ? faces.length : 0));
  boxes.set(proposals);
  if (rois.addGroundTruth) boxes.set(faces, proposals.length);
  const n = boxCount(boxes);
  const { max, argmax } = bestOverlaps(boxes, faces, 'iou', convention);
  const label = new Int8Array(n).fill(-1);
  const covered = ignore.length > 0 ? bestOverlaps(boxes, ignore, 'iof', convention).max : null;
  for (let i = 0; i < n; i++) {
    const iou = max[i]!;
    if (faces.length > 0 && iou >= rois.positiveIou) label[i] = 1;
    else if (iou >= rois.negativeIouLow && iou < rois.negativeIouHigh) {
      label[i] = covered && covered[i]! >= rois.ignoreOverlap ? -1 : 0;
    }
  }
  return { boxes, max, argmax, label };
}

function collect(
  candidates: Candidates,
  { faces }: ImageFaces,
  pos: Int32Array,
  neg: Int32Array,
  { rois: { stds }, boxes: { convention } }: SamplerConfig,
): SampledRois {
  const rows = new Int32Array(pos.length + neg.length);
  rows.set(pos);
  rows.set(neg, pos.length);
  const targets = new Float32Array(rows.length * 4);
  targets.set(
    encodeBoxes(
      takeBoxes(candidates.boxes, pos),
      takeBoxes(
        faces,
        pos.map((i) => candidates.argmax[i]!),
      ),
      { convention, stds },
    ),
  );
  return {
    boxes: Float32Array.from(takeBoxes(candidates.boxes, rows)),
    labels: Int32Array.from(rows, (_, i) => (i < pos.length ? 1 : 0)),
    targets,
    matched: rows.map((i) => candidates.argmax[i]!),
    iou: Float32Array.from(rows, (i) => candidates.max[i]!),
    source: rows,
    positives: pos.length,
  };
}
