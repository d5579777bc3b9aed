import { Tape, type Device } from '../../../nn/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import type { AofdModel, ParamStore } from '../../model/index.js';
import { readLosses } from '../losses/index.js';
import { StepContext } from './context.js';
import { DetectorStep } from './detector-step.js';
import { GeneratorStep } from './generator-step.js';
import type { StepBatch, StepOptions, StepResult } from './types.js';

/**
 * Forward and backward of one training step of a stage: afterwards the trainable parameters have
 * gradients. Images of a batch share a size. The step depends on (settings, parameters, batch, step
 * number) alone. A readback or two (the RPN's output, gates) are waited for; that of the losses is
 * left to the caller.
 */
export class TrainStep {
  readonly #device: Device;
  readonly #step: DetectorStep | GeneratorStep;
  readonly #totalName: string;

  constructor(model: AofdModel, params: ParamStore, config: Config, stage: StageConfig) {
    const context = new StepContext(model, params, config, stage);
    const isGenerator = stage.kind === 'generator';
    this.#device = params.device;
    this.#step = isGenerator ? new GeneratorStep(context) : new DetectorStep(context);
    this.#totalName = isGenerator ? 'generatorTotal' : 'total';
  }

  async runAsync(batch: StepBatch, options: StepOptions): Promise<StepResult> {
    using _scope = this.#device.scope();
    using tape = new Tape(this.#device);
    const record = await this.#step.runAsync(batch, options, tape);
    options.inspect?.(record);
    const { losses, counts } = record;
    return {
      losses: readLosses(losses, this.#totalName),
      counts,
      hasGradient: losses.length > 0,
    };
  }
}
