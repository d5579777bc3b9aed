import { expect } from 'chai';
import {
  clipGradNorm,
  conv2d,
  linear,
  relu,
  sigmoid,
  sigmoidBce,
  softmax,
  softmaxCrossEntropy,
  Tape,
  weightStandardize,
  type ConvAlgorithm,
  type Device,
  type Tensor,
} from '../../../src/nn/index.js';
import { testDeviceAsync } from '../../helpers/device.js';

/** The far ends of the number range, where a formula that is right on paper overflows. */
describe('numerics', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });
  const read = async (t: Tensor): Promise<number[]> => [...(await t.readAsync())];
  const leaf = (data: number[], shape: number[]): Tensor => {
    const t = device.tensor(data, shape);
    t.requiresGrad = true;
    return t;
  };

  it('sigmoid and its loss stay finite for logits of any size', async () => {
    using _scope = device.scope();
    using tape = new Tape(device);
    const logits = [-3e38, -1000, -90, 0, 90, 1000, 3e38];
    const x = leaf(logits, [7]);
    const y = await read(sigmoid(x));
    expect(y.every((v) => v >= 0 && v <= 1)).to.equal(true);
    expect([y[0], y[3], y[6]]).to.deep.equal([0, 0.5, 1]);
    const goal = device.tensor([0, 0, 0, 1, 1, 1, 1], [7]);
    const loss = sigmoidBce(x, goal, { reduction: 'sum' });
    expect((await read(loss))[0]).to.be.closeTo(Math.log(2), 1e-6);
    tape.backward([[loss, 1]]);
    expect(await read(x.grad as Tensor)).to.deep.equal([0, 0, 0, -0.5, 0, 0, 0]);
  });

  it('softmax and cross-entropy take logits of any size', async () => {
    using _scope = device.scope();
    using tape = new Tape(device);
    const x = leaf([1e30, -1e30, 500, 499, -1e4, -1e4], [3, 2]);
    const rows = await read(softmax(x));
    expect(rows[0]).to.equal(1);
    expect(rows[1]).to.equal(0);
    expect(rows[2]).to.be.closeTo(1 / (1 + Math.exp(-1)), 1e-6);
    const labels = device.tensor([0, 0, 1], [3], { dtype: 'i32' });
    const loss = softmaxCrossEntropy(x, labels, { reduction: 'sum' });
    expect((await read(loss))[0]).to.be.closeTo(Math.log(1 + Math.exp(-1)) + Math.log(2), 1e-6);
    tape.backward([[loss, 1]]);
    expect((await read(x.grad as Tensor)).every(Number.isFinite)).to.equal(true);
  });

  it('standardised weights without variance are 0 and have finite gradients', async () => {
    using _scope = device.scope();
    using tape = new Tape(device);
    const w = leaf([3, 3, 3, 3, 0, 0, 0, 0], [2, 4]);
    const gain = leaf([1, 2], [2]);
    const y = weightStandardize(w, gain);
    expect(await read(y)).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    tape.backward([[y, device.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])]]);
    expect((await read(w.grad as Tensor)).every(Number.isFinite)).to.equal(true);
    expect(await read(gain.grad as Tensor)).to.deep.equal([0, 0]);
  });

  it('clipping leaves zero gradients as they are', async () => {
    using _scope = device.scope();
    const w = leaf([1, 2], [2]);
    w.grad = device.zeros([2]);
    const norm = clipGradNorm([w], 1) as Tensor;
    expect(await read(norm)).to.deep.equal([0, 1]);
    expect(await read(w.grad)).to.deep.equal([0, 0]);
  });

  const algorithms: ConvAlgorithm[] = ['naive', 'tile', 'lanes', 'winograd2', 'winograd4'];
  for (const algorithm of algorithms) {
    it(`a NaN passes through the ReLU of conv2d (${algorithm})`, async function () {
      if (!['naive', 'tile'].includes(algorithm) && device.subgroupSize === 0) this.skip();
      using _scope = device.scope();
      const data = new Float32Array(4 * 64).fill(-1);
      data[0] = NaN;
      const x = device.tensor(data, [1, 4, 8, 8], { layout: 'c4' });
      const w = device.tensor(new Float32Array(4 * 4 * 9).fill(1), [4, 4, 3, 3]);
      const y = await read(conv2d(x, w, null, { pad: 1, relu: true, algorithm }));
      expect(y[0]).to.be.NaN;
      expect(y[63]).to.equal(0);
    });
  }

  it('a NaN passes through relu and the ReLU of linear', async function () {
    using _scope = device.scope();
    const x = device.tensor([NaN, -1, 2, 3], [1, 4]);
    const w = device.tensor([1, 1, 1, 1], [1, 4]);
    expect((await read(relu(x)))[0]).to.be.NaN;
    expect((await read(linear(x, w, null, { relu: true })))[0]).to.be.NaN;
    expect((await read(linear(x, w, null, { relu: true, algorithm: 'tile' })))[0]).to.be.NaN;
    if (device.subgroupSize === 0) return;
    const w4 = device.tensor(new Float32Array(16).fill(1), [4, 4]);
    expect((await read(linear(x, w4, null, { relu: true, algorithm: 'lanes' })))[0]).to.be.NaN;
  });
});
