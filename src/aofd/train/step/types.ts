import type { AnchorTargetConfig } from '../../boxes/matcher.js';
import type { Tensor } from '../../../nn/index.js';
import type { BoxConvention } from '../../boxes/index.js';
import type { Config } from '../../config/index.js';
import type { OhemConfig } from '../../boxes/ohem.js';
import type { ProposalConfig } from '../../boxes/proposals.js';
import type { RoiSampleConfig } from '../../boxes/sampler.js';

/** What a stage trains (docs/spec.md 3.7, 5). */
export type StageKind = 'detector' | 'generator' | 'joint';

/** How 8-bit pixels become network input: (value - mean) / std per channel. */
export interface InputNormalization {
  /** Order of the network's input channels. */
  channelOrder: 'rgb' | 'bgr';
  /** Per input channel, in 0..255. */
  mean: readonly number[];
  std: readonly number[];
}

/** Weights and readings of the losses (docs/spec.md 0, 1.8, 1.12, 3.4, 4.2). */
export interface LossSettings {
  /** Weight of the head's classification loss Lc. */
  alpha: number;
  /** Weight of the head's box loss Lb. */
  beta: number;
  rpnClass: number;
  rpnBox: number;
  /** Weight of the compact loss in Lg; 1e-6. */
  gamma: number | 'auto';
  /** Weight of the adversarial loss in Lg; 1. */
  eta: number;
  /** J13. */
  compact: 'relu' | 'literal';
  /** J17. */
  segmentation: 'sum' | 'mean';
  /** Boxes are enlarged by this before they gate the segmentation loss; 1.3. */
  segmentationBoxScale: number;
  rpnSigma: number;
  headSigma: number;
  /** Box loss of the head. */
  box: Config['loss']['box'];
  /** Cap of dw and dh where boxes are decoded (J3). */
  maxLogRatio: number;
}

/** Everything one step of a stage depends on besides network, batch and step number. */
export interface StepSettings {
  kind: StageKind;
  /** Weight of the segmentation loss; 0 leaves the branch out. */
  mu: number;
  seed: number;
  input: InputNormalization;
  anchors: AnchorTargetConfig;
  proposals: ProposalConfig;
  rois: RoiSampleConfig;
  ohem: OhemConfig & { enabled: boolean; maxRois: number; masked: boolean; dropout: boolean };
  masking: Config['masking'];
  /** The generator stage. */
  generator: {
    /** Cells hidden while the generator is trained (1/4): 12. */
    cells: number;
    /** Dropout of the frozen head (J12). */
    dropout: number;
    positivesOnly: boolean;
    gradient: Config['model']['generator']['gradient'];
  };
  loss: LossSettings;
  convention: BoxConvention;
}

/** A batch of same-size pictures; `Batch` of the data loader fits. */
export interface StepBatch {
  width: number;
  height: number;
  /** RGB, [N,H,W,3]. */
  images: Uint8Array;
  /** Per image [G*4] inclusive corners in canvas pixels. */
  boxes: readonly Float32Array[];
  /** Per image [G]: 1 = neither positive nor background. */
  ignore: readonly Uint8Array[];
  /** Per image [H*W] of 0, 1, 255, or null. */
  segLabels: readonly (Uint8Array | null)[];
  ids: readonly string[];
  /** Canvas pixels per original pixel of each image; default 1. */
  scales?: readonly number[];
}

/** Losses by name, in the order in which they were computed. */
export type NamedLosses = Record<string, number>;

/** Counts of one step, for the log. */
export interface StepCounts {
  rois: number;
  positives: number;
  anchors: number;
  anchorPositives: number;
  segImages: number;
  faces: number;
}

/** Receives intermediate results by name (for --dump-step). Tensors are read by the receiver. */
export interface StepTrace {
  tensor(name: string, tensor: Tensor): void;
  values(
    name: string,
    data: Float32Array | Int32Array | Uint32Array,
    shape: readonly number[],
  ): void;
}

export interface StepOptions {
  /** Update number; decides every random draw. */
  step: number;
  /** Factor of all losses (1 / accumulated batches). */
  lossScale?: number;
  trace?: StepTrace;
}

export interface StepResult {
  /** Whether backward ran (false: nothing to learn from, such as a batch without faces in stage 1). */
  hasGradient: boolean;
  /** Named losses; resolves once the device has computed them. */
  losses: Promise<NamedLosses>;
  counts: StepCounts;
}
