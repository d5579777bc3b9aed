/** Where a stage's batches come from. */
import type { Config, StageConfig } from '../../config/index.js';
import type { BatchSource } from '../../data/batches/batch.js';
import { BatchLoader } from '../../data/batches/pipeline.js';
import type { StepBatch } from '../step/types.js';
import { ImageLoader } from './image-loader.js';
import { canvasBatchOptions } from './sources.js';

/** Batch k depends on the options and k alone. */
export interface StepLoader {
  nextAsync(): Promise<StepBatch>;
  closeAsync(): Promise<void>;
  /** Total time that was spent waiting for data, ms. */
  readonly waitedMs: number;
}

/** Opens the loader of a stage at batch `start`: drawn canvases, or pictures of their own size. */
export function stageLoader(
  config: Config,
  stage: StageConfig,
  start: number,
  sources: readonly BatchSource[],
): StepLoader {
  const { input, train } = config;
  if (!input.canvas) return new ImageLoader(config, stage, sources, start);
  return new BatchLoader(canvasBatchOptions(config, stage, sources, input.canvas), {
    startStep: start,
    threaded: train.workers > 0,
  });
}

/** Gives the first batch of a loader again and again. */
export class RepeatingLoader implements StepLoader {
  readonly #inner: StepLoader;
  #batch: StepBatch | null = null;

  constructor(inner: StepLoader) {
    this.#inner = inner;
  }

  get waitedMs(): number {
    return this.#inner.waitedMs;
  }

  async nextAsync(): Promise<StepBatch> {
    this.#batch ??= await this.#inner.nextAsync();
    return this.#batch;
  }

  closeAsync(): Promise<void> {
    return this.#inner.closeAsync();
  }
}
