/** Calls at the same time, idle memory, and the end of a detector. */
import { expect } from 'chai';
import { NnError } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { checkModelAsync } from '../../../src/aofd/detect/inspect/check-model.js';
import { failureAsync } from '../../helpers/losing-device.js';
import { randomWeights } from '../../helpers/random-weights.js';

const picture = { width: 64, height: 48, data: new Uint8Array(64 * 48 * 3).fill(90) };

const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof NnError ? error.code : String(error)),
  );

describe('the life of a detector', function () {
  this.timeout(60_000);
  const weights = randomWeights();

  for (const isWarm of [false, true]) {
    it(`ends when what is under way is done, ${isWarm ? 'warm' : 'compiling'}`, async () => {
      const detector = await Detector.createAsync({ weights });
      if (isWarm) await detector.detectAsync(picture);
      const calls = Array.from({ length: 8 }, () => outcome(detector.detectAsync(picture)));
      const other = outcome(isWarm ? detector.warmUpAsync(64, 48) : detector.compileAsync());
      await new Promise((resolve) => setImmediate(resolve));
      detector.dispose();
      const late = outcome(detector.detectAsync(picture));
      const ends = [...(await Promise.all(calls)), await other, await late];
      for (const end of ends) expect(end).to.be.oneOf(['done', 'use-after-free']);
      expect(ends[0]).to.equal('done');
      expect(ends.at(-1)).to.equal('use-after-free');
      await detector.disposeAsync();
      expect(detector.network.params.device.stats().liveTensors).to.equal(0);
    });
  }

  it('is ended by a dispose right after a call', async () => {
    const detector = await Detector.createAsync({ weights });
    const call = outcome(detector.detectAsync(picture));
    await detector[Symbol.asyncDispose]();
    expect(await call).to.be.oneOf(['done', 'use-after-free']);
  });

  it('refuses calls without a rejection that nobody hears of, however late they are looked at', async () => {
    const detector = await Detector.createAsync({ weights });
    await detector.detectAsync(picture);
    const calls: Promise<unknown>[] = [];
    const { error, unhandled } = await failureAsync(async () => {
      for (let i = 0; i < 8; i++) calls.push(detector.detectAsync(picture));
      calls.push(detector.warmUpAsync(64, 48), detector.compileAsync());
      await detector.disposeAsync();
    });
    expect(error).to.equal(null);
    expect(unhandled.map(String)).to.deep.equal([]);
    const ends = await Promise.all(calls.map(outcome));
    expect(new Set(ends)).to.deep.equal(new Set(['done', 'use-after-free']));
    // A call after that is a mistake, which must not pass in silence.
    const late = await failureAsync(async () => void detector.detectAsync(picture));
    expect(late.unhandled.map(String).join()).to.include('disposed');
  });

  it('ends when a check of its layers is done; a check of its bare network is refused', async () => {
    for (const isWhole of [true, false]) {
      const detector = await Detector.createAsync({ weights });
      const check = outcome(checkModelAsync(isWhole ? detector : detector.network));
      await new Promise((resolve) => setImmediate(resolve));
      await detector.disposeAsync();
      expect(await check).to.equal(isWhole ? 'done' : 'use-after-free');
      expect(detector.network.params.device.stats().liveTensors).to.equal(0);
    }
  });

  it('checks its layers with nothing else on the device', async () => {
    await using detector = await Detector.createAsync({ weights });
    await detector.detectAsync(picture);
    const before = detector.device.stats().liveTensors;
    const calls = [
      checkModelAsync(detector),
      detector.detectAsync(picture),
      checkModelAsync(detector),
      detector.detectAsync(picture),
    ];
    expect(await Promise.all(calls.map(outcome))).to.deep.equal(Array(4).fill('done'));
    expect(detector.device.stats().liveTensors).to.equal(before);
  });

  it('holds as much memory for many calls at once as for a few', async () => {
    await using detector = await Detector.createAsync({ weights, idleMs: Infinity });
    const { device } = detector;
    const manyAsync = async (count: number): Promise<number> => {
      await Promise.all(Array.from({ length: count }, () => detector.detectAsync(picture)));
      return device.stats().peakBytes;
    };
    const few = await manyAsync(4);
    expect(await manyAsync(60)).to.equal(few);
  });

  it('gives memory back when it is idle, and works on', async () => {
    await using detector = await Detector.createAsync({ weights, idleMs: 1 });
    const first = await detector.detectAsync(picture);
    const { device } = detector;
    for (let turn = 0; device.stats().pooledBytes > 0 && turn < 1e6; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(device.stats().pooledBytes).to.equal(0);
    expect(device.stats().liveBytes).to.be.greaterThan(0);
    const second = await detector.detectAsync(picture);
    expect(second.faces.map((f) => f.toJSON())).to.deep.equal(first.faces.map((f) => f.toJSON()));
  });
});
