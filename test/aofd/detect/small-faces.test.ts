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
import { enlargementFor, isCrowd } from '../../../src/aofd/detect/small-faces.js';
import { AnchorCache } from '../../../src/aofd/model/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

const FACE_SIZE = 24;
const CROWD_SIZE = 20;

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

  it('four very small faces are a crowd, unless the picture has the pixels anyhow', () => {
    expect(isCrowd([9, 30, 12, 19, 8], 20, 1)).to.equal(true);
    expect(isCrowd([9, 12, 20, 8], 20, 1)).to.equal(false);
    expect(isCrowd([9, 12, 19, 8], 20, 1.9)).to.equal(true);
    expect(isCrowd([9, 12, 19, 8], 20, 2)).to.equal(false);
    expect(isCrowd([9, 12, 19, 8], null, 1)).to.equal(false);
  });

  describe('in a detection', () => {
    let device: Device;
    let plain: Detector;
    let looking: Detector;
    let crowded: Detector;
    let uncrowded: Detector;
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
      crowded = await detectorOf({ smallFaceSize: FACE_SIZE, crowdFaceSize: CROWD_SIZE });
      uncrowded = await detectorOf({ smallFaceSize: FACE_SIZE, crowdFaceSize: 4 });
    });

    after(() => {
      plain.dispose();
      looking.dispose();
      crowded.dispose();
      uncrowded.dispose();
    });

    const candidatesAsync = async (factor: number, picture = image): Promise<Candidates> => {
      const { network, config } = looking;
      const pass = preparePass(picture, config.input, { factor });
      const anchors = new AnchorCache(network.model, config.boxes.convention);
      const options = { wantsOccluders: false };
      return (await detectPassAsync(network, anchors, { pass, ...picture }, options)).candidates;
    };

    const boxesAsync = async (detector: Detector, picture = image): Promise<number[][]> =>
      (await detector.detectAsync(picture)).faces.map(({ box }) => [...box]);

    /** Candidates of a larger input lower than twice `faceSize`, but for parts of larger faces, and the usual ones. */
    const joinedBoxes = (
      usual: Candidates,
      closer: Candidates,
      scale: number,
      faceSize = FACE_SIZE,
    ): number[] => {
      const { network, settings } = looking;
      const large = likely(usual).filter((i) => heightOf(usual, i) * scale >= 2 * faceSize);
      const small = Array.from(closer.scores.keys()).filter((i) => {
        const [x1, y1, x2, y2] = closer.boxes.slice(4 * i, 4 * i + 4) as unknown as number[];
        const [x, y] = [(x1! + x2!) / 2, (y1! + y2!) / 2];
        const at = usual.boxes;
        const isPart = large.some(
          (k) => x > at[4 * k]! && x < at[4 * k + 2]! && y > at[4 * k + 1]! && y < at[4 * k + 3]!,
        );
        return heightOf(closer, i) * scale < 2 * faceSize && !isPart;
      });
      expect(small.length).to.be.greaterThan(0).and.lessThan(closer.scores.length);
      const joined = keepBest([usual, takeCandidates(closer, small)], network.config, settings);
      return Array.from(joined.boxes);
    };
    const likely = ({ boxes, scores }: Candidates): number[] => {
      const { boxes: rules, test } = looking.config;
      const options = { iouThreshold: test.nmsIou, convention: rules.convention };
      return [...nms(boxes, scores, options)].filter((i) => scores[i]! >= 0.05);
    };

    it('joins the small ones that a larger input shows', async () => {
      const { scale } = preparePass(image, looking.config.input);
      const usual = await candidatesAsync(1);
      const heights = likely(usual).map((i) => heightOf(usual, i) * scale);
      const factor = enlargementFor(heights, FACE_SIZE, 1 / scale);
      expect(factor).to.be.greaterThan(1);
      const boxes = await boxesAsync(looking);
      expect(boxes.flat()).to.deep.equal(joinedBoxes(usual, await candidatesAsync(factor), scale));
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

    it('a crowd is enlarged beyond the pixels of the picture', async () => {
      const small = noise(150);
      const { scale } = preparePass(small, crowded.config.input);
      const usual = await candidatesAsync(1, small);
      const tiny = likely(usual).filter(
        (i) => usual.scores[i]! >= 0.2 && heightOf(usual, i) * scale < CROWD_SIZE,
      );
      expect(tiny.length).to.be.at.least(4);
      const boxes = await boxesAsync(crowded, small);
      expect(boxes.flat()).to.deep.equal(
        joinedBoxes(usual, await candidatesAsync(2, small), scale, CROWD_SIZE),
      );
      const inspected = await inspectAsync(crowded, small);
      expect(inspected.faces.map(({ box }) => [...box])).to.deep.equal(boxes);
      const plainly = await crowded.detectAsync(small, { closerLook: false });
      expect(plainly.faces.map(({ box }) => [...box])).to.deep.equal(
        await boxesAsync(plain, small),
      );
      const without = await boxesAsync(looking, small);
      expect(boxes).to.not.deep.equal(without);
      // Nothing is as low as that.
      expect(await boxesAsync(uncrowded, small)).to.deep.equal(without);
      // A picture with the pixels for it is enlarged as ever.
      expect(await boxesAsync(crowded)).to.deep.equal(await boxesAsync(looking));
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
