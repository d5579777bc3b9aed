/** What a step computed on its way; shown to whoever inspects it. Tensors end with the step. */
import type { Tensor } from '../../../nn/index.js';
import type { AnchorSet } from '../../boxes/index.js';
import type { DropoutSeed, HeadOutput, RpnOutput } from '../../model/index.js';
import type { SampledAnchors, WeightedLoss } from '../losses/index.js';
import type { BatchRois } from './rois.js';

/** Counts of one step, for the log. */
export interface StepCounts {
  /** RoIs drawn or mined, and the faces among them. */
  rois: number;
  positives: number;
  /** Anchors sampled, and the faces among them. */
  anchors: number;
  anchorPositives: number;
  /** Images with pixel labels. */
  segImages: number;
  /** Annotated faces. */
  faces: number;
}

/** The part that every kind of step has. */
export interface CommonRecord {
  /** The network's input, c4 [N,3,H,W]. */
  images: Tensor;
  /** The backbone's maps, in its order. */
  features: readonly Tensor[];
  rpn: RpnOutput;
  anchors: AnchorSet;
  /** Per image [P*4], from best to worst. */
  proposals: readonly Float32Array[];
  losses: readonly WeightedLoss[];
  counts: StepCounts;
}

/** A step of a detector or joint stage. */
export interface DetectorRecord extends CommonRecord {
  kind: 'detector';
  sampled: SampledAnchors;
  /** Null where there were no RoIs. */
  head: HeadRecord | null;
  /** Null where no image has pixel labels or the stage leaves the branch out. */
  segmentation: SegmentationRecord | null;
}

/** RoIs through pooling, masks and head. R' is 2R where each RoI enters twice (J15), else R. */
export interface HeadRecord {
  /** In the order in which they entered. */
  rois: BatchRois;
  /** [R] index into MASK_TYPES. */
  types: Uint8Array;
  /** [R'] and [R'*4]. */
  labels: Int32Array;
  targets: Float32Array;
  /** c4 [R,C,7,7], unmasked. */
  pooled: Tensor;
  /** Row [.,49], RoIs that the generator masks; null where there are none. */
  heat: Tensor | null;
  /** Row [R,49]; null where nothing is masked. */
  masks: Tensor | null;
  output: HeadOutput;
  drop: DropoutSeed;
  losses: readonly WeightedLoss[];
}

/** The segmentation branch on the images that have pixel labels. */
export interface SegmentationRecord {
  /** c4 [n,2,h,w] at the branch's stride. */
  scores: Tensor;
  /** By number of the image: the boxes that gate its loss [B*4], and the labels [H*W] after gating. */
  gates: readonly { image: number; boxes: Float64Array; labels: Uint32Array }[];
}

/** A step of the generator stage. */
export interface GeneratorRecord extends CommonRecord {
  kind: 'generator';
  /** Null where the batch has no RoIs to mask. */
  masked: {
    rois: BatchRois;
    pooled: Tensor;
    /** Row [R,49]. */
    heat: Tensor;
    masks: Tensor;
    output: HeadOutput;
    /** Null = no dropout. */
    drop: DropoutSeed | null;
  } | null;
}

export type StepRecord = DetectorRecord | GeneratorRecord;
