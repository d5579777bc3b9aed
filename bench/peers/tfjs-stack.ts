/** The VGG16 stack in TensorFlow.js. */
import type { Device } from '../../src/nn/index.js';
import { deviation } from '../cases/data.js';
import {
  gradientDeviation,
  gradientReferenceAsync,
  stackData,
  stackReferenceAsync,
  type StackData,
} from '../cases/stack-work.js';
import { firstTrained, vggLayers } from '../cases/vgg-layers.js';
import type { Prepared, Work } from '../measure/case.js';
import { fromHwio, toChannelsFirst, toChannelsLast, toHwio } from './tfjs-layout.js';
import { prepareAsync, single, type Operation } from './tfjs-operation.js';
import type { TfTensor, TfjsPeer } from './tfjs.js';

/** Side of a picture on which kernels are compiled before the stack's one long run. */
const SMALL_SIDE = 64;

type StackWork = Extract<Work, { kind: 'stack' }>;

/** The whole stack, compiled on a small picture before. */
export async function prepareStackAsync(
  peer: TfjsPeer,
  device: Device,
  work: StackWork,
): Promise<Prepared> {
  const small = await prepareAsync(peer, () =>
    stackOf(peer, device, { ...work, side: SMALL_SIDE }),
  );
  await small.runAsync();
  await small.disposeAsync();
  return prepareAsync(peer, () => stackOf(peer, device, work));
}

interface Layer {
  filter: TfTensor;
  bias: TfTensor;
  inChannels: number;
  outChannels: number;
  poolsBefore: boolean;
}

/** The layers' weights; those that `paper` trains are variables in a training pass. */
function layersOf({ tf }: TfjsPeer, data: StackData, pass: StackWork['pass']): Layer[] {
  const shapes = vggLayers();
  return shapes.map(({ inChannels, outChannels, block }, i) => {
    const { weight, bias } = data.layers[i] as StackData['layers'][number];
    const trains = pass === 'training' && i >= firstTrained;
    const make = (t: TfTensor): TfTensor => (trains ? tf.variable(t, true) : t);
    const hwio = toHwio(weight, outChannels, inChannels);
    return {
      filter: make(tf.tensor(hwio, [3, 3, inChannels, outChannels])),
      bias: make(tf.tensor(bias, [outChannels])),
      inChannels,
      outChannels,
      poolsBefore: i > 0 && block !== shapes[i - 1]?.block,
    };
  });
}

function stackOf(peer: TfjsPeer, device: Device, { side, pass }: StackWork): Operation {
  const { tf } = peer;
  const data = stackData(side);
  const x = tf.tensor(toChannelsLast(data.x, 3, side * side), [1, side, side, 3]);
  const layers = layersOf(peer, data, pass);
  const inputs = [x, ...layers.flatMap(({ filter, bias }) => [filter, bias])];
  const forward = (): TfTensor => {
    let y = x;
    for (const { filter, bias, poolsBefore } of layers) {
      if (poolsBefore) y = tf.maxPool(y, 2, 2, 'same');
      y = tf.fused.conv2d({ x: y, filter, strides: 1, pad: 'same', bias, activation: 'relu' });
    }
    return y;
  };
  if (pass === 'training') return trainingOf(peer, device, side, { data, layers, inputs, forward });
  return single(inputs, forward, async (y) =>
    deviation(
      [...toChannelsFirst(await y.data(), 512, (side / 16) ** 2)],
      Array.from(await stackReferenceAsync(device, side)),
    ),
  );
}

/** Forward and backward: the gradients of sum(y dY) are those that dY brings about. */
function trainingOf(
  { tf }: TfjsPeer,
  device: Device,
  side: number,
  parts: { data: StackData; layers: Layer[]; inputs: TfTensor[]; forward: () => TfTensor },
): Operation {
  const { data, layers, inputs, forward } = parts;
  const last = side / 16;
  const dY = tf.tensor(toChannelsLast(data.dY, 512, last * last), [1, last, last, 512]);
  const trained = layers.slice(firstTrained);
  const variables = trained.flatMap(({ filter, bias }) => [filter, bias]);
  return {
    inputs: [...inputs, dY],
    run() {
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(forward(), dY)), variables);
      return [value, ...variables.map(({ name }) => grads[name as string] as TfTensor)];
    },
    async check([, ...grads]) {
      const got: Float32Array[] = [];
      for (const [i, { outChannels, inChannels }] of trained.entries()) {
        const gradient = await (grads[2 * i] as TfTensor).data();
        got.push(fromHwio(gradient, outChannels, inChannels));
      }
      return gradientDeviation(got, await gradientReferenceAsync(device, side));
    },
  };
}
