import { expect } from 'chai';
import { Tape, type Device } from '../../../src/nn/index.js';
import { compactLoss } from '../../../src/nn/ops/compact.js';
import { mulElement, oneMinus, reshape, sum } from '../../../src/nn/ops/index.js';
import { kSmallestMask, maskedCells, mulMask } from '../../../src/nn/ops/mask.js';
import { testDeviceAsync } from '../../helpers/device.js';

/**
 * The golden example of docs/spec.md 3.5 (float64, made by an independent program): two channels, a
 * linear logit z for the head, Lc = softplus(-z), Lg = gamma Lcom - eta Lc.
 */
describe('mask generator example', () => {
  const gamma = 1e-6;
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  it('gives the mask, the losses and the gradients of docs/spec.md 3.5', async () => {
    using _scope = device.scope();
    const values = (f: (i: number) => number, n: number): number[] =>
      Array.from({ length: n }, (_, i) => f(i));
    const shape = [1, 2, 7, 7];
    const x = device.tensor(
      values((i) => ((37 * i) % 23) / 23, 98),
      shape,
      { layout: 'c4' },
    );
    const weight = device.tensor(
      values((i) => (((17 * i) % 29) - 14) / 200, 98),
      shape,
      { layout: 'c4' },
    );
    const gradients = async (
      useCompact: boolean,
      useClass: boolean,
    ): Promise<ArrayLike<number>> => {
      using _inner = device.scope();
      const h = device.tensor(
        values((i) => ((31 * i) % 49) / 10, 49),
        [1, 49],
      );
      h.requiresGrad = true;
      using tape = new Tape(device);
      const { mask, tau } = kSmallestMask(h, maskedCells(1 / 4, 49));
      const score = sum(mulElement(mulMask(x, mask), weight));
      const compact = compactLoss(reshape(oneMinus(mask), [1, 7, 7]));
      const z = (await score.readAsync())[0]! + 0.3;
      const loss = Math.log1p(Math.exp(-z));
      const rows = values((i) => i, 7).map((r) => r * 7);
      const drawn = [...(await mask.readAsync())].map((m) => (m === 0 ? '#' : '.')).join('');
      expect(rows.map((r) => drawn.slice(r, r + 7)).join(' ')).to.equal(
        '#....#. .#....# ..#..#. ...#..# ....... #..#... .#..#..',
      );
      expect((await tau.readAsync())[0]).to.be.closeTo(1.15, 1e-6);
      expect(z).to.be.closeTo(0.1773913043, 1e-6);
      expect(loss).to.be.closeTo(0.6083798412, 1e-6);
      expect((await compact.readAsync())[0]).to.equal(10);
      expect(gamma * 10 - loss).to.be.closeTo(-0.6083698412, 1e-6);
      const slope = -1 / (1 + Math.exp(z)); // dLc/dz
      const seeds: [typeof score, number][] = [];
      if (useCompact) seeds.push([compact, useClass ? gamma : 1]);
      if (useClass) seeds.push([score, useCompact ? -slope : slope]);
      tape.backward(seeds);
      return h.grad!.readAsync();
    };
    const close = (got: ArrayLike<number>, want: number[], tolerance: number): void => {
      want.forEach((v, i) => expect(got[i], `cell ${i}`).to.be.closeTo(v, tolerance));
    };
    close(
      await gradients(true, false),
      // At cells 2, 3 and 4 the rule "0 where the response is exactly 0" matters: the printed values
      // .0621498, -.0359336 and .0384752 count cell 3, whose response is 0, as positive.
      [-0.1598223, 0.02726, 0.0310749, 0, 0.0192376, -0.2121852, 0.0141191],
      1e-6,
    );
    close(
      await gradients(false, true),
      [-0.00240695, 0.0000864293, 0.000812829, -0.000541166, 0.00170783, -0.00271501, 0.000346931],
      2e-8,
    );
    const both = await gradients(true, true);
    const largest = Array.from(both, Math.abs).reduce((a, v, i, all) => (v > all[a]! ? i : a), 0);
    expect(largest).to.equal(21);
    expect(Math.abs(both[21]!)).to.be.closeTo(0.00663326, 2e-8);
  });

  it('names what is wrong with its arguments', () => {
    using _scope = device.scope();
    const h = device.zeros([2, 49]);
    expect(() => kSmallestMask(h, 49)).to.throw(/k must be a whole number from 1 to 48, got 49/);
    const x = device.zeros([2, 4, 3, 3], { layout: 'c4' });
    expect(() => mulMask(x, h)).to.throw(/mask must be row f32 2x9/);
    expect(maskedCells(1 / 3, 49)).to.equal(16);
    expect(maskedCells(1 / 6, 49)).to.equal(8);
  });
});
