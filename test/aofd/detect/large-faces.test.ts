import { expect } from 'chai';
import type { Device } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { segmentPassAsync } from '../../../src/aofd/detect/forward.js';
import { reducedPass, reductionFor } from '../../../src/aofd/detect/large-faces.js';
import { occlusionIn } from '../../../src/aofd/detect/occluders.js';
import { preparePass, type PreparedPass } from '../../../src/aofd/detect/prepare.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

const FACE_SIZE = 32;

function passOf(rows: readonly (readonly number[])[]): PreparedPass {
  const [contentHeight, contentWidth] = [rows.length, rows[0]!.length];
  const data = Float32Array.from(rows.flat().flatMap((value) => [value, 2 * value, 3 * value, 0]));
  return {
    width: contentWidth,
    height: contentHeight,
    contentWidth,
    contentHeight,
    scale: 0.5,
    flip: false,
    data,
  };
}

/** First channel, row by row. */
const first = ({ data }: PreparedPass): number[] => Array.from(data).filter((_, i) => i % 4 === 0);

describe('large faces', () => {
  it('shrinks by halves, up to 4, and never enlarges', () => {
    const heights = [10, 200, 219, 220, 300, 437, 2000];
    expect(heights.map((height) => reductionFor(height, 175))).to.deep.equal([
      1, 1, 1.5, 1.5, 1.5, 2.5, 4,
    ]);
  });

  it('takes means over areas, with shares of pixels, and pads with zeros', () => {
    const half = reducedPass(
      passOf([
        [1, 3, 5],
        [5, 7, 9],
      ]),
      2,
      2,
    );
    expect([half.contentWidth, half.contentHeight, half.width, half.height]).to.deep.equal([
      2, 1, 2, 2,
    ]);
    expect(half.scale).to.equal(0.25);
    expect(first(half)).to.deep.equal([4, 7, 0, 0]);
    expect(Array.from(half.data.subarray(0, 4))).to.deep.equal([4, 8, 12, 0]);
    const part = reducedPass(passOf([[3, 6, 9, 12]]), 1.5, 1);
    // (3 + 6 / 2) / 1.5, (6 / 2 + 9) / 1.5, and what is left of the picture.
    expect(first(part)).to.deep.equal([4, 8, 12]);
  });

  describe('in a detection', () => {
    let device: Device;
    let plain: Detector;
    let shrinking: Detector;
    const data = Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => (i * 7919) % 256);
    const image = { width: 96, height: 96, data };

    before(async () => {
      device = await testDeviceAsync();
      const config = smallConfig();
      const detectorOf = (segFaceSize: number | null): Promise<Detector> =>
        Detector.createAsync({
          weights: randomWeights({ ...config, test: { ...config.test, segFaceSize } }),
          device,
          score: 0.3,
        });
      [plain, shrinking] = [await detectorOf(null), await detectorOf(FACE_SIZE)];
    });

    after(() => {
      plain.dispose();
      shrinking.dispose();
    });

    it('asks the shrunk input what covers them, and changes no box', async () => {
      const expected = (await plain.detectAsync(image)).faces;
      const { faces } = await shrinking.detectAsync(image);
      const places = (list: typeof faces) => list.map(({ box, score }) => ({ box, score }));
      expect(places(faces)).to.deep.equal(places(expected));
      const { network, config } = shrinking;
      const pass = preparePass(image, config.input);
      const factors = new Set<number>();
      for (const [i, { box, occlusion }] of faces.entries()) {
        const by = reductionFor((box[3] - box[1]) * pass.scale, FACE_SIZE);
        factors.add(by);
        if (by === 1) {
          expect(occlusion).to.deep.equal(expected[i]!.occlusion);
          continue;
        }
        const map = await segmentPassAsync(
          network,
          reducedPass(pass, by, config.input.padMultiple),
        );
        expect(occlusion).to.deep.equal(
          occlusionIn(box, map!, image, config.test.occluderThreshold),
        );
      }
      expect(Math.max(...factors)).to.be.greaterThan(1);
    });

    it('leaks nothing', async () => {
      await shrinking.detectAsync(image);
      const before = device.stats();
      for (let i = 0; i < 10; i++) await shrinking.detectAsync(image);
      const after = device.stats();
      expect(after.liveTensors).to.equal(before.liveTensors);
      expect(after.liveBytes).to.equal(before.liveBytes);
    });
  });
});
