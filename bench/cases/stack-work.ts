/** The convolution stack of VGG16 with its data on the device, run forward or trained. */
import {
  Tape,
  conv2d,
  conv2dMaxPool2d,
  type ConvAlgorithm,
  type Device,
  type Tensor,
} from '../../src/nn/index.js';
import type { Prepared } from '../measure/case.js';
import { deviation, randomData } from './data.js';
import { firstTrained, vggLayers } from './vgg-layers.js';

export type StackPass = 'forward' | 'training';

/** What the stack works on; peers use the same. */
export interface StackData {
  x: Float32Array;
  /** Weights of He's scale, so that values keep their size. */
  layers: { weight: Float32Array; bias: Float32Array }[];
  /** Gradient of the last map (512, side / 16, side / 16). */
  dY: Float32Array;
}

export function stackData(side: number): StackData {
  return {
    x: randomData(3 * side * side, 1),
    layers: vggLayers().map(({ inChannels, outChannels }, i) => ({
      weight: randomData(outChannels * inChannels * 9, 20 + i, Math.sqrt(6 / (9 * inChannels))),
      bias: randomData(outChannels, 50 + i, 0.1),
    })),
    dY: randomData(2 * side * side, 4),
  };
}

/** Picture and weights on the device. */
class StackTensors {
  readonly x: Tensor;
  readonly dY: Tensor;
  readonly layers: { weight: Tensor; bias: Tensor; poolsAfter: boolean }[];

  /** @param isTrained whether the layers from conv3_1 on ask for gradients, as in the paper's network */
  constructor(device: Device, side: number, isTrained: boolean) {
    const { x, layers, dY } = stackData(side);
    const shapes = vggLayers();
    this.layers = shapes.map(({ name, block, inChannels, outChannels }, i) => {
      const data = layers[i] as (typeof layers)[number];
      const weight = device.parameter(`${name}.weight`, data.weight, [
        outChannels,
        inChannels,
        3,
        3,
      ]);
      const bias = device.parameter(`${name}.bias`, data.bias, [outChannels]);
      weight.requiresGrad = bias.requiresGrad = isTrained && i >= firstTrained;
      const next = shapes[i + 1];
      return { weight, bias, poolsAfter: next !== undefined && next.block !== block };
    });
    const last = [1, 512, side / 16, side / 16];
    this.x = device.release(device.tensor(x, [1, 3, side, side], { layout: 'c4' }));
    this.dY = device.release(device.tensor(dY, last, { layout: 'c4' }));
  }

  /** The last map. Maps between are freed at once unless a tape needs them (`keepsMaps`). */
  forward(algorithm: ConvAlgorithm | undefined, keepsMaps: boolean): Tensor {
    let y = this.x;
    for (const { weight, bias, poolsAfter } of this.layers) {
      const run = poolsAfter ? conv2dMaxPool2d : conv2d;
      const next = run(y, weight, bias, { pad: 1, relu: true, algorithm });
      if (!keepsMaps && y !== this.x) y.dispose();
      y = next;
    }
    return y;
  }

  /** What a step before this one would have left behind. */
  clearStep(): void {
    for (const tensor of this.#parameters()) {
      tensor.grad?.dispose();
      tensor.grad = null;
      if (tensor.requiresGrad) tensor.freeDerived(); // an update would have changed it
    }
    this.dY.freeDerived();
  }

  /** Weight gradients (O, I, 3, 3) of the trained layers, in their order. */
  gradientsAsync(): Promise<ArrayLike<number>[]> {
    const trained = this.layers.slice(firstTrained);
    return Promise.all(
      trained.map(({ weight }) => (weight.grad as Tensor).readAsync('stack gradients')),
    );
  }

