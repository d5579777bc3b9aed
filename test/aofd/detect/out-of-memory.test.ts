import { expect } from 'chai';
import { Device, isOutOfMemory } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { FailingAllocations } from '../../helpers/failing-allocations.js';
import { randomWeights } from '../../helpers/random-weights.js';

describe('a detection without memory', function () {
  this.timeout(60_000);
  let device: Device;
  let memory: FailingAllocations;
  before(async () => {
    device = await Device.createAsync();
    memory = new FailingAllocations(device);
  });
  after(async () => {
    memory[Symbol.dispose]();
    await device.destroyAsync();
  });

  const picture = {
    width: 96,
    height: 64,
    data: new Uint8Array(96 * 64 * 3).map((_, i) => i % 251),
  };

  /** A new detector's first detection, from empty pools; `fails` counts from its beginning. */
  async function detect(fails: (count: number) => boolean): Promise<unknown> {
    device.flush();
    device.context.trimPools(0);
    await using detector = await Detector.createAsync({ weights: randomWeights(), device });
    const { liveTensors } = device.stats();
    const from = memory.count;
    memory.fails = (count) => fails(count - from);
    memory.failed = 0;
    try {
      return (await detector.detectAsync(picture, { score: 0.01 })).faces;
    } finally {
      memory.fails = () => false;
      const params = detector.network.params.specs.length;
      expect(liveTensors).to.equal(params);
      if (memory.failed > 1) expect(device.stats().liveTensors).to.be.at.most(2 * params);
    }
  }

  it('finds the same faces, whichever allocation failed', async () => {
    await detect(() => false); // compiles, which allocates too
    let count = 0;
    const expected = await detect((i) => ((count = i), false));
    expect(expected).to.have.length.greaterThan(0);
    // Among the first are the mirrors of weights, which outlive the attempt that made them.
    for (const at of [0, 5, 9, 14, 20, 40, count >> 1, count - 3]) {
      expect(await detect((i) => i === at), `allocation ${at}`).to.deep.equal(expected);
      expect(memory.failed).to.equal(1);
    }
  });

  it('does not fail for what failed before it began, whoever asked for that', async () => {
    const expected = await detect(() => false);
    await using detector = await Detector.createAsync({ weights: randomWeights(), device });
    memory.report();
    const { faces } = await detector.detectAsync(picture, { score: 0.01 });
    expect(faces).to.deep.equal(expected);
  });

  it('says so when there is no memory the second time either', async () => {
    const error: unknown = await detect((i) => i > 10).catch((thrown: unknown) => thrown);
    expect(isOutOfMemory(error), String(error)).to.equal(true);
    expect((error as Error).message).to.match(/\d+ MB in use and \d+ MB kept for reuse/);
    expect(await detect(() => false)).to.have.length.greaterThan(0);
  });
});
