import { expect } from 'chai';
import {
  CounterRng,
  conv2d,
  record,
  Tape,
  type Conv2dOptions,
  type Device,
  type Tensor,
} from '../../../src/nn/index.js';
import { convPrecisions, type ConvPrecision } from '../../../src/nn/ops/conv/plan.js';
import { testDeviceAsync } from '../../helpers/device.js';

/**
 * Error allowed relative to the largest value, in inference (the output) and in training (both
 * gradients); docs/kernels.md states them.
 */
const bounds: Record<ConvPrecision, number> = { exact: 2e-6, high: 2e-6, fast: 1e-5 };

/** A layer that Winograd serves: 64 tiles of 4x4, 48 to 40 channels. */
async function layerAsync(device: Device, options: Conv2dOptions): Promise<ArrayLike<number>[]> {
  using _scope = device.scope();
  using tape = new Tape(device);
  const random = (name: string, shape: number[], layout: 'row' | 'c4'): Tensor => {
    const rng = new CounterRng(5, name);
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, () => rng.range(-1, 1));
    return device.tensor(data, shape, { layout, name });
  };
  const x = random('x', [1, 48, 32, 32], 'c4');
  const w = random('w', [40, 48, 3, 3], 'row');
  x.requiresGrad = true;
  w.requiresGrad = true;
  const y = conv2d(x, w, null, { pad: 1, ...options });
  const dY = random('dY', [...y.shape], 'c4');
  const probe = device.zeros([1]);
  record({ op: 'probe', inputs: [y], outputs: [probe], backward: () => [dY] });
  tape.backward([[probe, 1]]);
  return Promise.all([y, x.grad as Tensor, w.grad as Tensor].map((t) => t.readAsync()));
}

function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [top, error] = [0, 0];
  for (let i = 0; i < want.length; i++) {
    top = Math.max(top, Math.abs(want[i] as number));
    error = Math.max(error, Math.abs((got[i] as number) - (want[i] as number)));
  }
  return error / top;
}

describe('convolution precision', () => {
  let device: Device;
  let naive: ArrayLike<number>[];
  before(async () => {
    device = await testDeviceAsync();
    naive = await layerAsync(device, { algorithm: 'naive' });
  });

  for (const precision of convPrecisions) {
    it(`${precision}: output and gradients within ${bounds[precision]} of the largest`, async () => {
      const got = await layerAsync(device, { precision });
      ['output', 'dX', 'dW'].forEach((name, i) => {
        const error = worst(got[i] as ArrayLike<number>, naive[i] as ArrayLike<number>);
        expect(error, name).to.be.lessThan(bounds[precision]);
      });
    });
  }

  it('AOFD_PRECISION sets it, an option goes before it, and a wrong word is refused', async () => {
    const before = process.env['AOFD_PRECISION'];
    try {
      process.env['AOFD_PRECISION'] = 'exact';
      const exact = await layerAsync(device, { precision: 'exact' });
      expect(await layerAsync(device, {})).to.deep.equal(exact);
      // Without lane kernels there is no Winograd, and all precisions are one.
      const fast = await layerAsync(device, { precision: 'fast' });
      if (device.subgroupSize > 0) expect(fast).to.not.deep.equal(exact);
      process.env['AOFD_PRECISION'] = 'sloppy';
      const error = await layerAsync(device, {}).then(
        () => null,
        (e: Error) => e,
      );
      expect(error?.message).to.match(/AOFD_PRECISION is "sloppy".*exact, high, fast/);
    } finally {
      if (before === undefined) delete process.env['AOFD_PRECISION'];
      else process.env['AOFD_PRECISION'] = before;
    }
  });
});
