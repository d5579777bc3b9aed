import { expect } from 'chai';
import { DEFAULT_AUGMENT, NO_AUGMENT } from '../../../src/aofd/config/augment.js';
import {
  COVER_COVERED,
  COVER_NONE,
  type Batch,
  type BatchOptions,
} from '../../../src/aofd/data/batches/batch.js';
import { DataError } from '../../../src/aofd/errors.js';
import { ImageCache } from '../../../src/aofd/data/batches/image-cache.js';
import { DEFAULT_PAINTER } from '../../../src/aofd/config/painter.js';
import { BatchLoader } from '../../../src/aofd/data/batches/pipeline.js';
import type { Sample } from '../../../src/aofd/data/sample.js';
import { face, gradientImage, jpegOf, maskPng } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('data/pipeline', () => {
  const at = useSuiteFolder();
  let detection: Sample[];
  let portraits: Sample[];
  before(async () => {
    const photo = await jpegOf(gradientImage(120, 90));
    detection = [0, 1, 2].map((i) => ({
      id: `d${i}`,
      file: at.write(`d${i}.jpg`, photo),
      width: 120,
      height: 90,
      faces: [face([20, 20, 59, 69]), face([80, 10, 109, 49])],
      source: 'detection',
    }));
    const portrait = await jpegOf(gradientImage(96, 96));
    portraits = [0, 1].map((i) => ({
      id: `p${i}`,
      file: at.write(`p${i}.jpg`, portrait),
      faces: [face([24, 20, 71, 79], { attributes: { occludedShare: 0.3 } })],
      segmentation: {
        maskFile: at.write(
          `p${i}.png`,
          maskPng(96, 96, (_x, y) => y > 50),
        ),
      },
      source: 'portraits',
    }));
  });

  const options = (patch: Partial<BatchOptions> = {}): BatchOptions => ({
    batchSize: 4,
    width: 96,
    height: 64,
    seed: 11,
    sources: [
      { name: 'detection', samples: detection, weight: 1 },
      { name: 'portraits', samples: portraits, weight: 1 },
    ],
    augment: DEFAULT_AUGMENT,
    painter: { ...DEFAULT_PAINTER, faceProbability: 1 },
    paintProbability: 0.7,
    cutoutSamples: portraits,
    segFraction: 0.25,
    portraitRatios: [1, 1.5],
    cacheBytes: 10_000_000,
    ...patch,
  });

  const content = (batch: Batch): unknown => ({ ...batch, timeMs: 0 });

  it('makes batches of the promised shapes', async () => {
    await using loader = new BatchLoader(options(), { threaded: false });
    const batch = await loader.nextAsync();
    expect(batch.step).to.equal(0);
    expect(batch.images).to.have.length(4 * 96 * 64 * 3);
    expect(batch.ids).to.have.length(4);
    batch.boxes.forEach((boxes, i) => {
      const count = boxes.length / 4;
      expect(batch.ignore[i]).to.have.length(count);
      expect(batch.covers[i]).to.have.length(count);
      for (let r = 0; r < count; r++) {
        const [x1, y1, x2, y2] = boxes.subarray(4 * r, 4 * r + 4);
        expect(x1).to.be.at.least(0);
        expect(y1).to.be.at.least(0);
        expect(x2).to.be.within(x1 as number, 95);
        expect(y2).to.be.within(y1 as number, 63);
      }
      const labels = batch.segLabels[i];
      if (labels) expect(labels).to.have.length(96 * 64);
    });
  });

  it('gives the same batch k in the thread, in this thread, and after a resume', async () => {
    const plain: unknown[] = [];
    await using here = new BatchLoader(options(), { threaded: false });
    for (let i = 0; i < 4; i++) plain.push(content(await here.nextAsync()));
    await using threaded = new BatchLoader(options(), { prefetch: 2 });
    for (let i = 0; i < 4; i++) expect(content(await threaded.nextAsync())).to.deep.equal(plain[i]);
    expect(threaded.step).to.equal(4);
    await using resumed = new BatchLoader(options(), { startStep: 2, threaded: false });
    expect(content(await resumed.nextAsync())).to.deep.equal(plain[2]);
    await using other = new BatchLoader(options({ seed: 12 }), { threaded: false });
    expect(content(await other.nextAsync())).to.not.deep.equal(plain[0]);
  }).timeout(30000);

  it('serves concurrent calls in order', async () => {
    await using loader = new BatchLoader(options(), { prefetch: 2 });
    const batches = await Promise.all([1, 2, 3, 4, 5].map(() => loader.nextAsync()));
    expect(batches.map((b) => b.step)).to.deep.equal([0, 1, 2, 3, 4]);
  }).timeout(30000);

  it('spreads portraits evenly and labels them', async () => {
    const settings = options({ augment: NO_AUGMENT, painter: undefined });
    await using loader = new BatchLoader(settings, { threaded: false });
    for (let i = 0; i < 3; i++) {
      const batch = await loader.nextAsync();
      const isPortrait = batch.sources.map((s) => s === 'portraits');
      expect(isPortrait.filter(Boolean)).to.have.length(1);
      batch.segLabels.forEach((labels, n) => {
        expect(labels !== null).to.equal(isPortrait[n]);
        if (isPortrait[n]) expect(batch.covers[n]?.[0]).to.equal(COVER_COVERED);
        if (labels) expect([...new Set(labels)].sort()).to.deep.equal([0, 1, 255]);
      });
    }
  });

  it('makes mosaics that begin with a portrait as often as asked for', async () => {
    const augment = { ...NO_AUGMENT, portraitMosaic: 1 };
    await using loader = new BatchLoader(options({ augment, painter: undefined }), {
      threaded: false,
    });
    const portrait: string[] = [];
    const detected: string[] = [];
    for (let i = 0; i < 3; i++) {
      for (const sources of (await loader.nextAsync()).sources) {
        (sources.startsWith('portraits') ? portrait : detected).push(sources);
      }
    }
    expect(portrait.map((sources) => sources.split('+').length)).to.deep.equal([4, 4, 4]);
    expect(new Set(detected)).to.deep.equal(new Set(['detection']));
  });

  it('makes mosaics of nine as often as asked for, and the same ones where not asked', async () => {
    const augment = { ...NO_AUGMENT, mosaic: 1 };
    const sourcesOf = async (mosaicOfNine?: number): Promise<string[][]> => {
      const settings = options({ augment: { ...augment, mosaicOfNine }, painter: undefined });
      await using loader = new BatchLoader(settings, { threaded: false });
      const { sources, ids } = await loader.nextAsync();
      return [sources.map((names) => `${names.split('+').length}`), ids];
    };
    const plain = await sourcesOf();
    expect(plain[0]).to.deep.equal(['4', '4', '4', '4']);
    expect(await sourcesOf(0)).to.deep.equal(plain);
    expect((await sourcesOf(1))[0]).to.deep.equal(['9', '9', '9', '9']);
  });

  it('prefers covered portraits where asked to', async () => {
    const bare = [0, 1, 2, 3].map((i) => ({
      ...portraits[0]!,
      id: `bare${i}`,
      segmentation: {
        maskFile: at.write(
          `bare${i}.png`,
          maskPng(96, 96, () => false),
        ),
      },
    }));
    const samples = [...bare, portraits[1]!];
    const coveredAsync = async (probability: number): Promise<number> => {
      const settings = options({
        augment: NO_AUGMENT,
        painter: undefined,
        cutoutSamples: [],
        sources: [{ name: 'portraits', samples, weight: 1 }],
        segFraction: 1,
        portraitFocus: { probability, draws: 12 },
      });
      await using loader = new BatchLoader(settings, { threaded: false });
      const batches = [await loader.nextAsync(), await loader.nextAsync()];
      return batches.flatMap(({ ids }) => ids).filter((id) => id === 'p1').length;
    };
    expect(await coveredAsync(0)).to.be.lessThan(5);
    // Of twelve drawn one is covered with a probability of .93.
    expect(await coveredAsync(1)).to.be.at.least(6);
  });

  it('labels painted faces and leaves masked ones unpainted', async () => {
    const masked = detection.map((sample) => ({
      ...sample,
      faces: [
        face([20, 20, 59, 69], { attributes: { cover: 'masked' } }),
        face([80, 10, 109, 49], { attributes: { cover: 'unmasked' } }),
      ],
    }));
    const sources = [{ name: 'masked', samples: masked, weight: 1 }];
    const base = options({ augment: NO_AUGMENT, sources, segFraction: 0, paintProbability: 1 });
    const settings = { ...base, painter: { ...DEFAULT_PAINTER, faceProbability: 0 } };
    await using loader = new BatchLoader(settings, { threaded: false });
    const batch = await loader.nextAsync();
    for (let i = 0; i < 4; i++) {
      const codes = [...(batch.covers[i] as Uint8Array)];
      expect(codes.every((c) => c === COVER_COVERED || c === COVER_NONE)).to.equal(true);
      if (codes.includes(COVER_NONE)) {
        expect([...new Set(batch.segLabels[i] as Uint8Array)].sort()).to.deep.equal([0, 255]);
      }
    }
  });

  it('refuses options that cannot work', () => {
    const bad: Partial<BatchOptions>[] = [
      { batchSize: 0 },
      { width: 1.5 },
      { segFraction: 2 },
      { sources: [] },
      {
        sources: [
          { name: 'f', samples: detection.map((s) => ({ ...s, source: 'fddb' })), weight: 1 },
        ],
        segFraction: 0,
      },
      { sources: [{ name: 'empty', samples: [], weight: 1 }], segFraction: 0 },
      { sources: [{ name: 'd', samples: detection, weight: 1 }], segFraction: 0.5 },
      { sources: [{ name: 'p', samples: portraits, weight: 1 }], segFraction: 0.5 },
    ];
    for (const patch of bad) {
      expect(() => new BatchLoader(options(patch))).to.throw(DataError, /Fix:/);
    }
  });

  it('names the picture that cannot be decoded, from the thread too', async () => {
    const file = at.write('broken.jpg', 'not a picture');
    const broken = [{ ...(detection[0] as Sample), file }];
    const sources = [{ name: 'broken', samples: broken, weight: 1 }];
    for (const threaded of [false, true]) {
      const settings = options({ sources, segFraction: 0, cutoutSamples: [] });
      const loader = new BatchLoader(settings, { threaded });
      try {
        await loader.nextAsync();
        expect.fail('expected an error');
      } catch (error) {
        expect(error).to.be.instanceOf(DataError);
        expect((error as DataError).message).to.match(/broken\.jpg: not a picture.*Fix:/s);
        expect((error as DataError).code).to.equal('image-format');
      } finally {
        await loader.closeAsync();
      }
    }
  }).timeout(30000);

  it('keeps decoded pictures up to the cap', async () => {
    const cache = new ImageCache(2 * 120 * 90 * 3);
    for (const sample of [...detection, ...detection]) await cache.getAsync(sample);
    expect(cache.heldBytes).to.be.at.most(2 * 120 * 90 * 3);
    expect(cache.misses).to.equal(6);
    const roomy = new ImageCache(1e8);
    for (const sample of [...detection, ...portraits, ...detection]) await roomy.getAsync(sample);
    expect([roomy.hits, roomy.misses]).to.deep.equal([3, 5]);
    const [portrait] = portraits as [Sample];
    const { segmentation, ...bare } = portrait;
    expect(segmentation).not.to.equal(undefined);
    expect((await roomy.getAsync(bare)).mask).to.equal(null);
    expect((await roomy.getAsync(portrait)).mask).not.to.equal(null);
    const odd = { ...(portraits[0] as Sample) };
    odd.segmentation = {
      maskFile: at.write(
        'odd.png',
        maskPng(5, 5, () => true),
      ),
    };
    let message = '';
    await new ImageCache(0).getAsync(odd).catch((error: Error) => (message = error.message));
    expect(message).to.match(/odd\.png: mask is 5x5, its picture 96x96/);
  });
});
