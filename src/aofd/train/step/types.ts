import type { NamedLosses } from '../losses/weighted.js';
import type { StepCounts, StepRecord } from './record.js';

export type { StepCounts };

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
  /** What is said of pictures that were left out, each once. */
  skipped?: readonly string[];
  /** Canvas pixels per original pixel of each image; default 1. */
  scales?: readonly number[];
}

export interface StepOptions {
  /** Number of the batch over the whole run; decides every random draw. */
  step: number;
  /** Factor of all losses (1 / accumulated batches). */
  lossScale?: number;
  /** Shown what the step computed while its tensors live, after backward (--dump-step). */
  inspect?: (record: StepRecord) => void;
}

export interface StepResult {
  /** Whether backward ran (false: nothing to learn from, such as a batch without faces in stage 1). */
  hasGradient: boolean;
  /** Named losses; resolves once the device has computed them. */
  losses: Promise<NamedLosses>;
  counts: StepCounts;
}
