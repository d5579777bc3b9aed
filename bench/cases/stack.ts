/** All 13 convolutions of VGG16 with bias, ReLU and pools, as one piece of work. */
import {
  Tape,
  conv2d,
  conv2dMaxPool2d,
  type ConvAlgorithm,
  type Device,
  type Tensor,
} from '../../src/nn/index.js';
import { presetConfig } from '../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import { deviation, randomData } from './data.js';
import type { BenchCase, Contestant, Prepared } from '../measure/measure.js';
import { firstTrained, vggFlops, vggLayers } from './shapes.js';
import { trainingWorkAsync } from '../jobs/train-work.js';

/** Weights of every layer; of He's scale, so that values keep their size. */
export function stackData(side: number): {
  x: Float32Array;
  layers: { weight: Float32Array; bias: Float32Array }[];
} {
  return {
    x: randomData(3 * side * side, 1),
    layers: vggLayers().map((l, i) => ({
      weight: randomData(
        l.outChannels * l.inChannels * 9,
        20 + i,
        Math.sqrt(6 / (9 * l.inChannels)),
      ),
      bias: randomData(l.outChannels, 50 + i, 0.1),
    })),
  };
}

/** Last map of a run and gradients, for comparison of contestants with each other. */
export interface StackPrepared extends Prepared {
  resultAsync(): Promise<ArrayLike<number>>;
  /** Weight gradients (O, I, 3, 3) of the trained layers, in their order. */
  gradientsAsync(): Promise<ArrayLike<number>[]>;
}

/**
 * @param pass `training`: backward too, down to conv3_1's weights; conv1 and conv2 stay as they are, as
 *   in the paper's network
 */
export async function prepareStackAsync(
  device: Device,
  side: number,
  pass: 'forward' | 'training',
  algorithm?: ConvAlgorithm,
): Promise<StackPrepared> {
  const layers = vggLayers();
  const data = stackData(side);
  const weights = data.layers.map(({ weight, bias }, i) => {
    const { name, inChannels, outChannels } = layers[i] as (typeof layers)[number];
    const pair = {
      weight: device.parameter(`${name}.weight`, weight, [outChannels, inChannels, 3, 3]),
      bias: device.parameter(`${name}.bias`, bias, [outChannels]),
    };
    pair.weight.requiresGrad = pair.bias.requiresGrad = pass === 'training' && i >= firstTrained;
    return pair;
  });
  const x = device.release(device.tensor(data.x, [1, 3, side, side], { layout: 'c4' }));
  const dY = device.release(
    device.tensor(randomData(2 * side * side, 4), [1, 512, side / 16, side / 16], { layout: 'c4' }),
  );
  await device.settledAsync();
  let result: Tensor | null = null;
  const options = { pad: 1, relu: true, ...(algorithm ? { algorithm } : {}) };
  const forward = (isTraining: boolean): Tensor => {
    let y = x;
    x.invalidateTexture();
    layers.forEach((layer, i) => {
      const step = (next: Tensor): void => {
        if (!isTraining && y !== x) y.dispose();
        y = next;
      };
      const { weight, bias } = weights[i] as (typeof weights)[number];
      const next = layers[i + 1];
      const isPooled = next !== undefined && next.block !== layer.block;
      step((isPooled ? conv2dMaxPool2d : conv2d)(y, weight, bias, options));
    });
    return y;
  };
  const gradientsAsync = (): Promise<ArrayLike<number>[]> =>
    Promise.all(
      weights
        .slice(firstTrained)
        .map(({ weight }) => (weight.grad as Tensor).readAsync('stack gradients')),
    );
  const runAsync = async (): Promise<void> => {
    result?.dispose();
    using scope = device.scope();
    if (pass === 'forward') result = scope.release(forward(false));
    else {
      for (const { weight, bias } of weights) {
        for (const tensor of [weight, bias]) {
          tensor.grad?.dispose();
          tensor.grad = null;
          if (tensor.requiresGrad) tensor.invalidateTexture(); // an update would have changed it
        }
      }
      dY.invalidateTexture();
      using tape = new Tape(device);
      result = scope.release(forward(true));
      tape.backward([[result, dY]]);
    }
    await device.settledAsync();
  };
  return {
    runAsync,
    // Two trainings on one device take its pooled memory from each other; alone, a step follows a step.
    ...(pass === 'training' && { beforeAsync: runAsync }),
    async resultAsync() {
      return await (result as Tensor).readAsync();
    },
    gradientsAsync,
    ...(algorithm !== 'lanes' && {
      async checkAsync() {
        if (pass === 'training')
          return gradientDeviation(
            await gradientsAsync(),
            await gradientReferenceAsync(device, side),
          );
        const got = await (result as unknown as Tensor).readAsync();
        return deviation([...got], Array.from(await stackReferenceAsync(device, side)));
      },
    }),
    disposeAsync() {
      for (const { weight, bias } of weights) {
        weight.dispose();
        bias.dispose();
      }
      for (const tensor of [result, x, dY]) tensor?.dispose();
      return Promise.resolve();
    },
  };
}

