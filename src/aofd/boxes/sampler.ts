import { takeBoxes } from './boxes.js';
import { HEAD_BOX_STDS, encodeBoxes } from './coder.js';
import { bestOverlaps } from './iou.js';
import { boxCount } from './types.js';
import type { BoxArray, BoxConvention, UniformSource } from './types.js';
import { sampleIndices } from './matcher.js';

/** Settings of RoI sampling (docs/spec.md 1.10). */
export interface RoiSampleConfig {
  /** RoIs per image (J6); 128. */
  batchSize: number;
  /** Share of faces among them; 0.25 (the paper's 1:3). */
  positiveFraction: number;
  /** IoU at and above which a RoI is a face; 0.5. */
  positiveIou: number;
  /** Background RoIs have IoU in [negativeIouLow, negativeIouHigh). */
  negativeIouLow: number;
  negativeIouHigh: number;
  /** Ground truth boxes join the candidates; true. */
  addGroundTruth: boolean;
  /** Divisors of the box code; 0.1, 0.1, 0.2, 0.2. */
  stds: readonly number[];
  /** Background RoIs that lie this much (overlap / own area) in an ignored box are left out. */
  ignoreOverlap: number;
  /** Default `inclusive`. */
  convention?: BoxConvention;
}

/** The paper's values. */
export const DEFAULT_ROI_SAMPLE: RoiSampleConfig = {
  batchSize: 128,
  positiveFraction: 0.25,
  positiveIou: 0.5,
  negativeIouLow: 0,
  negativeIouHigh: 0.5,
  addGroundTruth: true,
  stds: HEAD_BOX_STDS,
  ignoreOverlap: 0.5,
};

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
 * @param proposals [P*4], @param gt faces [G*4] (may be empty), @param ignore regions [I*4]
 */
export function sampleRois(
  proposals: BoxArray,
  gt: BoxArray,
  config: RoiSampleConfig,
  rng: UniformSource,
  ignore?: BoxArray,
): SampledRois {
  const candidates = labelCandidates(proposals, gt, config, ignore);
  const fg = indicesWhere(candidates.label, 1);
  const bg = indicesWhere(candidates.label, 0);
  const wanted = Math.round(config.batchSize * config.positiveFraction);
  const pos = sampleIndices(fg, wanted, rng);
  const neg = sampleIndices(bg, config.batchSize - pos.length, rng);
  return collect(candidates, gt, pos, neg, config);
}

/** Every candidate with its label and targets, unsampled: the input of OHEM (docs/spec.md 2). */
export function labelAllRois(
  proposals: BoxArray,
  gt: BoxArray,
  config: RoiSampleConfig,
  ignore?: BoxArray,
): SampledRois {
  const candidates = labelCandidates(proposals, gt, config, ignore);
  const pos = indicesWhere(candidates.label, 1);
  const neg = indicesWhere(candidates.label, 0);
  return collect(candidates, gt, pos, neg, config);
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
  gt: BoxArray,
  config: RoiSampleConfig,
  ignore?: BoxArray,
): Candidates {
  const convention = config.convention ?? 'inclusive';
  const boxes = new Float64Array(proposals.length + (config.addGroundTruth ? gt.length : 0));
  boxes.set(proposals);
  if (config.addGroundTruth) boxes.set(gt, proposals.length);
  const n = boxCount(boxes);
  const { max, argmax } = bestOverlaps(boxes, gt, 'iou', convention);
  const label = new Int8Array(n).fill(-1);
  const covered =
    ignore && ignore.length > 0 ? bestOverlaps(boxes, ignore, 'iof', convention).max : null;
  for (let i = 0; i < n; i++) {
    const iou = max[i]!;
    if (gt.length > 0 && iou >= config.positiveIou) label[i] = 1;
    else if (iou >= config.negativeIouLow && iou < config.negativeIouHigh) {
      label[i] = covered && covered[i]! >= config.ignoreOverlap ? -1 : 0;
    }
  }
  return { boxes, max, argmax, label };
}

function collect(
  candidates: Candidates,
  gt: BoxArray,
  pos: Int32Array,
  neg: Int32Array,
  config: RoiSampleConfig,
): SampledRois {
  const rows = new Int32Array(pos.length + neg.length);
  rows.set(pos);
  rows.set(neg, pos.length);
  const targets = new Float32Array(rows.length * 4);
  targets.set(
    encodeBoxes(
      takeBoxes(candidates.boxes, pos),
      takeBoxes(
        gt,
        pos.map((i) => candidates.argmax[i]!),
      ),
      { convention: config.convention ?? 'inclusive', stds: config.stds },
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

function indicesWhere(labels: Int8Array, value: number): Int32Array {
  const out: number[] = [];
  for (let i = 0; i < labels.length; i++) if (labels[i] === value) out.push(i);
  return Int32Array.from(out);
}
