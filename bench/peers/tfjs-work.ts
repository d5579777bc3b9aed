/** The cases in TensorFlow.js: NHWC maps, HWIO weights, as it wants them. */
import type { Device } from '../../src/nn/index.js';
import { checkConv, convData } from '../cases/conv.js';
import { deviation, randomData } from '../cases/data.js';
import { checkLinear, linearData } from '../cases/linear.js';
import type { Contestant, Prepared } from '../measure/measure.js';
import { firstTrained, vggLayers } from '../cases/shapes.js';
import {
  gradientDeviation,
  gradientReferenceAsync,
  stackData,
  stackReferenceAsync,
} from '../cases/stack.js';
import type { Work } from '../measure/types.js';
import type { TfTensor, TfjsPeer } from './tfjs.js';

/** (C, H, W) to (H, W, C). */
export function toChannelsLast(data: Float32Array, c: number, pixels: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let ch = 0; ch < c; ch++) {
    for (let p = 0; p < pixels; p++) out[p * c + ch] = data[ch * pixels + p] as number;
  }
  return out;
}

/** (H, W, C) to (C, H, W). */
export function toChannelsFirst(data: Float32Array, c: number, pixels: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let p = 0; p < pixels; p++) {
    for (let ch = 0; ch < c; ch++) out[ch * pixels + p] = data[p * c + ch] as number;
  }
  return out;
}

/** (O, I, 3, 3) to (3, 3, I, O). */
export function toHwio(weight: Float32Array, o: number, i: number): Float32Array {
  const out = new Float32Array(weight.length);
  for (let co = 0; co < o; co++) {
    for (let ci = 0; ci < i; ci++) {
      for (let tap = 0; tap < 9; tap++)
        out[(tap * i + ci) * o + co] = weight[(co * i + ci) * 9 + tap] as number;
    }
  }
  return out;
}

/** (3, 3, I, O) to (O, I, 3, 3). */
export function fromHwio(weight: Float32Array, o: number, i: number): Float32Array {
  const out = new Float32Array(weight.length);
  for (let tap = 0; tap < 9; tap++) {
    for (let ci = 0; ci < i; ci++) {
      for (let co = 0; co < o; co++)
        out[(co * i + ci) * 9 + tap] = weight[(tap * i + ci) * o + co] as number;
    }
  }
  return out;
}

interface Operation {
  inputs: TfTensor[];
  /** The result first, then what else must be computed. */
  run(): TfTensor[];
  /** Deviation of the results. */
  check?(results: TfTensor[]): Promise<number>;
}

/** An operation with one result. */
function single(
  inputs: TfTensor[],
  run: () => TfTensor,
  check?: (result: TfTensor) => Promise<number>,
): Operation {
  return {
    inputs,
    run: () => [run()],
    ...(check && { check: ([result]: TfTensor[]) => check(result as TfTensor) }),
  };
}

async function prepareAsync(peer: TfjsPeer, setup: () => Operation): Promise<Prepared> {
  await peer.tf.setBackend('webgpu');
  const { inputs, run, check } = setup();
  await peer.settledAsync();
  let last: TfTensor[] = [];
  const runManyAsync = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      for (const tensor of last) tensor.dispose();
      last = peer.tf.tidy(run);
    }
    await peer.settledAsync();
  };
  return {
    runAsync: () => runManyAsync(1),
    runManyAsync,
    ...(check && { checkAsync: () => check(last) }),
    async disposeAsync() {
      for (const tensor of [...last, ...inputs]) tensor.dispose();
      await peer.settledAsync();
      peer.freeMemory();
    },
  };
}

/** Side of a picture on which kernels are compiled before the stack's one long run. */
const SMALL_SIDE = 64;

async function prepareStackAsync(
  peer: TfjsPeer,
  device: Device,
  work: Extract<Work, { kind: 'stack' }>,
): Promise<Prepared> {
  const small = await prepareAsync(peer, () =>
    stackOf(peer, device, { ...work, side: SMALL_SIDE }),
  );
  await small.runAsync();
  await small.disposeAsync();
  return prepareAsync(peer, () => stackOf(peer, device, work));
}

function convOf(peer: TfjsPeer, work: Extract<Work, { kind: 'conv' }>): Operation {
  const { tf } = peer;
  const { pass, c, o, h, w } = work;
  const data = convData(work);
  const pixels = h * w;
  const x = tf.tensor(toChannelsLast(data.x, c, pixels), [1, h, w, c]);
  const filter = tf.tensor(toHwio(data.weight, o, c), [3, 3, c, o]);
  const bias = tf.tensor(data.bias, [o]);
  if (pass === 'forward') {
    return single(
      [x, filter, bias],
      () => tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' }),
      async (y) => checkConv(pass, work, data, toChannelsFirst(await y.data(), o, pixels)),
    );
  }
  const dy = tf.tensor(toChannelsLast(data.dY, o, pixels), [1, h, w, o]);
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: null };
  const inputs = [x, filter, bias, dy];
  if (pass === 'inputGradient') {
    const inputShape = [1, h, w, c];
    return single(
      inputs,
      () =>
        tf.engine().runKernel('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape }),
      async (dx) => checkConv(pass, work, data, toChannelsFirst(await dx.data(), c, pixels)),
    );
  }
  const filterShape = [3, 3, c, o];
  return single(
    inputs,
    () => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape }),
    async (dw) => checkConv(pass, work, data, fromHwio(await dw.data(), o, c)),
  );
}

