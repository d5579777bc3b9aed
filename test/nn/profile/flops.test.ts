/** Every kernel that does the arithmetic of a layer tells how much, whatever the algorithm. */
import { expect } from 'chai';
import {
  Profiler,
  Tape,
  conv2d,
  linear,
  type ConvAlgorithm,
  type Device,
  type Profile,
  type Tensor,
} from '../../../src/nn/index.js';
import { testDeviceAsync } from '../../helpers/device.js';

/** Kernels whose time is arithmetic; the others move memory. */
const HEAVY = /(gemm|conv|conv_dw|conv_dx)$/;

describe('FLOPs in profiles', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  function leaf(...shape: number[]): Tensor {
    const size = shape.reduce((a, b) => a * b, 1);
    const made = device.tensor(new Float32Array(size).fill(0.01), shape);
    made.requiresGrad = true;
    return made;
  }

  /** Forward and both gradients of what `layer` makes. */
  async function profileAsync(layer: () => Tensor): Promise<Profile> {
    const profiler = await Profiler.startAsync(device);
    using _scope = device.scope();
    using tape = new Tape(device);
    const y = device.context.label('layer', layer);
    tape.backward([[y, device.zeros(y.shape, { layout: y.layout })]]);
    await device.settledAsync();
    return profiler.stopAsync();
  }

  function flopsOf(profile: Profile, kernel?: RegExp): number {
    return profile.kernels
      .filter((row) => !kernel || kernel.test(row.kernel ?? ''))
      .reduce((sum, { flops }) => sum + flops, 0);
  }

  function expectCounted(profile: Profile): void {
    const heavy = profile.kernels.filter(({ kernel }) => HEAVY.test(kernel ?? ''));
    expect(heavy.length).to.be.greaterThan(0);
    for (const { name, kernel, flops, bytes } of heavy) {
      expect(flops, `${name} (${kernel})`).to.be.greaterThan(0);
      expect(bytes, `${name} (${kernel})`).to.be.greaterThan(0);
    }
  }

  const [c, o, side] = [32, 64, 16];
  const conv = 2 * c * o * 9 * side * side;

  function convolve(algorithm: ConvAlgorithm): () => Tensor {
    return () => {
      const data = new Float32Array(c * side * side).fill(0.5);
      const x = device.tensor(data, [1, c, side, side], { layout: 'c4' });
      x.requiresGrad = true;
      return conv2d(x, leaf(o, c, 3, 3), null, { pad: 1, algorithm });
    };
  }

  for (const algorithm of ['naive', 'tile', 'lanes'] as const) {
    it(`convolution, ${algorithm}: those of the plain algorithm`, async function () {
      if (algorithm === 'lanes' && device.subgroupSize === 0) this.skip();
      const profile = await profileAsync(convolve(algorithm));
      expectCounted(profile);
      expect(flopsOf(profile)).to.equal(3 * conv);
    });
  }

  for (const [algorithm, m] of [
    ['winograd2', 2],
    ['winograd4', 4],
  ] as const) {
    it(`convolution, ${algorithm}: those of its products`, async function () {
      if (device.subgroupSize === 0) this.skip();
      const profile = await profileAsync(convolve(algorithm));
      expectCounted(profile);
      // (m + 2)^2 multiplications for m^2 outputs of 9 taps; whole panels of tiles and channels.
      const least = (3 * conv * (m + 2) ** 2) / (9 * m ** 2);
      expect(flopsOf(profile, /gemm/)).to.be.within(least, 4 * least);
    });
  }

  for (const algorithm of ['naive', 'tile', 'lanes'] as const) {
    it(`linear layer, ${algorithm}`, async function () {
      if (algorithm === 'lanes' && device.subgroupSize === 0) this.skip();
      const profile = await profileAsync(() =>
        linear(leaf(64, 128), leaf(96, 128), null, { algorithm }),
      );
      expectCounted(profile);
      expect(flopsOf(profile)).to.equal(3 * 2 * 64 * 128 * 96);
    });
  }
});
