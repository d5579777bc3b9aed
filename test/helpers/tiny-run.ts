/** A few updates of a tiny network on drawn pictures, and the losses that they must give. */
import type { Device } from '../../src/nn/index.js';
import type { Config } from '../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import type { NamedLosses } from '../../src/aofd/train/losses/index.js';
import { TrainingState } from '../../src/aofd/train/run/training-state.js';
import { TrainStep } from '../../src/aofd/train/step/train-step.js';
import type { StepResult } from '../../src/aofd/train/step/types.js';
import { drawBatch } from './training.js';

export interface TinyRun {
  curve: NamedLosses[];
  parameters: Map<string, { data: Float32Array }>;
  liveTensors: number[];
  last: StepResult;
}

/**
 * Total losses of ten updates of `tinyConfig()` in its first stage. lavapipe and SwiftShader agree to all five
 * digits; other adapters may round differently.
 */
export const STORED_CURVE: readonly number[] = [
  1.7876, 1.7229, 1.8151, 1.5088, 1.5189, 1.3572, 1.1809, 1.0425, 1.1297, 0.90297,
];

/** `steps` updates of one stage on two alternating pairs of pictures. */
export async function tinyRunAsync(
  device: Device,
  config: Config,
  stageIndex: number,
  steps: number,
): Promise<TinyRun> {
  const stage = config.stages[stageIndex];
  if (!stage) throw new Error('no such stage');
  const model = new AofdModel(config.model);
  using params = ParamStore.create(device, model.specs(), config.train.seed);
  using state = new TrainingState(device, params, config, stage);
  const runner = new TrainStep(model, params, config, stage);
  const curve: NamedLosses[] = [];
  const liveTensors: number[] = [];
  let last: StepResult | null = null;
  for (let step = 0; step < steps; step++) {
    last = await runner.runAsync(drawBatch(step % 2), { step });
    state.optimizer.step(stage.lr ?? 0.003);
    state.ema?.update();
    state.optimizer.zeroGrad();
    curve.push(await last.losses);
    liveTensors.push(device.stats().liveTensors);
  }
  const parameters = await params.readAllAsync();
  return { curve, parameters, liveTensors, last: last as StepResult };
}
