import { NnError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';

/** A parameter with its own multipliers. */
export interface ParamSpec {
  param: Tensor;
  /** Times the learning rate (biases 2 in Caffe; 0 freezes). Default 1. */
  lrMult?: number;
  /** Times the weight decay. Default 1. */
  decayMult?: number;
}

/** What optimisers take: tensors, or tensors with multipliers. */
export type ParamList = readonly (Tensor | ParamSpec)[];

/** A saved value: a tensor on the device, or numbers in row-major order. */
export type SavedValue = Tensor | ArrayLike<number>;

/** An optimiser: changes parameters in place from their gradients. */
export interface Optimizer {
  /** Number of steps done. */
  readonly steps: number;
  /**
   * One update with this learning rate. `clip`: gradients count times its second value, see
   * `clipFactor`.
   */
  step(lr: number, clip?: Tensor | null): void;
  /** Frees every parameter's gradient. */
  zeroGrad(): void;
  /** The buffers by name, for a checkpoint; still owned by the optimiser. */
  state(): Map<string, Tensor>;
  /** Goes on from a checkpoint's buffers and step count. */
  load(values: ReadonlyMap<string, SavedValue>, steps: number): void;
  /** Frees the buffers (not the parameters). */
  dispose(): void;
}

/** Fills in multipliers; every parameter must have a name of its own. */
export function normalizeParams(list: ParamList): Required<ParamSpec>[] {
  const seen = new Set<string>();
  return list.map((item) => {
    const spec = 'param' in item ? item : { param: item };
    const { param } = spec;
    if (param.name === '' || seen.has(param.name)) {
      throw new NnError(
        'argument',
        `optimiser: every parameter needs a name of its own, got ${seen.has(param.name) ? `"${param.name}" twice` : 'one without a name'}.`,
        { fix: 'make it with device.parameter(name, ...) and list it once.' },
      );
    }
    seen.add(param.name);
    return { param, lrMult: spec.lrMult ?? 1, decayMult: spec.decayMult ?? 1 };
  });
}

/** Named buffers of the same shapes as the parameters, zero at first. */
export class Buffers {
  readonly #byName = new Map<string, Tensor>();

  constructor(params: readonly Tensor[], suffixes: readonly string[]) {
    for (const param of params) {
      for (const suffix of suffixes) {
        const name = `${param.name}.${suffix}`;
        const buffer = param.device.zeros(param.shape, { layout: param.layout, name });
        this.#byName.set(name, param.device.release(buffer));
      }
    }
  }

  get(param: Tensor, suffix: string): Tensor {
    return this.#byName.get(`${param.name}.${suffix}`) as Tensor;
  }

  all(): Map<string, Tensor> {
    return new Map(this.#byName);
  }

  /** Copies saved values in; every buffer must be there with its size. */
  load(owner: string, values: ReadonlyMap<string, SavedValue>): void {
    const missing = [...this.#byName.keys()].filter((name) => !values.has(name));
    if (missing.length > 0) {
      throw new NnError(
        'checkpoint',
        `${owner}: the saved state lacks ${missing.length} of ${this.#byName.size} buffers (${missing.slice(0, 3).join(', ')}).`,
        { fix: 'load a checkpoint of the same optimiser and model, or start without it.' },
      );
    }
    for (const [name, buffer] of this.#byName) {
      loadInto(owner, buffer, values.get(name) as SavedValue);
    }
  }

  dispose(): void {
    for (const buffer of this.#byName.values()) buffer.dispose();
    this.#byName.clear();
  }
}

function loadInto(owner: string, buffer: Tensor, value: SavedValue): void {
  const size = 'size' in value ? value.size : value.length;
  if (size !== buffer.size) {
    throw new NnError(
      'checkpoint',
      `${owner}: saved ${buffer.name} has ${size} values, expected ${buffer.size}.`,
      { fix: 'load a checkpoint of the same model.' },
    );
  }
  if ('size' in value) buffer.device.copy(value, buffer);
  else buffer.device.write(buffer, value);
}

/** Frees the gradients of these parameters. */
export function clearGradients(params: readonly Tensor[]): void {
  for (const param of params) {
    param.grad?.dispose();
    param.grad = null;
  }
}
