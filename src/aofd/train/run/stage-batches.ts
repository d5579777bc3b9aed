import type { Device } from '../../../nn/index.js';
import type { StageConfig } from '../../config/index.js';
import type { StepBatch } from '../step/types.js';
import type { StepLoader } from './loaders.js';
import { notice, type Run } from './run.js';

/** A batch with the number that decides its random draws. */
export interface NumberedBatch {
  batch: StepBatch;
  step: number;
}

/**
 * The batches of a stage from the run's position on, in the order in which training takes them:
 * `optim.accumulate` for each update. Whoever reads them, a training run or a dumped step, gets the
 * same pictures and the same random numbers.
 */
export class StageBatches {
  readonly #device: Device;
  readonly #loader: StepLoader;
  readonly #say: (text: string) => void;
  #step: number;

  constructor(run: Run, stage: StageConfig) {
    const { device, config, position, openLoader } = run;
    const { accumulate } = config.optim;
    this.#say = (text) => notice(run, text);
    this.#device = device;
    this.#loader = openLoader(stage, position.stageStep * accumulate);
    this.#step = position.step * accumulate;
  }

  /** Total time that was spent waiting for data, ms. */
  get waitedMs(): number {
    return this.#loader.waitedMs;
  }

  /** Throws DataError naming what cannot be used. The wait shows in profiles. */
  async nextAsync(): Promise<NumberedBatch> {
    const start = performance.now();
    const batch = await this.#loader.nextAsync();
    this.#device.context.observer?.span('wait', 'training data', start, performance.now());
    for (const text of batch.skipped ?? []) this.#say(text);
    return { batch, step: this.#step++ };
  }

  closeAsync(): Promise<void> {
    return this.#loader.closeAsync();
  }
}
