import { expect } from 'chai';
import { NnError, type Device } from '../../../src/nn/index.js';
import { nms } from '../../../src/aofd/boxes/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { detectPassAsync } from '../../../src/aofd/detect/forward.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import {
  heightOf,
  keepBest,
  takeCandidates,
  type Candidates,
} from '../../../src/aofd/detect/postprocess.js';
import { preparePass, preparePicture } from '../../../src/aofd/detect/prepare.js';
import { enlargementFor } from '../../../src/aofd/detect/small-faces.js';
import { AnchorCache } from '../../../src/aofd/model/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

const FACE_SIZE = 24;

describe('small faces', () => {
  it('enlarges until the middle one of them is a quarter higher, as far as there are pixels', () => {
    // Of 10, 12 and 20 the middle one is 12: 1.25 x 24 / 12.
    expect(enlargementFor([20, 10, 200, 12], 24, 9)).to.equal(2.5);
    // In steps of a quarter.
    expect(enlargementFor([20, 10, 200, 12], 24, 1.7)).to.equal(1.5);
    expect(enlargementFor([4], 24, 9)).to.equal(2.5);
    expect(enlargementFor([20], 24, 9)).to.equal(1.5);
    // No small face, no pixels to spare, hardly any.
    expect(enlargementFor([24, 100], 24, 9)).to.equal(1);
    expect(enlargementFor([10], 24, 1)).to.equal(1);
    expect(enlargementFor([10], 24, 1.2)).to.equal(1);
    expect(enlargementFor([], 24, 9)).to.equal(1);
  });

  describe('in a detection', () => {
    let device: Device;
    let plain: Detector;
    let looking: Detector;
    const noise = (side: number): { width: number; height: number; data: Uint8Array } => ({
      width: side,
      height: side,
      data: Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7919) % 256),
    });
    const image = noise(200);

    before(async () => {
      device = await testDeviceAsync();
      const config = smallConfig(96);
      const detectorOf = (test: object): Promise<Detector> =>
        Detector.createAsync({
          weights: randomWeights({ ...config, test: { ...config.test, ...test } }),
          device,
          score: 0.3,
        });
      [plain, looking] = [await detectorOf({}), await detectorOf({ smallFaceSize: FACE_SIZE })];
    });

    after(() => {
      plain.dispose();
      looking.dispose();
    });

    const candidatesAsync = async (factor: number): Promise<Candidates> => {
      const { network, config } = looking;
      const pass = preparePass(image, config.input, { factor });
      const anchors = new AnchorCache(network.model, config.boxes.convention);
      const options = { wantsOccluders: false };
      return (await detectPassAsync(network, anchors, { pass, ...image }, options)).candidates;
    };

    const boxesAsync = async (detector: Detector, picture = image): Promise<number[][]> =>
      (await detector.detectAsync(picture)).faces.map(({ box }) => [...box]);

    it('joins the small ones that a larger input shows', async () => {
      const { network, config, settings } = looking;
      const { scale } = preparePass(image, config.input);
      const usual = await candidatesAsync(1);
      const { boxes: at, scores } = usual;
      const { convention } = config.boxes;
      const found = [...nms(at, scores, { iouThreshold: config.test.nmsIou, convention })];
      const factor = enlargementFor(found.map((i) => heightOf(usual, i) * scale), FACE_SIZE, 1 / scale); // prettier-ignore
      expect(factor).to.be.greaterThan(1);
      const large = found.filter((i) => heightOf(usual, i) * scale >= 2 * FACE_SIZE);
      const closer = await candidatesAsync(factor);
      const small = Array.from(closer.scores.keys()).filter((i) => {
        const [x1, y1, x2, y2] = closer.boxes.slice(4 * i, 4 * i + 4) as unknown as number[];
        const [x, y] = [(x1! + x2!) / 2, (y1! + y2!) / 2];
        const isPart = large.some(
          (k) => x > at[4 * k]! && x < at[4 * k + 2]! && y > at[4 * k + 1]! && y < at[4 * k + 3]!,
        );
        return heightOf(closer, i) * scale < 2 * FACE_SIZE && !isPart;
      });
      expect(small.length).to.be.greaterThan(0).and.lessThan(closer.scores.length);
      const joined = keepBest([usual, takeCandidates(closer, small)], network.config, settings);
      const boxes = await boxesAsync(looking);
      expect(boxes.flat()).to.deep.equal(Array.from(joined.boxes));
      expect(boxes).to.not.deep.equal(await boxesAsync(plain));
      const { faces } = await inspectAsync(looking, image);
      expect(faces.map(({ box }) => [...box])).to.deep.equal(boxes);
    });

    it('needs pixels: of a picture of the input’s size, or of its prepared input alone, there is no closer look', async () => {
      const small = noise(96);
      expect(await boxesAsync(looking, small)).to.deep.equal(await boxesAsync(plain, small));
      const prepared = preparePicture(image, looking.config.input, looking.passes());
      const { faces } = await looking.detectPreparedAsync(prepared);
      expect(faces.map(({ box }) => [...box])).to.deep.equal(await boxesAsync(plain));
      const whole = await looking.detectPreparedAsync({ ...prepared, image });
      expect(whole.faces.map(({ box }) => [...box])).to.deep.equal(await boxesAsync(looking));
      expect(whole.faces).to.not.have.length(0);
      const wrong = looking.detectPreparedAsync({ ...prepared, image: small });
      expect((await rejectionAsync(wrong, NnError)).code).to.equal('settings');
    });

    it('leaves the sizes to the caller who names some, and can be turned off', async () => {
      const usual = await boxesAsync(plain);
      expect(usual).to.not.have.length(0);
      const { faces } = await looking.detectAsync(image, { closerLook: false });
      expect(faces.map(({ box }) => [...box])).to.deep.equal(usual);
      for (const overrides of [{ scales: [0.5] }, { scales: [1, 1.5] }]) {
        const [one, other] = await Promise.all([plain, looking].map((d) => d.detectAsync(image, overrides))); // prettier-ignore
        expect(other!.faces).to.deep.equal(one!.faces);
      }
      // The mirrored picture changes nothing of it.
      const mirrored = await looking.detectAsync(image, { flip: true });
      const without = await plain.detectAsync(image, { flip: true });
      expect(mirrored.faces).to.not.deep.equal(without.faces);
    });

    it('leaks nothing', async () => {
      await looking.detectAsync(image);
      const before = device.stats();
      for (let i = 0; i < 5; i++) await looking.detectAsync(image);
      const after = device.stats();
      expect(after.liveTensors).to.equal(before.liveTensors);
      expect(after.liveBytes).to.equal(before.liveBytes);
    });
  });
});
