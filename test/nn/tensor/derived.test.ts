import { expect } from 'chai';
import { conv2d, type ConvAlgorithm, type Device, type Tensor } from '../../../src/nn/index.js';
import { copyBytes } from '../../../src/nn/ops/common.js';
import { AdamW, clipGradNorm, Ema, Sgd } from '../../../src/nn/optim/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';
import { testDeviceAsync } from '../../helpers/device.js';

/** Weight of a 3x3 convolution, 8 channels to 8. */
const shape = [8, 8, 3, 3];
const size = 8 * 8 * 9;
const random = (n: number, seed: number): number[] => {
  const rng = new CounterRng(seed);
  return Array.from({ length: n }, () => Math.fround(rng.range(-1, 1)));
};

const copyOf = (x: Tensor): Tensor => {
  const made = x.device.empty(x.shape);
  x.device.copy(x, made);
  return made;
};

describe('forms derived from tensors', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  /** Every way in which a tensor's values change: given one, makes its values others. */
  const paths: Record<string, (w: Tensor, other: Tensor) => void> = {
    'a launch': (w, other) =>
      device.dispatch({
        kernel: 'elementwise/scale',
        defines: { QUADS: false },
        bindings: { x: other, y: w },
        params: { n: size, factor: 2 },
        workgroups: [Math.ceil(size / 64)],
      }),
    'Sgd.step': (w, other) => {
      w.grad = device.release(copyOf(other));
      const sgd = new Sgd([w]);
      sgd.step(0.5);
      sgd.dispose();
    },
    'AdamW.step': (w, other) => {
      w.grad = device.release(copyOf(other));
      const adamw = new AdamW([w]);
      adamw.step(0.5);
      adamw.dispose();
    },
    'Device.copy': (w, other) => device.copy(other, w),
    copyBytes: (w, other) => copyBytes(other, 16, w, 32, 64),
    'Device.write': (w) => device.write(w, random(size, 7)),
    'an upload': (w) => device.context.upload(w.buffer, new Float32Array(random(16, 7)), 64),
    'a fill with zeros': (w) => device.context.clear(w.buffer),
  };

  /** A convolution by each algorithm reads what the weight holds now, as it reads a new tensor. */
  const checkAsync = async (w: Tensor, change: () => void): Promise<void> => {
    using _scope = device.scope();
    const x = device.tensor(random(8 * 64, 1), [1, 8, 8, 8], { layout: 'c4' });
    const algorithms: ConvAlgorithm[] = ['naive', 'lanes', 'tile', 'winograd2', 'winograd4'];
    const convolve = (weight: Tensor): Tensor[] =>
      algorithms.map((algorithm) => conv2d(x, weight, null, { algorithm, pad: 1 }));
    const before = await Promise.all(convolve(w).map((y) => y.readAsync()));
    change();
    const values = await w.readAsync();
    const after = await Promise.all(convolve(w).map((y) => y.readAsync()));
    const fresh = device.tensor(values, shape);
    const expected = await Promise.all(convolve(fresh).map((y) => y.readAsync()));
    algorithms.forEach((algorithm, i) => {
      expect(after[i], algorithm).to.deep.equal(expected[i]);
      expect(after[i], algorithm).to.not.deep.equal(before[i]);
    });
  };

  for (const [name, write] of Object.entries(paths)) {
    it(`are made anew after ${name}`, async () => {
      using w = device.parameter(`w after ${name}`, random(size, 2), shape);
      using other = device.release(device.tensor(random(size, 3), shape));
      await checkAsync(w, () => write(w, other));
    });
  }

  it('are made anew after Ema.update and Ema.swap', async () => {
    using w = device.parameter('averaged', random(size, 2), shape);
    const ema = new Ema([w], { decay: 0.5, warmUp: false });
    const shadow = ema.shadow(w);
    await checkAsync(shadow, () => {
      device.write(w, random(size, 4));
      ema.update();
    });
    await checkAsync(w, () => ema.swap());
    ema.dispose();
  });

  it('are made anew after clipGradNorm', async () => {
    using w = device.parameter('clipped', random(size, 2), shape);
    w.grad = device.tensor(random(size, 3), shape);
    await checkAsync(w.grad, () => clipGradNorm([w], 1)?.dispose());
  });

  it('are made anew where a map was written', async () => {
    using _scope = device.scope();
    const w = device.tensor(random(size, 2), shape);
    const x = device.tensor(random(8 * 64, 1), [1, 8, 8, 8], { layout: 'c4' });
    const other = device.tensor(random(8 * 64, 5), [1, 8, 8, 8], { layout: 'c4' });
    device.tape = { device }; // or conv2d gives the map's texture back by itself
    conv2d(x, w, null, { algorithm: 'winograd4', pad: 1 });
    device.copy(other, x);
    const got = await conv2d(x, w, null, { algorithm: 'winograd4', pad: 1 }).readAsync();
    device.tape = null;
    const want = await conv2d(other, w, null, { algorithm: 'winograd4', pad: 1 }).readAsync();
    expect(got).to.deep.equal(want);
  });
});
