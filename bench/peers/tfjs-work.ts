/** The cases in TensorFlow.js: NHWC maps, HWIO weights, as it wants them. */
import type { Device } from '../../src/nn/index.js';
import { checkConv, convData } from '../cases/conv.js';
import { randomData } from '../cases/data.js';
import { checkLinear, linearData } from '../cases/linear.js';
import type { Contestant, Work } from '../measure/case.js';
import { fromHwio, toChannelsFirst, toChannelsLast, toHwio } from './tfjs-layout.js';
import { prepareAsync, single, type Operation } from './tfjs-operation.js';
import { prepareStackAsync } from './tfjs-stack.js';
import type { TfjsPeer } from './tfjs.js';

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
            maker: 'tfjs-webgpu',
            variant: '',
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
