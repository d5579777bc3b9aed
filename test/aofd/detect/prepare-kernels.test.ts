import { expect } from 'chai';
import { Device } from '../../../src/nn/index.js';
import { prepareKernelsAsync } from '../../../src/aofd/detect/forward.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { randomWeights } from '../../helpers/random-weights.js';

describe('prepareKernelsAsync', function () {
  this.timeout(120_000);

  it('compiles exactly what a detection uses, and nothing twice', async () => {
    const device = await Device.createAsync();
    const detector = await Detector.createAsync({ weights: randomWeights(), device });
    const before = device.stats();
    await prepareKernelsAsync(detector.network, { width: 96, height: 64 });
    const prepared = device.stats();
    expect(prepared.pipelines).to.be.greaterThan(before.pipelines);
    // The recording itself left nothing on the device.
    expect(prepared.dispatches).to.equal(before.dispatches);
    expect(prepared.liveTensors).to.equal(before.liveTensors);
    expect(prepared.liveBytes).to.equal(before.liveBytes);
    const used = new Set<string>();
    const get = device.kernels.get.bind(device.kernels);
    device.kernels.get = (name, defines) => {
      const kernel = get(name, defines);
      used.add(kernel.code);
      return kernel;
    };
    const data = Uint8Array.from({ length: 96 * 64 * 3 }, (_, i) => (i * 7919) % 256);
    const { faces } = await detector.detectAsync({ width: 96, height: 64, data }, { score: 0.1 });
    expect(faces.length).to.be.greaterThan(0);
    expect(device.stats().pipelines).to.equal(prepared.pipelines);
    expect(prepared.pipelines - before.pipelines).to.be.at.most(40);
    const idle = device.kernels.list().filter(({ code }) => !used.has(code));
    expect(idle.map(({ name }) => name)).to.have.members(
      before.pipelines > 0 ? ['probe/lane'] : [],
    );
    await detector.disposeAsync();
    await device.destroyAsync();
  });
});