  dispose(): void {
    for (const tensor of [...this.#parameters(), this.x, this.dY]) tensor.dispose();
  }

  #parameters(): Tensor[] {
    return this.layers.flatMap(({ weight, bias }) => [weight, bias]);
  }
}

/** A contestant that gives its last map and its gradients, for comparison of contestants with each other. */
interface StackWork extends Prepared {
  resultAsync(): Promise<ArrayLike<number>>;
  gradientsAsync(): Promise<ArrayLike<number>[]>;
}

/**
 * @param pass `training`: backward too, down to conv3_1's weights; conv1 and conv2 stay as they are, as
 *   in the paper's network
 */
export async function prepareStackAsync(
  device: Device,
  side: number,
  pass: StackPass,
  algorithm?: ConvAlgorithm,
): Promise<StackWork> {
  const tensors = new StackTensors(device, side, pass === 'training');
  await device.settledAsync();
  let result: Tensor | null = null;
  const runAsync = async (): Promise<void> => {
    result?.dispose();
    using scope = device.scope();
    tensors.x.freeDerived(); // every picture is new
    if (pass === 'forward') result = scope.release(tensors.forward(algorithm, false));
    else {
      tensors.clearStep();
      using tape = new Tape(device);
      result = scope.release(tensors.forward(algorithm, true));
      tape.backward([[result, tensors.dY]]);
    }
    await device.settledAsync();
  };
  const resultAsync = (): Promise<ArrayLike<number>> => (result as Tensor).readAsync();
  const checkAsync = async (): Promise<number> => {
    if (pass === 'training') {
      const reference = await gradientReferenceAsync(device, side);
      return gradientDeviation(await tensors.gradientsAsync(), reference);
    }
    const reference = await stackReferenceAsync(device, side);
    return deviation(Array.from(await resultAsync()), Array.from(reference));
  };
  return {
    runAsync,
    // Two trainings on one device take its pooled memory from each other; alone, a step follows a step.
    beforeAsync: pass === 'training' ? runAsync : undefined,
    resultAsync,
    gradientsAsync: () => tensors.gradientsAsync(),
    // The direct kernels are the reference; the convolution cases check each of them.
    checkAsync: algorithm === 'lanes' ? undefined : checkAsync,
    disposeAsync() {
      result?.dispose();
      tensors.dispose();
      return Promise.resolve();
    },
  };
}

const references = new Map<string, Promise<unknown>>();

/** Runs the stack through the direct kernels, which everybody's result is compared with. Once. */
function referenceAsync<T>(
  device: Device,
  side: number,
  pass: StackPass,
  take: (work: StackWork) => Promise<T>,
): Promise<T> {
  const key = `${device.adapter.description} ${side} ${pass}`;
  let reference = references.get(key) as Promise<T> | undefined;
  if (!reference) {
    reference = (async () => {
      const work = await prepareStackAsync(device, side, pass, 'lanes');
      try {
        await work.runAsync();
        return await take(work);
      } finally {
        await work.disposeAsync();
      }
    })();
    references.set(key, reference);
  }
  return reference;
}

/**
 * The last map of the stack by the direct kernels (each layer's kernel is compared with float64 in the
 * convolution cases).
 */
export function stackReferenceAsync(device: Device, side: number): Promise<ArrayLike<number>> {
  return referenceAsync(device, side, 'forward', (work) => work.resultAsync());
}

/** Weight gradients of the trained layers by the direct kernels. */
export function gradientReferenceAsync(device: Device, side: number): Promise<ArrayLike<number>[]> {
  return referenceAsync(device, side, 'training', (work) => work.gradientsAsync());
}

/**
 * Accepted deviation of gradients. A map value within rounding of 0, or of its neighbour in a pool, sends
 * its whole gradient elsewhere, which single products do not know: hence larger than theirs, and a mean.
 */
export const gradientBound = 1e-2;

/** |got - wanted| over |wanted| as vectors, of the layer where it is largest. */
export function gradientDeviation(
  got: readonly ArrayLike<number>[],
  wanted: readonly ArrayLike<number>[],
): number {
  const each = wanted.map((reference, layer) => {
    let [error, size] = [0, 0];
    for (let i = 0; i < reference.length; i++) {
      const value = reference[i] as number;
      error += ((got[layer]?.[i] as number) - value) ** 2;
      size += value ** 2;
    }
    return Math.sqrt(error / size);
  });
  return each.some(Number.isNaN) ? 1 : Math.max(...each);
}
