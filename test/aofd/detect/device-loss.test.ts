import { expect } from 'chai';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import { failureAsync, isLost, LosingDevice, someOf } from '../../helpers/losing-device.js';
import { randomWeights } from '../../helpers/random-weights.js';

const picture = {
  width: 96,
  height: 64,
  data: new Uint8Array(96 * 64 * 3).map((_, i) => i % 251),
};

describe('a device that is lost', function () {
  this.timeout(300_000);
  const settings = { weights: randomWeights(), score: 0.01 };

  /** Loses the device at each wait of `work` in turn, and wants the one error each time. */
  async function loseEverywhere(
    work: (detector: Detector) => Promise<unknown>,
    isWarm: boolean,
    step = 1,
  ): Promise<number> {
    const attempt = async (loseAt: number) => {
      const losing = await LosingDevice.createAsync();
      const { device } = losing;
      const detector = await Detector.createAsync({ ...settings, device });
      if (isWarm) await detector.detectAsync(picture);
      losing.count = 0;
      losing.loseAt = loseAt;
      const failure = await failureAsync(async () => {
        try {
          await work(detector);
        } finally {
          await detector.disposeAsync();
        }
      });
      const waits = losing.count;
      losing.loseAt = Infinity;
      await device.destroyAsync();
      return { ...failure, waits };
    };
    const { error, unhandled, waits } = await attempt(Infinity);
    expect(error).to.equal(null);
    expect(unhandled).to.deep.equal([]);
    for (const at of someOf(waits, 4, step)) {
      const lost = await attempt(at);
      expect(lost.unhandled.map(String), `unhandled at wait ${at} of ${waits}`).to.deep.equal([]);
      expect(isLost(lost.error), `wait ${at} of ${waits}: ${String(lost.error)}`).to.equal(true);
    }
    return waits;
  }

  it('gives one error at each wait of a detection, and nothing unhandled', async () => {
    expect(await loseEverywhere((d) => d.detectAsync(picture), true)).to.be.greaterThan(4);
  });

  it('and while kernels are compiled', async () => {
    await loseEverywhere((d) => d.detectAsync(picture), false, 12);
  });

  it('and of detections at the same time, and of an inspection', async () => {
    await loseEverywhere(
      async (d) => {
        const results = await Promise.allSettled([1, 2, 3].map(() => d.detectAsync(picture)));
        for (const result of results) if (result.status === 'rejected') throw result.reason;
      },
      true,
      4,
    );
    await loseEverywhere((d) => inspectAsync(d, picture), true, 6);
  });
});
