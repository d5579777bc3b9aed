import type { Tensor } from '../tensor/tensor.js';
import {
  Buffers,
  clearGradients,
  normalizeParams,
  type Optimizer,
  type ParamList,
  type ParamSpec,
  type SavedValue,
} from './params.js';

/** An optimiser with buffers beside its parameters: all of it but the rule of an update. */
export abstract class BufferedOptimizer implements Optimizer {
  protected readonly specs: readonly Required<ParamSpec>[];
  protected readonly buffers: Buffers;
  readonly #name: string;
  #steps = 0;

  /** @param name for errors @param suffixes one buffer `<param>.<suffix>` of each */
  constructor(name: string, params: ParamList, suffixes: readonly string[]) {
    this.#name = name;
    this.specs = normalizeParams(params);
    this.buffers = new Buffers(
      this.specs.map((s) => s.param),
      suffixes,
    );
  }

  get steps(): number {
    return this.#steps;
  }

  /** One update with this learning rate; frozen parameters (requiresGrad false, lrMult 0) stay. */
  step(lr: number, clip: Tensor | null = null): void {
    this.#steps++;
    this.update(lr, clip);
  }

  /** Changes parameters and buffers; the update counts in `steps` already. */
  protected abstract update(lr: number, clip: Tensor | null): void;

  zeroGrad(): void {
    clearGradients(this.specs.map((s) => s.param));
  }

  state(): Map<string, Tensor> {
    return this.buffers.all();
  }

  load(values: ReadonlyMap<string, SavedValue>, steps: number): void {
    this.buffers.load(this.#name, values);
    this.#steps = steps;
  }

  dispose(): void {
    this.buffers.dispose();
  }
}
