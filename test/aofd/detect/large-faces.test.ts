import { expect } from 'chai';
import type { Device } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import {
  detectPassAsync,
  segmentPassAsync,
  type PassResult,
} from '../../../src/aofd/detect/forward.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import { reducedPass, reductionFor } from '../../../src/aofd/detect/large-faces.js';
import { occlusionIn } from '../../../src/aofd/detect/occluders.js';
import { keepBest, takeCandidates, type Candidates } from '../../../src/aofd/detect/postprocess.js';
import { AnchorCache } from '../../../src/aofd/model/index.js';
import { preparePass, type PreparedPass } from '../../../src/aofd/detect/prepare.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

const FACE_SIZE = 48;

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
      const detectorOf = (largeFaceSize: number | null): Promise<Detector> =>
        Detector.createAsync({
          weights: randomWeights({ ...config, test: { ...config.test, largeFaceSize } }),
          device,
          score: 0.3,
        });
      [plain, shrinking] = [await detectorOf(null), await detectorOf(FACE_SIZE)];
    });

    after(() => {
      plain.dispose();
      shrinking.dispose();
    });

    /** What a pass over the picture, shrunk by a factor, finds. */
    const passAsync = ({ network, config }: Detector, by: number): Promise<PassResult> => {
      const whole = preparePass(image, config.input);
      const pass = by === 1 ? whole : reducedPass(whole, by, config.input.padMultiple);
      const anchors = new AnchorCache(network.model, config.boxes.convention);
      return detectPassAsync(network, anchors, { pass, ...image }, { wantsOccluders: true });
    };

    const heights = ({ boxes, scores }: Candidates): number[] =>
      Array.from(scores, (_, i) => boxes[4 * i + 3]! - boxes[4 * i + 1]!);

    it('joins the large ones that the shrunk input shows', async () => {
      const { network, config, settings } = shrinking;
      const { scale } = preparePass(image, config.input);
      const whole = (await passAsync(shrinking, 1)).candidates;
      const sure = heights(whole).filter((_, i) => whole.scores[i]! >= 0.3);
      const by = reductionFor(Math.max(...sure) * scale, FACE_SIZE);
      expect(by).to.be.greaterThan(1);
      const shrunk = (await passAsync(shrinking, by)).candidates;
      const large = heights(shrunk).flatMap((height, i) =>
        height * scale >= FACE_SIZE ? [i] : [],
      );
      expect(large.length).to.be.greaterThan(0).and.lessThan(shrunk.scores.length);
      const joined = keepBest([whole, takeCandidates(shrunk, large)], network.config, settings);
      const { faces } = await shrinking.detectAsync(image);
      expect(faces.flatMap(({ box }) => box)).to.deep.equal(Array.from(joined.boxes));
      const { faces: usual } = await plain.detectAsync(image);
      expect(usual.map(({ box }) => box)).to.not.deep.equal(faces.map(({ box }) => box));
      const inspected = await inspectAsync(shrinking, image);
      expect(inspected.faces).to.deep.equal(faces);
    });

    it('asks the shrunk input what covers them', async () => {
      const { faces } = await shrinking.detectAsync(image);
      const { network, config } = shrinking;
      const pass = preparePass(image, config.input);
      const maps = new Map([[1, (await passAsync(shrinking, 1)).occluders]]);
      for (const { box, occlusion } of faces) {
        const by = reductionFor((box[3] - box[1]) * pass.scale, FACE_SIZE);
        const reduced = reducedPass(pass, by, config.input.padMultiple);
        if (!maps.has(by)) maps.set(by, await segmentPassAsync(network, reduced));
        expect(occlusion).to.deep.equal(
          occlusionIn(box, maps.get(by)!, image, config.test.occluderThreshold),
        );
      }
      expect(Math.max(...maps.keys())).to.be.greaterThan(1);
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
