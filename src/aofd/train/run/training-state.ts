import {
  AdamW,
  clipFactor,
  Ema,
  handled,
  Sgd,
  type Device,
  type Optimizer,
  type Tensor,
} from '../../../nn/index.js';
import { optimName, optimStateOf, parametersOf, type StoredTensor } from '../../../nn/io/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import type { ParamGroup, ParamStore } from '../../model/index.js';

/** Name under which the optimiser's buffers are stored. */
const optimizerName = 'stage';
/** Where averaged parameters are stored. */
const emaPrefix = 'extra/ema/';

/** A stored tensor whose values are read from the device when its turn comes. */
export interface DeferredTensor {
  shape: readonly number[];
  dtype: 'F32';
  data: () => Promise<Float32Array>;
}

/** Counters that belong to a state's tensors. */
export interface StateCounters {
  optimizerSteps: number;
  emaUpdates: number;
}

/** Parameter groups that a stage trains (docs/spec.md 3.7). */
export function trainedGroups(stage: StageConfig): ParamGroup[] {
  if (stage.kind === 'generator') return ['generator'];
  return stage.mu > 0 ? ['detector', 'segmentation'] : ['detector'];
}

/** A clip limit that no gradient reaches, and that float32 holds: the norm is wanted in any case. */
const unlimitedNorm = 3e38;

/** What a stage changes: parameters, the optimiser's buffers, averaged parameters. */
export class TrainingState implements Disposable {
  readonly device: Device;
  readonly params: ParamStore;
  readonly optimizer: Optimizer;
  /** Averages of the trained parameters; null = off. */
  readonly ema: Ema | null;
  readonly #trained: Tensor[];
  readonly #clipNorm: number;
  #clip: Tensor | null = null;

