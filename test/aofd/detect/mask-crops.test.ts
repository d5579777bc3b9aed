import { expect } from 'chai';
import type { Device } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { forEachPixel, type GridMap } from '../../../src/aofd/detect/grid-map.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import { cropAbout } from '../../../src/aofd/detect/mask-crops.js';
import { segmentPassAsync } from '../../../src/aofd/detect/forward.js';
import { occlusionIn } from '../../../src/aofd/detect/occluders.js';
import { withoutCloserLooks } from '../../../src/aofd/detect/settings.js';
import { preparePass } from '../../../src/aofd/detect/prepare.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

/** Faces lower than this in the input are asked of a crop. */
const SIZE = 64;

describe('crops for the masks of small faces', () => {
  it('are squares about the face, without what lies beyond the picture', () => {
    const data = Uint8Array.from({ length: 3 * 10 * 8 }, (_, i) => i);
    const image = { width: 10, height: 8, data };
    const inside = cropAbout(image, [5, 4], 4);
    expect([inside.left, inside.top, inside.width, inside.height]).to.deep.equal([3, 2, 4, 4]);
    expect(inside.data[0]).to.equal(3 * (2 * 10 + 3));
    expect(inside.data.at(-1)).to.equal((3 * (5 * 10 + 6) + 2) % 256);
    const corner = cropAbout(image, [0, 8], 6);
    expect([corner.left, corner.top, corner.width, corner.height]).to.deep.equal([0, 5, 3, 3]);
    const whole = cropAbout(image, [5, 4], 99);
    expect([whole.left, whole.top, whole.width, whole.height]).to.deep.equal([0, 0, 10, 8]);
  });

  it('lie at their place in the picture', () => {
    const map = { values: Float32Array.of(1, 2, 3, 4), width: 2, height: 2, scale: 0.5 };
    const valuesAt = (of: GridMap, x: number, y: number): number[] => {
      const seen: number[] = [];
      forEachPixel(of, { x, y, width: 4, height: 4 }, (_, value) => seen.push(value));
      return seen;
    };
    expect(valuesAt({ ...map, left: 7, top: 3 }, 7, 3)).to.deep.equal(valuesAt(map, 0, 0));
  });

  describe('in a detection', () => {
    let device: Device;
    let plain: Detector;
    let cropping: Detector;
    const [width, height] = [400, 300];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251);
    const image = { width, height, data };

    before(async () => {
      device = await testDeviceAsync();
      const detectorOf = (closeMaskSize: number | null): Promise<Detector> => {
        const config = smallConfig();
        Object.assign(config.test, { closeMaskSize, maxDetections: 12 });
        return Detector.createAsync({ weights: randomWeights(config), device, score: 0.3 });
      };
      [plain, cropping] = [await detectorOf(null), await detectorOf(SIZE)];
    });

    after(() => {
      plain.dispose();
      cropping.dispose();
    });

    it('ask the branch of the picture around each small face', async () => {
      const { faces } = await cropping.detectAsync(image);
      const { faces: usual } = await plain.detectAsync(image);
      expect(faces.map(({ box }) => box)).to.deep.equal(usual.map(({ box }) => box));
      const { config, network } = cropping;
      const { scale } = preparePass(image, config.input);
      let cropped = 0;
      let changed = 0;
      for (const [i, { box, occlusion }] of faces.entries()) {
        const size = Math.max(box[2] - box[0], box[3] - box[1]) * scale;
        const factor = Math.min(1 / scale, (2 * SIZE) / 1.5 / size);
        if (size >= SIZE || factor < 1.25) {
          expect(occlusion).to.deep.equal(usual[i]!.occlusion);
          continue;
        }
        cropped++;
        const side = Math.floor((2 * SIZE) / (scale * factor));
        // All of the face is in its crop, with a margin.
        expect(side).to.be.at.least(Math.max(box[2] - box[0], box[3] - box[1]) * 1.2);
        const centre = [(box[0] + box[2] + 1) / 2, (box[1] + box[3] + 1) / 2] as const;
        const crop = cropAbout(image, centre, side);
        const maxSize = scale * factor * Math.max(crop.width, crop.height);
        const input = { ...config.input, maxSize, padMultiple: 2 * SIZE };
        const pass = preparePass(crop, input);
        expect([pass.width, pass.height]).to.deep.equal([2 * SIZE, 2 * SIZE]);
        const map = await segmentPassAsync(network, pass);
        const placed = { ...map!, left: crop.left, top: crop.top };
        expect(occlusion).to.deep.equal(
          occlusionIn(box, placed, image, config.test.occluderThreshold),
        );
        if (occlusion!.ratio !== usual[i]!.occlusion!.ratio) changed++;
      }
      expect(cropped).to.be.greaterThan(0);
      expect(changed).to.be.greaterThan(0);
      expect((await inspectAsync(cropping, image)).faces).to.deep.equal(faces);
    });

    it('are not taken where nobody wants a closer look, or the picture has no more pixels', async () => {
      const small = { width: 128, height: 96, data: data.subarray(0, 128 * 96 * 3) };
      for (const [picture, settings] of [
        [image, { closerLook: false }],
        [image, { scales: [1, 1.5] }],
        [small, {}],
      ] as const) {
        const { faces } = await cropping.detectAsync(picture, settings);
        expect(faces).to.deep.equal((await plain.detectAsync(picture, settings)).faces);
      }
    });

    it('are of no interest to who wants boxes alone, or an input of another size', async () => {
      const { faces } = await cropping.detectAsync(image, { occlusion: false });
      expect(faces.every(({ occlusion }) => occlusion === null)).to.equal(true);
      const { test } = withoutCloserLooks(cropping.config);
      expect(test).to.deep.equal({
        ...cropping.config.test,
        closeMaskSize: null,
        smallFaceSize: null,
        crowdFaceSize: null,
      });
    });

    it('leak nothing', async () => {
      await cropping.detectAsync(image);
      const before = device.stats();
      for (let i = 0; i < 5; i++) await cropping.detectAsync(image);
      const after = device.stats();
      expect(after.liveTensors).to.equal(before.liveTensors);
      expect(after.liveBytes).to.equal(before.liveBytes);
    });
  });
});