const references = new Map<string, Promise<unknown>>();

/** Runs the stack through the direct kernels, which everybody's result is compared with. Once. */
function referenceAsync<T>(
  device: Device,
  side: number,
  pass: 'forward' | 'training',
  take: (work: StackPrepared) => Promise<T>,
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

/** A whole training step of `paper` at `side` x `side`: the stack, RPN, head, masks and update. */
async function preparePaperStepAsync(device: Device, side: number): Promise<Prepared> {
  const config = presetConfig('paper');
  const model = new AofdModel(config.model, {
    lrMult: config.optim.biasLrMult,
    decayMult: config.optim.biasDecayMult,
  });
  const params = ParamStore.create(device, model.specs(), 1);
  const size = { images: 1, height: side, width: side };
  const work = await trainingWorkAsync(device, config, model, params, size);
  return {
    runAsync: () => work.stepAsync(),
    beforeAsync: () => work.stepAsync(),
    disposeAsync() {
      work.dispose();
      params.dispose();
      return Promise.resolve();
    },
  };
}

/** FLOPs of forward and backward down to conv3_1, whose input gradient nobody needs. */
export function trainingFlops(side: number): number {
  const all = vggFlops(side, firstTrained);
  const first = vggFlops(side, firstTrained) - vggFlops(side, firstTrained + 1);
  return vggFlops(side) + 2 * all - first;
}

/** Variant of the training case that is a whole step and not only the stack. */
export const paperStep = 'whole paper step';

/**
 * The whole stack, forward, and forward with backward. With `withStep` a whole training step of `paper`
 * takes turns in the latter, so that it is compared with what others need for the stack alone.
 */
export function stackCases(
  device: Device,
  side: number,
  isQuick: boolean,
  withStep = false,
): BenchCase[] {
  const make = (
    pass: 'forward' | 'training',
    variant: string,
    algorithm?: ConvAlgorithm,
  ): Contestant => ({
    maker: 'aofd',
    variant,
    prepareAsync: () => prepareStackAsync(device, side, pass, algorithm),
  });
  const hasLanes = device.subgroupSize > 0;
  const bytes = 4 * vggLayers().reduce((sum, l) => sum + 9 * l.inChannels * l.outChannels, 0);
  return [
    {
      group: 'stack',
      name: 'VGG16 stack forward',
      shape: `${side}x${side}`,
      work: { kind: 'stack', pass: 'forward', side },
      flops: vggFlops(side),
      bytes,
      contestants: [
        make('forward', 'planned'),
        ...(hasLanes && !isQuick ? [make('forward', 'direct', 'lanes')] : []),
      ],
    },
    {
      group: 'stack',
      name: 'VGG16 stack forward + backward',
      shape: `${side}x${side}, conv3_1 on trained`,
      work: { kind: 'stack', pass: 'training', side },
      flops: trainingFlops(side),
      bytes: 3 * bytes,
      errorBound: gradientBound,
      contestants: [
        make('training', 'planned'),
        ...(withStep
          ? [
              {
                ...{ maker: 'aofd' as const, variant: paperStep, flops: 0 },
                note: 'RPN, head, masks and update too',
                prepareAsync: () => preparePaperStepAsync(device, side),
              },
            ]
          : []),
      ],
    },
  ];
}
