import {
  NnError,
  pcg4d,
  streamOf,
  uniform01,
  weightStandardize,
  type Device,
  type Tensor,
} from '../../nn/index.js';

/** Which stage trains a parameter (docs/spec.md 3.7): the detector with its RPN, or one branch. */
export type ParamGroup = 'detector' | 'generator' | 'segmentation';

/** How a parameter starts. `he`: N(0, sqrt(2 / fanIn)); `normal`: N(0, std). */
export type Init =
  | { kind: 'he'; fanIn: number }
  | { kind: 'normal'; std: number }
  | { kind: 'constant'; value: number };

/** One named parameter of the network. */
export interface ParamSpec {
  /** Dotted path, e.g. `backbone.conv1_1.weight`; convolution weights are OIHW. */
  name: string;
  shape: readonly number[];
  init: Init;
  group: ParamGroup;
  /** Factor of the learning rate; biases have 2 in Caffe's networks (docs/spec.md 1.13). */
  lrMult: number;
  /** Factor of the weight decay (J8). */
  decayMult: number;
  /** Never trained, never given a gradient (conv1 and conv2 of VGG16). */
  frozen: boolean;
}

/** A parameter's values on the host. */
export interface HostParam {
  shape: readonly number[];
  data: Float32Array;
}

/** What loading a file did to the parameters. */
export interface LoadSummary {
  loaded: string[];
  /** Parameters of the network that the file lacks; they keep their values. */
  missing: string[];
  /** Tensors of the file that the network does not know. */
  unknown: string[];
}

/** The network's parameters by name, on one device. Owned by whoever made it: call `dispose`. */
export class ParamStore implements Disposable {
  readonly device: Device;
  readonly specs: readonly ParamSpec[];
  readonly #tensors = new Map<string, Tensor>();
  readonly #specOf = new Map<string, ParamSpec>();
  /** Standardised weights by layer, while parameters do not change. */
  #folded: Map<string, Tensor> | null = null;
  /** The device's epoch in which they were computed. */
  #foldedIn = 0;

