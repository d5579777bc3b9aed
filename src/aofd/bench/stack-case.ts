/** All 13 convolutions of VGG16 with bias, ReLU and pools, as one piece of work. */
import {
  Tape,
  conv2d,
  maxPool2d,
  type ConvAlgorithm,
  type Device,
  type Tensor,
} from '../../nn/index.js';
import { deviation, randomData } from './data.js';
import type { BenchCase, Contestant, Prepared } from './measure.js';
import { firstTrained, vggFlops, vggLayers } from './shapes.js';

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

/** Last map of a run, for comparison of contestants with each other. */
export interface StackPrepared extends Prepared {
  resultAsync(): Promise<ArrayLike<number>>;
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
      if (i > 0 && layer.block !== layers[i - 1]?.block) step(maxPool2d(y));
      const { weight, bias } = weights[i] as (typeof weights)[number];
      step(conv2d(y, weight, bias, options));
    });
    return y;
  };
  return {
    async runAsync() {
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
    },
    async resultAsync() {
      return await (result as Tensor).readAsync();
    },
    ...(algorithm !== 'direct' && {
      async checkAsync() {
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

const references = new Map<string, Promise<ArrayLike<number>>>();

/**
 * The last map of the stack by the direct kernels, which every contestant's result is compared with
 * (each layer's kernel is compared with float64 in the convolution cases). Computed once.
 */
export function stackReferenceAsync(device: Device, side: number): Promise<ArrayLike<number>> {
  const key = `${device.adapter.description} ${side}`;
  let reference = references.get(key);
  if (!reference) {
    reference = (async () => {
      const work = await prepareStackAsync(device, side, 'forward', 'direct');
      await work.runAsync();
      const values = await work.resultAsync();
      await work.disposeAsync();
      return values;
    })();
    references.set(key, reference);
  }
  return reference;
}

/** FLOPs of forward and backward down to conv3_1, whose input gradient nobody needs. */
export function trainingFlops(side: number): number {
  const all = vggFlops(side, firstTrained);
  const first = vggFlops(side, firstTrained) - vggFlops(side, firstTrained + 1);
  return vggFlops(side) + 2 * all - first;
}

/** The whole stack, forward, and forward with backward. */
export function stackCases(device: Device, side: number, isQuick: boolean): BenchCase[] {
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
        ...(hasLanes && !isQuick ? [make('forward', 'direct', 'direct')] : []),
      ],
    },
    {
      group: 'stack',
      name: 'VGG16 stack forward + backward',
      shape: `${side}x${side}, conv3_1 on trained`,
      work: { kind: 'stack', pass: 'training', side },
      flops: trainingFlops(side),
      bytes: 3 * bytes,
      contestants: [make('training', 'planned')],
    },
  ];
}
