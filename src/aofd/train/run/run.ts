import type { Device } from '../../../nn/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import type { AofdModel, ParamStore } from '../../model/index.js';
import type { NamedLosses } from '../losses/index.js';
import type { Checkpoints } from './checkpoints.js';
import type { TrainEvent } from './events.js';
import type { StepLoader } from './loaders.js';
import type { Position } from './position.js';

/** What the periodic hooks of a run are given. Parameters are the averaged ones meanwhile. */
export interface HookContext {
  device: Device;
  config: Config;
  model: AofdModel;
  params: ParamStore;
  stage: string;
  step: number;
  outDir: string;
}

/** Work that the trainer itself does not know how to do. */
export interface TrainHooks {
  /** Told of the losses of every update, in order, before it is part of a checkpoint. */
  onUpdate?(step: number, losses: NamedLosses): void;
  /** Draws detections on pictures. */
  samplesAsync?(context: HookContext): Promise<void>;
  /** Measures the detector; values are logged. */
  validateAsync?(context: HookContext): Promise<Record<string, number>>;
}

/** What a trainer and the runs of its stages share. */
export interface Run {
  readonly device: Device;
  readonly config: Config;
  readonly model: AofdModel;
  readonly params: ParamStore;
  readonly outDir: string;
  readonly checkpoints: Checkpoints;
  /** Advanced by the stage that runs. */
  readonly position: Position;
  readonly hooks: TrainHooks;
  readonly signal: AbortSignal | undefined;
  emit(event: TrainEvent): void;
  openLoader(this: void, stage: StageConfig, startBatch: number): StepLoader;
}

/** Says something about the run. */
export function notice(run: Run, text: string): void {
  run.emit({ kind: 'notice', step: run.position.step, text });
}