  private constructor(device: Device, specs: readonly ParamSpec[]) {
    this.device = device;
    this.specs = specs;
    for (const spec of specs) {
      if (this.#specOf.has(spec.name))
        throw new RangeError(`parameter ${spec.name} is declared twice`);
      this.#specOf.set(spec.name, spec);
    }
  }

  /** Parameters with their initial values: a function of (seed, name) only. */
  static create(device: Device, specs: readonly ParamSpec[], seed: number): ParamStore {
    const store = new ParamStore(device, specs);
    for (const spec of specs) {
      const tensor = device.parameter(spec.name, initialValues(spec, seed), [...spec.shape]);
      tensor.requiresGrad = !spec.frozen;
      store.#tensors.set(spec.name, tensor);
    }
    return store;
  }

  /** Parameters with undefined values: enough to record a pass on a DryDevice. */
  static withoutValues(device: Device, specs: readonly ParamSpec[]): ParamStore {
    const store = new ParamStore(device, specs);
    for (const spec of specs) {
      const tensor = device.release(device.empty([...spec.shape], { name: spec.name }));
      tensor.requiresGrad = !spec.frozen;
      store.#tensors.set(spec.name, tensor);
    }
    return store;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (tensor) return tensor;
    throw new RangeError(`the network has no parameter "${name}"`);
  }

  spec(name: string): ParamSpec {
    const spec = this.#specOf.get(name);
    if (spec) return spec;
    throw new RangeError(`the network has no parameter "${name}"`);
  }

  /** Number of scalar parameters, of one group or of all. */
  count(group?: ParamGroup): number {
    let total = 0;
    for (const spec of this.specs) {
      if (!group || spec.group === group) total += spec.shape.reduce((a, b) => a * b, 1);
    }
    return total;
  }

  /** Lets gradients flow to these groups only (frozen parameters stay frozen); frees the others'. */
  setTrainable(groups: readonly ParamGroup[]): void {
    for (const spec of this.specs) {
      const tensor = this.get(spec.name);
      tensor.requiresGrad = !spec.frozen && groups.includes(spec.group);
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /** Parameters that take part in training at the moment. */
  trainable(): { spec: ParamSpec; tensor: Tensor }[] {
    return this.specs
      .map((spec) => ({ spec, tensor: this.get(spec.name) }))
      .filter(({ tensor }) => tensor.requiresGrad);
  }

  /** Drops all gradients. */
  zeroGrad(): void {
    for (const tensor of this.#tensors.values()) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /**
   * Promises that values stay as they are: no gradients, and standardised weights are computed once
   * and kept. For inference.
   */
  freezeForInference(): void {
    this.setTrainable([]);
    this.#renewFolded();
  }

  /** The standardised form of `<layer>.weight` with `<layer>.gain`. */
  standardized(layer: string): Tensor {
    if (this.#folded && this.#foldedIn !== this.device.epoch) this.#renewFolded();
    const known = this.#folded?.get(layer);
    if (known) return known;
    const made = this.device.context.label(layer, () =>
      weightStandardize(this.get(`${layer}.weight`), this.get(`${layer}.gain`)),
    );
    if (this.#folded) this.#folded.set(layer, this.device.release(made));
    return made;
  }

  /** Replaces values from host data (a weight file). Shapes must agree. */
  load(
    values: Iterable<readonly [string, HostParam]> | ReadonlyMap<string, HostParam>,
    where: string,
  ): LoadSummary {
    const summary: LoadSummary = { loaded: [], missing: [], unknown: [] };
    const seen = new Set<string>();
    for (const [name, value] of values) {
      const spec = this.#specOf.get(name);
      if (!spec) {
        summary.unknown.push(name);
        continue;
      }
      checkShape(spec, value.shape, where);
      checkFinite(name, value.data, where);
      this.device.write(this.get(name), value.data);
      seen.add(name);
      summary.loaded.push(name);
    }
    for (const spec of this.specs) if (!seen.has(spec.name)) summary.missing.push(spec.name);
    if (this.#folded) this.#renewFolded();
    return summary;
  }

  /** All values on the host, in the order of the specs. */
  async readAllAsync(names?: readonly string[]): Promise<Map<string, HostParam>> {
    const out = new Map<string, HostParam>();
    for (const spec of this.specs) {
      if (names && !names.includes(spec.name)) continue;
      const data = (await this.get(spec.name).readAsync('parameters')) as Float32Array;
      out.set(spec.name, { shape: spec.shape, data });
    }
    return out;
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    this.#dropFolded();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #renewFolded(): void {
    this.#dropFolded();
    this.#folded = new Map();
    this.#foldedIn = this.device.epoch;
  }

  #dropFolded(): void {
    for (const tensor of this.#folded?.values() ?? []) tensor.dispose();
    this.#folded = null;
  }
}

/** @throws NnError `weights-shape` where a file's tensor is not of the parameter's shape */
export function checkShape(spec: ParamSpec, shape: readonly number[], where: string): void {
  if (shape.length === spec.shape.length && spec.shape.every((d, i) => shape[i] === d)) return;
  throw new NnError(
    'weights-shape',
    `${where}: ${spec.name} has shape ${shape.join('x')}, the network needs ${spec.shape.join('x')}.`,
    { fix: 'use the config that these weights were trained with (it is stored beside them).' },
  );
}

/** One value that is not a number makes everything computed from it so, and no face is found. */
function checkFinite(name: string, data: Float32Array, where: string): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const count = data.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
  throw new NnError(
    'weights-not-finite',
    `${where}: ${name} holds ${count} values of ${data.length} that are not finite (the first is ${data[at]}, at index ${at}).`,
    { fix: 'use the weights of an earlier checkpoint, or copy the file again.' },
  );
}

/** Initial values of a parameter: a function of (seed, name) only. */
export function initialValues(spec: ParamSpec, seed: number): Float32Array {
  const data = new Float32Array(spec.shape.reduce((a, b) => a * b, 1));
  const { init } = spec;
  if (init.kind === 'constant') return data.fill(init.value);
  const std = init.kind === 'he' ? Math.sqrt(2 / init.fanIn) : init.std;
  const stream = streamOf(`init/${spec.name}`);
  // One hash gives four uniform numbers, and those give four normal ones (Box-Muller).
  for (let i = 0; i < data.length; i += 4) {
    const [a, b, c, d] = pcg4d(seed, stream, i >>> 2, 0);
    const first = std * Math.sqrt(-2 * Math.log(1 - uniform01(a)));
    const second = std * Math.sqrt(-2 * Math.log(1 - uniform01(b)));
    data[i] = first * Math.cos(2 * Math.PI * uniform01(c));
    data[i + 1] = first * Math.sin(2 * Math.PI * uniform01(c));
    data[i + 2] = second * Math.cos(2 * Math.PI * uniform01(d));
    data[i + 3] = second * Math.sin(2 * Math.PI * uniform01(d));
  }
  return data;
}
