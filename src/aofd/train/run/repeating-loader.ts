import type { StepLoader } from './image-loader.js';
import type { StepBatch } from '../step/types.js';

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
