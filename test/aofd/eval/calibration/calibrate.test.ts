/** Calibration on portraits drawn here: every threshold against a detector that has it. */
import { expect } from 'chai';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { decodeImage } from '../../../../src/aofd/data/files/decode.js';
import { Detector } from '../../../../src/aofd/detect/detector.js';
import {
  calibrateAsync,
  type Calibration,
} from '../../../../src/aofd/eval/calibration/calibrate.js';
import type { CalibrateOptions } from '../../../../src/aofd/eval/calibration/options.js';
import { DataError, ImageDecodeError } from '../../../../src/aofd/errors.js';
import { testDeviceAsync } from '../../../helpers/device.js';
import { gradientImage, jpegOf, maskPng } from '../../../helpers/pictures.js';
import { randomWeights, smallConfig, writeRandomWeights } from '../../../helpers/random-weights.js';
import { rejectionAsync } from '../../../helpers/rejection.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const SIDE = 96;
/** x, y, width, height. */
const FACE = [16, 16, 48, 48] as const;
/** Covered rows of each portrait's face, from its top. */
const COVERED = [0, 12, 30];

const isInFace = (x: number, y: number): boolean => x >= 16 && x < 64 && y >= 16 && y < 64;

describe('calibration', () => {
  const at = useSuiteFolder();
  const config = smallConfig();
  let options: CalibrateOptions;
  let found: Calibration;

  before(async () => {
    for (const folder of ['images', 'masks', 'face']) mkdirSync(at(folder));
    const picture = await jpegOf(gradientImage(SIDE, SIDE));
    const entries = COVERED.map((rows, i) => {
      const id = `p${i}`;
      const isCovered = (x: number, y: number): boolean => isInFace(x, y) && y < 16 + rows;
      writeFileSync(at('images', `${id}.jpg`), picture);
      writeFileSync(at('masks', `${id}.png`), maskPng(SIDE, SIDE, isCovered));
      writeFileSync(at('face', `${id}.png`), maskPng(SIDE, SIDE, isInFace));
      return { id, split: 'train', width: SIDE, height: SIDE, box: FACE, synthetic: false };
    });
    writeFileSync(at('index.json'), JSON.stringify(entries));
    config.data.root = at();
    config.data.sources = { mine: { kind: 'occlusion-seg', list: '.', split: 'train' } };
    writeRandomWeights(at('weights.safetensors'), config);
    options = {
      config,
      run: { weights: at('weights.safetensors'), version: '0' },
      cache: at('cache'),
      faces: [{ name: 'mine', count: 0 }],
      portraits: [{ name: 'mine', count: 0 }],
      falseAlarms: 0.02,
    };
    found = (await calibrateAsync(options))!;
  });

  it('tells for every threshold what a detector that has it tells', async () => {
    const { trials } = found.occlusion!;
    const device = await testDeviceAsync();
    const [cx, cy] = [40, 40];
    for (const { threshold, shareError } of [trials[0]!, trials.at(-1)!]) {
      const test = { ...config.test, occluderThreshold: threshold };
      using detector = await Detector.createAsync({
        weights: randomWeights({ ...config, test }),
        device,
        score: 0.01,
      });
      // The pictures are one picture: only what is true of them differs.
      const { faces } = await detector.detectAsync(await decodeImage(at('images', 'p0.jpg')));
      const own = faces.find(
        ({ box: [x1, y1, x2, y2] }) => cx >= x1 && cx <= x2 && cy >= y1 && cy <= y2,
      )!;
      const { x, y, width, height, data } = own.occlusion!.mask;
      let told = 0;
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) if (data[v * width + u] && isInFace(x + u, y + v)) told++;
      }
      const errors = COVERED.map((rows) => Math.abs(told / 48 ** 2 - rows / 48));
      expect(shareError).to.be.closeTo((errors[0]! + errors[1]! + errors[2]!) / 3, 1e-9);
      expect(own.occlusionAt(threshold)).to.deep.equal(own.occlusion);
    }
    expect(trials[0]!.shareError).to.not.equal(trials.at(-1)!.shareError);
  });

  it('keeps the best threshold, and counts the uncovered', () => {
    const { trials, best, portraits, uncovered } = found.occlusion!;
    expect(trials.map(({ threshold }) => threshold)).to.include.members([0.2, 0.5, 0.8]);
    const equal = trials.filter(
      ({ iou }) => iou >= Math.max(...trials.map((trial) => trial.iou)) - 0.01,
    );
    expect(equal).to.include(best);
    expect(best.shareError).to.equal(Math.min(...equal.map(({ shareError }) => shareError)));
    expect({ portraits, uncovered }).to.deep.equal({ portraits: 3, uncovered: 1 });
    expect(found.test.occluderThreshold).to.equal(best.threshold);
    expect(found.scores.pictures).to.equal(3);
  });

  it('counts as covered what few found boxes of uncovered faces say', async () => {
    const { best, coveredShare } = found.occlusion!;
    const test = { ...config.test, occluderThreshold: best.threshold };
    using detector = await Detector.createAsync({
      weights: randomWeights({ ...config, test }),
      device: await testDeviceAsync(),
      score: 0.01,
    });
    const { faces } = await detector.detectAsync(await decodeImage(at('images', 'p0.jpg')));
    const own = faces.find(
      ({ box: [x1, y1, x2, y2] }) => 40 >= x1 && 40 <= x2 && 40 >= y1 && 40 <= y2,
    )!;
    expect(own.isOccluded(coveredShare!)).to.equal(own.occlusion!.ratio >= 1);
    expect(coveredShare).to.be.closeTo(Math.min(1, own.occlusion!.ratio + 0.005), 0.006);
  });

  it('reads portraits that a person outlined like those with masks', async () => {
    mkdirSync(at('drawn'), { recursive: true });
    COVERED.forEach((rows, i) => {
      const name = `d${i}`;
      writeFileSync(at('drawn', `${name}.jpg`), readFileSync(at('images', `p${i}.jpg`)));
      const shape = (label: string, y2: number) => ({
        label,
        shape_type: 'rectangle',
        points: [
          [16, 16],
          [64, y2],
        ],
      });
      const shapes = [shape('face', 64), ...(rows > 0 ? [shape('occluder', 16 + rows)] : [])];
      const head = { imagePath: `${name}.jpg`, imageWidth: SIDE, imageHeight: SIDE };
      writeFileSync(at('drawn', `${name}.json`), JSON.stringify({ ...head, shapes }));
    });
    const drawn = { kind: 'labelme' as const, list: 'drawn' };
    const data = { ...config.data, sources: { ...config.data.sources, drawn } };
    const portraits = [{ name: 'drawn', count: 0 }];
    const told = await calibrateAsync({ ...options, config: { ...config, data }, portraits });
    const { portraits: count, uncovered, notFound } = told!.occlusion!;
    expect({ count, uncovered, notFound }).to.deep.equal({ count: 3, uncovered: 1, notFound: 0 });
  });

  it('refuses pictures without pixel labels before it looks at any', async () => {
    writeFileSync(at('boxes.txt'), 'images/p0.jpg\n1\n16 16 48 48 0 0 0 0 0 0\n');
    const boxes = { kind: 'wider' as const, list: 'boxes.txt', images: '.' };
    const data = { ...config.data, sources: { ...config.data.sources, boxes } };
    const seen: unknown[] = [];
    const error = await rejectionAsync(
      calibrateAsync({
        ...options,
        config: { ...config, data },
        portraits: [{ name: 'boxes', count: 0 }],
        run: { ...options.run, onProgress: (run) => seen.push(run) },
      }),
      DataError,
    );
    expect(error.message).to.include('"boxes"');
    expect(seen).to.deep.equal([]);
  });

  it('ends where it is told to', async () => {
    const signal = AbortSignal.abort();
    expect(await calibrateAsync({ ...options, run: { ...options.run, signal } })).to.equal(null);
  });

  it('names a portrait that cannot be decoded', async () => {
    const file = at('images', 'p0.jpg');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 40));
    try {
      const error = await rejectionAsync(calibrateAsync(options), ImageDecodeError);
      expect(error.where).to.equal(file);
    } finally {
      writeFileSync(file, whole);
    }
  });
});