  /** Makes the stage's parameters trainable and all others frozen. */
  constructor(device: Device, params: ParamStore, config: Config, stage: StageConfig) {
    this.device = device;
    this.params = params;
    params.setTrainable(trainedGroups(stage));
    for (const prefix of stage.freeze ?? []) {
      for (const { spec, tensor } of params.trainable()) {
        if (spec.name.startsWith(prefix)) tensor.requiresGrad = false;
      }
    }
    const trained = params.trainable();
    this.#trained = trained.map(({ tensor }) => tensor);
    const list = trained.map(({ spec, tensor }) => ({
      param: tensor,
      lrMult: spec.lrMult,
      decayMult: spec.decayMult,
    }));
    const { optim } = config;
    this.#clipNorm = optim.clipNorm > 0 ? optim.clipNorm : unlimitedNorm;
    this.optimizer =
      optim.kind === 'sgd'
        ? new Sgd(list, {
            momentum: optim.momentum,
            weightDecay: optim.weightDecay,
            updatesWithoutGradient: optim.updateUntouched,
          })
        : new AdamW(list, {
            beta1: optim.betas[0],
            beta2: optim.betas[1],
            epsilon: optim.eps,
            weightDecay: optim.weightDecay,
          });
    this.ema = optim.ema > 0 ? new Ema(this.#trained, { decay: optim.ema }) : null;
  }

  get trained(): readonly Tensor[] {
    return this.#trained;
  }

  /** Number of scalars that train. */
  get trainedCount(): number {
    return this.#trained.reduce((sum, tensor) => sum + tensor.size, 0);
  }

  /**
   * Row [2] = (norm of the gradients, factor that clips it), which the next `update` applies; this
   * object's. Null where no parameter has a gradient.
   */
  clipGradients(): Tensor | null {
    this.#clip?.dispose();
    const clip = clipFactor(this.#trained, this.#clipNorm);
    return (this.#clip = clip && this.device.release(clip));
  }

  /**
   * Clips like `clipGradients` and gives the norm before it; 0 where there are no gradients. Whoever does
   * not await it need not catch.
   */
  clipAndReadNormAsync(): Promise<number> {
    const clip = this.clipGradients();
    if (!clip) return Promise.resolve(0);
    return handled(clip.readAsync('gradient norm').then((values) => values[0] as number));
  }

  /** One update of parameters and averages with this learning rate; the gradients stay. */
  update(lr: number): void {
    this.optimizer.step(lr, this.#clip);
    this.ema?.update();
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    this.optimizer.zeroGrad();
    this.#clip?.dispose();
    this.#clip = null;
  }

  /** Everything a resumed run needs, by the names of `nn/io/state.ts`. */
  tensors(): Record<string, DeferredTensor> {
    const out: Record<string, DeferredTensor> = {};
    for (const spec of this.params.specs) out[spec.name] = deferred(this.params.get(spec.name));
    for (const [name, tensor] of this.optimizer.state()) {
      const { parameter, slot } = splitBuffer(name);
      out[optimName(optimizerName, slot, parameter)] = deferred(tensor);
    }
    for (const [name, tensor] of this.ema?.state() ?? []) {
      out[`${emaPrefix}${splitBuffer(name).parameter}`] = deferred(tensor);
    }
    return out;
  }

  /** Parameters as they are to be used: averaged where averages are kept. */
  weights(): Record<string, DeferredTensor> {
    const out: Record<string, DeferredTensor> = {};
    for (const spec of this.params.specs) {
      const tensor = this.params.get(spec.name);
      const average = this.ema && this.#trained.includes(tensor) ? this.ema.shadow(tensor) : tensor;
      out[spec.name] = deferred(average);
    }
    return out;
  }

  /** Counters that belong to the tensors. */
  counters(): StateCounters {
    return { optimizerSteps: this.optimizer.steps, emaUpdates: this.ema?.updates ?? 0 };
  }

  /** Goes on from a checkpoint of the same stage (parameters are loaded by the caller). */
  load(tensors: Readonly<Record<string, StoredTensor>>, counters: StateCounters): void {
    const buffers = new Map<string, Float32Array>();
    for (const [slot, byParameter] of Object.entries(optimStateOf(tensors, optimizerName))) {
      for (const [parameter, tensor] of Object.entries(byParameter)) {
        buffers.set(`${parameter}.${slot}`, tensor.data as Float32Array);
      }
    }
    this.optimizer.load(buffers, counters.optimizerSteps);
    if (!this.ema) return;
    const averages = new Map<string, Float32Array>();
    for (const [name, tensor] of Object.entries(tensors)) {
      if (name.startsWith(emaPrefix)) {
        averages.set(`${name.slice(emaPrefix.length)}.ema`, tensor.data as Float32Array);
      }
    }
    this.ema.load(averages, counters.emaUpdates);
  }

  /** Ends a stage: the averages become the parameters. */
  adoptAverages(): void {
    if (!this.ema) return;
    for (const tensor of this.#trained) this.device.copy(this.ema.shadow(tensor), tensor);
  }

  dispose(): void {
    this.#clip?.dispose();
    this.optimizer.dispose();
    this.ema?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The parameters of a checkpoint as they are to be used: averaged where averages were kept. */
export function weightsOfCheckpoint(
  tensors: Readonly<Record<string, StoredTensor>>,
): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(parametersOf(tensors)).map(([name, tensor]) => [
      name,
      tensors[`${emaPrefix}${name}`] ?? tensor,
    ]),
  );
}

function deferred(tensor: Tensor): DeferredTensor {
  return {
    shape: tensor.shape,
    dtype: 'F32',
    data: async () => (await tensor.readAsync('checkpoint')) as Float32Array,
  };
}

/** "backbone.stem.weight.m" -> backbone.stem.weight and m. */
function splitBuffer(name: string): { parameter: string; slot: string } {
  const dot = name.lastIndexOf('.');
  return { parameter: name.slice(0, dot), slot: name.slice(dot + 1) };
}