function linearOf(peer: TfjsPeer, work: Extract<Work, { kind: 'linear' }>): Operation {
  const { tf } = peer;
  const { pass, rows, inputs, outputs } = work;
  const data = linearData(work);
  const x = tf.tensor(data.x, [rows, inputs]);
  const weight = tf.tensor(data.weight, [outputs, inputs]);
  const dY = tf.tensor(data.dY, [rows, outputs]);
  return single(
    [x, weight, dY],
    () =>
      pass === 'forward'
        ? tf.matMul(x, weight, false, true)
        : pass === 'inputGradient'
          ? tf.matMul(dY, weight, false, false)
          : tf.matMul(dY, x, true, false),
    async (y) => checkLinear(pass, work, data, await y.data()),
  );
}

function stackOf(
  peer: TfjsPeer,
  device: Device,
  work: Extract<Work, { kind: 'stack' }>,
): Operation {
  const { tf } = peer;
  const { side, pass } = work;
  const data = stackData(side);
  const layers = vggLayers();
  const x = tf.tensor(toChannelsLast(data.x, 3, side * side), [1, side, side, 3]);
  const weights = layers.map((layer, i) => {
    const { weight, bias } = data.layers[i] as (typeof data.layers)[number];
    const { inChannels: ci, outChannels: co } = layer;
    const trains = pass === 'training' && i >= firstTrained;
    const make = (t: TfTensor): TfTensor => (trains ? tf.variable(t, true) : t);
    return {
      filter: make(tf.tensor(toHwio(weight, co, ci), [3, 3, ci, co])),
      bias: make(tf.tensor(bias, [co])),
      outChannels: co,
      inChannels: ci,
    };
  });
  const forward = (): TfTensor => {
    let y = x;
    layers.forEach((layer, i) => {
      if (i > 0 && layer.block !== layers[i - 1]?.block) y = tf.maxPool(y, 2, 2, 'same');
      const { filter, bias } = weights[i] as (typeof weights)[number];
      y = tf.fused.conv2d({ x: y, filter, strides: 1, pad: 'same', bias, activation: 'relu' });
    });
    return y;
  };
  const inputs = [x, ...weights.flatMap(({ filter, bias }) => [filter, bias])];
  const cells = (side / 16) ** 2;
  if (pass === 'forward') {
    return single(inputs, forward, async (y) =>
      deviation(
        [...toChannelsFirst(await y.data(), 512, cells)],
        Array.from(await stackReferenceAsync(device, side)),
      ),
    );
  }
  const dY = tf.tensor(toChannelsLast(randomData(512 * cells, 4), 512, cells), [
    1,
    side / 16,
    side / 16,
    512,
  ]);
  const trained = weights.slice(firstTrained);
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
        const data = await (grads[2 * i] as TfTensor).data();
        got.push(fromHwio(data, outChannels, inChannels));
      }
      return gradientDeviation(got, await gradientReferenceAsync(device, side));
    },
  };
}

/** Its gradients take up to half a minute a layer on two cores: only those of layers that `paper` trains. */
const isTrained = (work: Extract<Work, { kind: 'conv' }>): boolean => work.o >= 256;

/** TensorFlow.js's way of doing a case's work. */
export function tfjsContestant(
  peer: TfjsPeer,
  device: Device,
  work: Work,
  isQuick: boolean,
): Contestant | null {
  const { tf } = peer;
  const of = (setup: () => Operation): Contestant => ({
    maker: 'tfjs-webgpu',
    variant: '',
    prepareAsync: () => prepareAsync(peer, setup),
  });
  switch (work.kind) {
    case 'conv':
      return work.pass === 'forward' || (!isQuick && isTrained(work))
        ? of(() => convOf(peer, work))
        : null;
    case 'linear':
      return isQuick && work.pass !== 'forward' ? null : of(() => linearOf(peer, work));
    case 'stack':
      return isQuick
        ? null
        : {
            ...{ maker: 'tfjs-webgpu', variant: '' },
            note: 'compiled on 64x64 before',
            prepareAsync: () => prepareStackAsync(peer, device, work),
          };
    case 'pool': {
      const { c, h, w } = work;
      return of(() => {
        const x = tf.tensor(randomData(c * h * w, 1), [1, h, w, c]);
        return single([x], () => tf.maxPool(x, 2, 2, 'same'));
      });
    }
    case 'softmax':
      return of(() => {
        const x = tf.tensor(randomData(work.rows * work.columns, 3), [work.rows, work.columns]);
        return single([x], () => tf.softmax(x));
      });
    default:
      return null;
  }
}
