import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'chai';
import { PNG } from 'pngjs';
import { encodeRunLength } from '../../../../src/aofd/detect/rle.js';
import { occlusionProtocol } from '../../../../src/aofd/eval/occlusion/protocol.js';
import type { Detection, DetectionSet, EvalSet } from '../../../../src/aofd/eval/protocol.js';
import type { EvaluateSettings } from '../../../../src/aofd/eval/statistics/measures.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const QUICK: EvaluateSettings = { bootstrap: 0, level: 0.95, seed: 1 };
const SIZE = 20;

/** A grey picture of 20x20, white in a rectangle [x, y, w, h]. */
function maskPng([x, y, w, h]: readonly number[]): Buffer {
  const png = new PNG({ width: SIZE, height: SIZE });
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [u, v] = [i % SIZE, Math.floor(i / SIZE)];
    const isInside = u >= x! && u < x! + w! && v >= y! && v < y! + h!;
    png.data.fill(isInside ? 255 : 0, 4 * i, 4 * i + 3);
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** Faces of 10x10 at (5, 5); what covers them; one is of the other split. */
const ENTRIES = [
  { id: 'a', split: 'test', covered: [5, 5, 10, 5], synthetic: false },
  { id: 'b', split: 'test', covered: [5, 5, 0, 0], synthetic: true },
  { id: 'c', split: 'train', covered: [0, 0, 20, 20], synthetic: false },
];

/** A detection of the face whose mask covers a rectangle of the picture. */
function found([x, y, w, h]: readonly number[], score: number): Detection {
  const mask = encodeRunLength({
    x: x!,
    y: y!,
    width: w!,
    height: h!,
    data: new Uint8Array(w! * h!).fill(1),
  });
  return { box: [5, 5, 15, 15], score, mask, occlusion: 0.3 };
}

const detectionsOf = (faces: Record<string, Detection[]>): DetectionSet => ({
  name: 'mine',
  byImage: new Map(Object.entries(faces)),
  facts: [],
  warnings: [],
});

/** The upper 4 of the 5 covered rows and 2 more above the box; a false row; a weak false mask. */
const FACES = detectionsOf({
  'images/a.jpg': [found([5, 3, 10, 6], 0.9)],
  'images/b.jpg': [found([5, 14, 10, 1], 0.8), found([0, 0, 20, 20], 0.4)],
});

describe('occlusion protocol', () => {
  const at = useSuiteFolder();
  let set: EvalSet;
  before(async () => {
    mkdirSync(at('images'));
    mkdirSync(at('masks'));
    for (const { id, covered } of ENTRIES) {
      writeFileSync(at('masks', `${id}.png`), maskPng(covered));
      writeFileSync(at('images', `${id}.jpg`), 'pixels');
    }
    writeFileSync(
      at('index.json'),
      JSON.stringify(
        ENTRIES.map(({ id, split, synthetic }) => ({
          id,
          split,
          synthetic,
          width: SIZE,
          height: SIZE,
          box: [5, 5, 10, 10],
        })),
      ),
    );
    set = await occlusionProtocol.loadAsync(at(), {});
  });

  const valuesOf = (detections: DetectionSet, of = set): Record<string, number> =>
    Object.fromEntries(
      of.evaluate(detections, QUICK).headlines.map(({ key, value }) => [key, value]),
    );

  it('loads one split and says what it is made of', async () => {
    expect(set.name).to.equal(`${basename(at())}/test`);
    expect(set.images.map((image) => image.name)).to.deep.equal(['images/a.jpg', 'images/b.jpg']);
    expect(set.facts.map((fact) => fact.value).join('\n')).to.include(
      '2 in 2 pictures, 1 of them with masks drawn in',
    );
    const all = await occlusionProtocol.loadAsync(at('index.json'), { split: 'all' });
    expect(all.images).to.have.length(3);
    const real = await occlusionProtocol.loadAsync(at(), { real: true });
    expect(real.images.map((image) => image.name)).to.deep.equal(['images/a.jpg']);
  });

  it('measures pixels inside the true boxes and covered shares, by hand', () => {
    // Inside the boxes: 40 right of 50 covered pixels, and 10 false ones on the clear face.
    const values = valuesOf(FACES);
    expect(values['occluder-iou']).to.be.closeTo(40 / 60, 1e-12);
    expect(values['occluder-precision']).to.be.closeTo(40 / 50, 1e-12);
    expect(values['occluder-recall']).to.be.closeTo(40 / 50, 1e-12);
    // Shares: .4 of .5, and .1 of 0.
    expect(values['share-error']).to.be.closeTo(0.1, 1e-12);
    expect(values['share-bias']).to.be.closeTo(0, 1e-12);
    expect(values['covered-auc']).to.equal(1);
  });

  it('measures the visible face where the set tells the face region', async () => {
    expect(valuesOf(FACES)).to.not.have.property('visible-iou');
    mkdirSync(at('face'));
    for (const id of ['a', 'b']) writeFileSync(at('face', `${id}.png`), maskPng([5, 5, 10, 8]));
    const told = await occlusionProtocol.loadAsync(at(), {});
    // a: 30 visible pixels of the region's 80; 10 covered ones are not called so: 30 of 40. b: the false row
    // lies below the region: 80 of 80.
    expect(valuesOf(FACES, told)['visible-iou']).to.be.closeTo((30 / 40 + 1) / 2, 1e-12);
    rmSync(at('face'), { recursive: true });
  });

  it('counts masks from the score on, and faces that are not found as clear', async () => {
    const low = await occlusionProtocol.loadAsync(at(), { score: '0.3' });
    expect(valuesOf(FACES, low)['occluder-precision']).to.be.closeTo(40 / 140, 1e-12);
    const values = valuesOf(detectionsOf({}));
    expect(values['share-error']).to.be.closeTo(0.25, 1e-12);
  });

  it('describes its findings, tables and protocol', () => {
    const { findings, tables, plots, facts } = set.evaluate(FACES, QUICK);
    expect(findings).to.deep.equal([
      {
        kind: 'false-positive',
        image: 'images/b.jpg',
        box: [5, 5, 15, 15],
        label: 'covered 0.00, predicted 0.10; IoU 0.00',
      },
      {
        kind: 'missed',
        image: 'images/a.jpg',
        box: [5, 5, 15, 15],
        label: 'covered 0.50, predicted 0.40; IoU 0.80',
      },
    ]);
    expect(tables[0]!.rows.map((row) => row.slice(0, 3))).to.deep.equal([
      ['all', 2, 40 / 60],
      ['real occlusion', 1, 0.8],
      ['masks drawn in', 1, 0],
    ]);
    expect(plots.map((plot) => plot.key)).to.include.members(['covered-roc', 'face-iou']);
    const reliability = plots.find((plot) => plot.key === 'share-reliability')!;
    expect(reliability.series[1]).to.deep.include({ isDashed: true, role: 'published' });
    expect(reliability.series[1]!.points).to.deep.equal([
      [0, 0],
      [1, 1],
    ]);
    expect(facts.map((fact) => fact.value).join('\n')).to.include('score at least 0.5');
  });

  it('judges covered shares alone where a detector tells no pixels', async () => {
    const file = at('shares.csv');
    writeFileSync(
      file,
      'image,x1,y1,x2,y2,score,occlusion\na.jpg,5,5,15,15,.9,.45\nb.jpg,5,5,15,15,.9,.05\n',
    );
    const shares = await set.readDetectionsAsync([file], 'shares');
    const result = set.evaluate(shares, QUICK);
    const values = valuesOf(shares);
    expect(values).to.not.have.property('occluder-iou');
    expect(values['share-error']).to.be.closeTo(0.05, 1e-12);
    expect(result.warnings.join()).to.include('no pixels');
    const compared = set.compare(shares, FACES, { ...QUICK, bootstrap: 50 });
    expect(compared.map((line) => line.key)).to.not.include('occluder-iou');
    const boxes = detectionsOf({ 'images/a.jpg': [{ box: [5, 5, 15, 15], score: 1 }] });
    expect(() => set.evaluate(boxes, QUICK)).to.throw('no detection says what is covered');
  });

  it('gives intervals and comparisons', () => {
    const settings = { ...QUICK, bootstrap: 100 };
    for (const { value, interval } of set.evaluate(FACES, settings).headlines) {
      // The correlation of two faces exists or not; its interval is of those draws that have one.
      if (Number.isNaN(interval!.low)) continue;
      expect(interval!.low).to.be.at.most(value + 1e-9);
      expect(interval!.high).to.be.at.least(value - 1e-9);
    }
    const same = set.compare(FACES, FACES, settings);
    expect(same.map((line) => line.difference)).to.deep.equal(same.map(() => 0));
    expect(same[0]!.p).to.equal(1);
  });

  it('can be cut to a part, result files still naming the others', async () => {
    const one = set.take(1);
    expect(one.images).to.have.length(1);
    expect(valuesOf(FACES, one)['occluder-iou']).to.be.closeTo(0.8, 1e-12);
    const file = at('shares.csv');
    expect((await one.readDetectionsAsync([file], 'x')).byImage.size).to.equal(2);
  });

  it('says what is missing', async () => {
    const failure = (data: string, options = {}): Promise<string> =>
      occlusionProtocol.loadAsync(data, options).then(
        () => 'nothing was wrong',
        (error: unknown) => (error as Error).message,
      );
    expect(await failure(at('images'))).to.match(/there is no .*index\.json.*Fix/);
    expect(await failure(at(), { split: 'val' })).to.match(/--split: got "val"/);
    writeFileSync(at('masks', 'c.png'), PNG.sync.write(new PNG({ width: 3, height: 4 })));
    expect(await failure(at(), { split: 'train' })).to.match(/the mask is 3x4, the picture 20x20/);
  });
});
