import { DryDevice } from '../../../nn/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import { ParamStore, type AofdModel } from '../../model/index.js';
import { TrainStep } from '../step/train-step.js';
import type { StepBatch } from '../step/types.js';
import { TrainingState } from './training-state.js';

/**
 * Compiles the kernels of a stage's updates ahead and in parallel, by recording one update of this
 * batch on a device that does not compute. Kernels that only other batches need are compiled when
 * those come.
 */
export async function prepareStepAsync(
  params: ParamStore,
  model: AofdModel,
  config: Config,
  stage: StageConfig,
  batch: StepBatch,
): Promise<void> {
  const dry = new DryDevice(params.device);
  using dryParams = ParamStore.withoutValues(dry, model.specs());
  using state = new TrainingState(dry, dryParams, config, stage);
  const runner = new TrainStep(model, dryParams, config, stage);
  // The second pass adds to gradients, as accumulating steps do.
  for (let i = 0; i < Math.min(2, config.optim.accumulate); i++) {
    const result = await runner.runAsync(batch, { step: i });
    await result.losses;
  }
  state.clipGradients();
  state.update(0);
  await params.device.kernels.prepareAsync(dry.kernelsUsed());
}
