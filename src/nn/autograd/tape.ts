import { NnError, internalError } from '../errors.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Recorder, Tensor, TensorDevice } from '../tensor/tensor.js';
import { accumulate, scaled } from './accumulate.js';

type MaybeTensor = Tensor | null;

/**
 * Gradients of the inputs, given those of the outputs (null where an output had no influence).
 * `needs[i]` says whether input i's gradient is wanted: the others need not be computed.
 */
export type Backward = (dOutputs: MaybeTensor[], needs: boolean[]) => MaybeTensor[];

export interface TapeNode {
  op: string;
  inputs: readonly MaybeTensor[];
  outputs: readonly Tensor[];
  backward: Backward;
  /** The layer that recorded it (`GpuContext.label`). */
  layer?: string;
}

/**
 * Reverse-mode differentiation. While a tape lives, operations with an input that needs a
 * gradient append themselves; execution order is a topological order, so `backward` is one walk
 * from the end. The tensors that nodes refer to belong to the surrounding scope.
 */
export class Tape implements Recorder, Disposable {
  readonly device: TensorDevice;
  readonly #nodes: TapeNode[] = [];
  readonly #tracked = new Set<Tensor>();
  readonly #outer: Recorder | null;
  /** What `backwardTo` left for the next pass. */
  #begun = new Map<Tensor, Tensor>();

  constructor(device: TensorDevice) {
    this.device = device;
    this.#outer = device.tape;
    device.tape = this;
  }

  get length(): number {
    return this.#nodes.length;
  }

  /** Whether a gradient flows through this tensor. */
  tracks(tensor: Tensor): boolean {
    return tensor.requiresGrad || this.#tracked.has(tensor);
  }

  push(node: TapeNode): void {
    const { layer } = this.device.context;
    if (layer) node.layer = layer;
    this.#nodes.push(node);
    for (const output of node.outputs) this.#tracked.add(output);
  }

  /**
   * Adds d(Σ weight · loss)/d(leaf) to `grad` of every leaf that needs it. Each seed is a scalar
   * tensor with its weight, or any tensor with the gradient to start from (still the caller's).
   * `watch` tensors get their gradients returned too, in the same order; null where none arrived.
   * They belong to the surrounding scope.
   */
  backward(
    seeds: readonly (readonly [Tensor, number | Tensor])[],
    watch: readonly Tensor[] = [],
  ): MaybeTensor[] {
    const gradients = this.#begun;
    this.#begun = new Map();
    this.#seed(gradients, seeds);
    this.#walk(gradients, 0, watch);
    // Memory that somebody else holds: a leaf must not adopt it, since clipping scales in place.
    const taken = new Set<GPUBuffer>();
    for (const [, seed] of seeds) if (typeof seed !== 'number') taken.add(seed.buffer);
    for (const tensor of watch) {
      const gradient = gradients.get(tensor);
      if (gradient) taken.add(gradient.buffer);
    }
    for (const [tensor, gradient] of gradients) {
      if (!tensor.requiresGrad) continue;
      if (tensor.grad) {
        const sum = accumulate(tensor.grad, gradient);
        if (sum !== tensor.grad) tensor.grad.dispose();
        tensor.grad = this.device.release(sum);
      } else {
        // An op may hand one tensor to two inputs (add), or a view of it (reshape): the second leaf
        // takes a copy.
        const isTaken = taken.has(gradient.buffer);
        tensor.grad = this.device.release(isTaken ? scaled(gradient, 1) : gradient);
        taken.add(gradient.buffer);
      }
      tensor.grad.name = `${tensor.name}.grad`;
    }
    return watch.map((t) => gradients.get(t) ?? null);
  }

  /**
   * The first part of a backward pass: through what was recorded after the first `count` operations,
   * so that the device has work while the rest of the loss is still being made. Gradients that reach
   * earlier operations or leaves wait for the next `backward`, which must come before this tape's end;
   * what is recorded until then must not read results of the operations already differentiated.
   */
  backwardTo(count: number, seeds: readonly (readonly [Tensor, number])[]): void {
    this.#seed(this.#begun, seeds);
    this.#walk(this.#begun, count, []);
  }

  /** Enters what a backward pass starts from. */
  #seed(
    gradients: Map<Tensor, Tensor>,
    seeds: readonly (readonly [Tensor, number | Tensor])[],
  ): void {
    for (const [loss, weight] of seeds) {
      if (typeof weight !== 'number') {
        if (this.tracks(loss)) give(gradients, loss, weight, 'seed');
        continue;
      }
      if (loss.size !== 1) {
        throw new NnError('backward', `a loss must be a scalar, got ${loss.describe()}.`, {
          fix: 'reduce it with sum or mean.',
        });
      }
      if (weight === 0 || !this.tracks(loss)) continue;
      give(gradients, loss, this.device.tensor([weight], loss.shape), 'seed');
    }
  }

  /** Runs the backward functions of the operations from the last one to number `from`. */
  #walk(gradients: Map<Tensor, Tensor>, from: number, watch: readonly Tensor[]): void {
    for (let i = this.#nodes.length - 1; i >= from; i--) {
      const node = this.#nodes[i] as TapeNode;
      const dOutputs = node.outputs.map((o) => gradients.get(o) ?? null);
      if (dOutputs.every((d) => d === null)) continue;
      const needs = node.inputs.map((t) => t !== null && this.tracks(t));
      const run = (): MaybeTensor[] => node.backward(dOutputs, needs);
      const dInputs = this.device.context.label(`${node.layer ?? node.op} backward`, run);
      node.inputs.forEach((input, at) => {
        const gradient = dInputs[at];
        if (input && needs[at] && gradient) give(gradients, input, gradient, node.op);
      });
      for (const output of node.outputs) {
        if (!watch.includes(output) && !output.requiresGrad) gradients.delete(output);
      }
    }
  }

  [Symbol.dispose](): void {
    this.device.tape = this.#outer;
    this.#nodes.length = 0;
    this.#tracked.clear();
    this.#begun.clear();
  }
}

/** Adds to a tensor's gradient. */
function give(gradients: Map<Tensor, Tensor>, tensor: Tensor, gradient: Tensor, op: string): void {
  if (!sameShape(tensor.shape, gradient.shape) || tensor.layout !== gradient.layout) {
    throw internalError(
      `${op}: gradient is ${formatShape(gradient.shape)} ${gradient.layout}, the input is ${formatShape(tensor.shape)} ${tensor.layout}`,
    );
  }
  const before = gradients.get(tensor);
  gradients.set(tensor, before ? accumulate(before, gradient) : gradient);
}

/** Appends an operation to the tape that is recording, if a gradient can flow through it. */
export function record(node: TapeNode): void {
  const first = node.outputs[0];
  const tape = first?.device.tape;
  if (!(tape instanceof Tape)) return;
  if (node.inputs.some((t) => t !== null && tape.tracks(t))) tape.push(node);
}

/** Whether the recording tape needs this tensor's gradient. */
export function needsGrad(tensor: Tensor | null): boolean {
  const tape = tensor?.device.tape;
  return tensor !== null && tape instanceof Tape && tape.tracks(tensor);
}
