import { expect } from 'chai';
import {
  Profiler,
  Tape,
  conv2d,
  linear,
  type Device,
  type Profile,
} from '../../../src/nn/index.js';
import { testDeviceAsync } from '../../helpers/device.js';

describe('Profiler', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  /** A convolution and a linear layer forward and backward, by layer. */
  async function workAsync(): Promise<void> {
    using _scope = device.scope();
    using tape = new Tape(device);
    const leaf = (shape: number[]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const made = device.tensor(new Float32Array(size).fill(0.01), shape);
      made.requiresGrad = true;
      return made;
    };
    const x = device.zeros([1, 16, 32, 32], { layout: 'c4' });
    const y = device.context.label('conv', () =>
      conv2d(x, leaf([32, 16, 3, 3]), null, { pad: 1, algorithm: 'lanes' }),
    );
    const z = device.context.label('fc', () => linear(leaf([64, 128]), leaf([64, 128]), null));
    const seed = (t: typeof y) => device.zeros(t.shape, { layout: t.layout });
    tape.backward([
      [y, seed(y)],
      [z, seed(z)],
    ]);
    await z.readAsync('test values');
  }

  async function profileAsync(): Promise<Profile> {
    await workAsync(); // compiles
    const profiler = await Profiler.startAsync(device);
    await workAsync();
    return profiler.stopAsync();
  }

  it('times kernels and copies by layer, with operations and readbacks', async () => {
    const before = device.context.commandsPerSubmit;
    const profile = await profileAsync();
    expect(device.context.observer).to.equal(null);
    expect(device.context.commandsPerSubmit).to.equal(before);
    expect(profile.peakFlops).to.be.greaterThan(1e8);
    const layers = new Map(profile.layers.map((row) => [row.name, row]));
    expect([...layers.keys()]).to.include.members(['conv', 'conv backward', 'fc', 'fc backward']);
    for (const { name, totalMs, count } of profile.layers) {
      expect(totalMs, name).to.be.within(0, profile.wallMs);
      expect(count, name).to.be.greaterThan(0);
    }
    expect(layers.get('conv')?.flops).to.equal(2 * 32 * 32 * 32 * 16 * 9);
    expect(layers.get('fc')?.flops).to.equal(2 * 64 * 64 * 128);
    // Both gradients of each.
    expect(layers.get('fc backward')?.flops).to.equal(2 * 2 * 64 * 64 * 128);
    expect(layers.get('conv')?.totalMs).to.be.greaterThan(0);
    expect(profile.kernels.some(({ kernel, bytes }) => kernel === 'copy' && bytes > 0)).to.equal(
      true,
    );
    expect(profile.readbacks).to.deep.equal([
      { cause: 'test values', count: 1, bytes: 64 * 64 * 4 },
    ]);
    expect(profile.deviceMs).to.be.at.most(profile.wallMs * 1.05);
  });

  it('orders events on the clock of the host', async () => {
    const { events, wallMs, method } = await profileAsync();
    expect(events.length).to.be.greaterThan(5);
    let last = -1;
    for (const { startMs, endMs, label } of events) {
      expect(startMs, label).to.be.within(Math.max(-1, last - 0.1), wallMs + 1);
      last = method === 'timestamps' ? endMs : startMs;
    }
  });

  it('measures command by command where there are no timestamps', async () => {
    const features = device.context.features as Set<string>;
    const had = features.delete('timestamp-query');
    try {
      const profile = await profileAsync();
      expect(profile.method).to.equal('wall');
      expect(profile.submits).to.be.at.least(profile.kernels.reduce((n, row) => n + row.count, 0));
      expect(profile.deviceMs).to.be.within(0.01, profile.wallMs);
    } finally {
      if (had) features.add('timestamp-query');
    }
  });
});
