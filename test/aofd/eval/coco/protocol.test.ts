import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { cocoProtocol } from '../../../../src/aofd/eval/coco/protocol.js';
import type { Detection, DetectionSet, EvalSet } from '../../../../src/aofd/eval/protocol.js';
import type { EvaluateSettings } from '../../../../src/aofd/eval/statistics/measures.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const QUICK: EvaluateSettings = { bootstrap: 0, level: 0.95, seed: 1 };

const annotation = (id: number, image: number, category: number, bbox: number[], more = {}) => ({
  id,
  image_id: image,
  category_id: category,
  bbox,
  ...more,
});

/** Three pictures: a masked and an unmasked face; a wrongly masked and an ignored one; none. */
const LABELS = {
  images: [3, 1, 2].map((id) => ({ id, file_name: `images/${id}.png`, width: 200, height: 100 })),
  annotations: [
    annotation(1, 1, 1, [10, 10, 40, 40]),
    annotation(2, 1, 2, [100, 10, 20, 20]),
    annotation(3, 2, 3, [10, 10, 40, 50]),
    annotation(4, 2, 1, [100, 10, 8, 8], { ignore: 1 }),
  ],
  categories: ['masked', 'unmasked', 'incorrect'].map((name, i) => ({ id: i + 1, name })),
};

const face = (x: number, y: number, w: number, h: number, score: number): Detection => ({
  box: [x, y, x + w, y + h],
  score,
});

/** By score: masked right, false, unmasked right, on the ignored one, wrongly masked right. */
const FACES: Record<string, Detection[]> = {
  'images/1.png': [face(10, 10, 40, 40, 0.9), face(100, 10, 20, 20, 0.7)],
  'images/2.png': [face(100, 10, 8, 8, 0.6), face(10, 10, 40, 40, 0.5)],
  'images/3.png': [face(50, 50, 10, 10, 0.8)],
};

const detectionsOf = (faces: Record<string, Detection[]>, name = 'mine'): DetectionSet => ({
  name,
  byImage: new Map(Object.entries(faces)),
  facts: [],
  warnings: [],
});

describe('COCO-style protocol', () => {
  const at = useSuiteFolder();
  let set: EvalSet;
  before(async () => {
    mkdirSync(at('images'));
    writeFileSync(at('val.json'), JSON.stringify(LABELS));
    writeFileSync(at('images', '1.png'), 'pixels');
    set = await cocoProtocol.loadAsync(at(), {});
  });

  const valueOf = (key: string, faces = FACES, of = set): number =>
    of.evaluate(detectionsOf(faces), QUICK).headlines.find((line) => line.key === key)!.value;

  it('loads the set, says what it is made of and which pictures are missing', () => {
    expect(set.name).to.equal(`${basename(at())}/val`);
    expect(set.images.map((image) => image.name)).to.deep.equal(
      [1, 2, 3].map((id) => `images/${id}.png`),
    );
    expect(set.images[0]!.file).to.equal(at('images', '1.png'));
    expect(set.images[1]!.file).to.equal(null);
    expect(set.warnings[0]).to.match(/2 of 3 pictures are not at hand/);
    const facts = set.facts.map(({ name, value }) => `${name}: ${value}`).join('\n');
    expect(facts).to.match(/label file: val.json, SHA-256 [0-9a-f]{64}/);
    expect(facts).to.include(
      '3 that count in 3 pictures (1 masked, 1 unmasked, 1 incorrect), 1 ig',
    );
  });

  it('gives face AP of each view, by hand', () => {
    // all: right, wrong, right, (not judged), right of 3 faces.
    expect(valueOf('face-ap')).to.be.closeTo((1 + 3 / 4 + 3 / 4) / 3, 1e-12);
    // covered: right, wrong, (unmasked: not judged), right of 2.
    expect(valueOf('face-ap-covered')).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
    expect(valueOf('face-ap-unmasked')).to.be.closeTo(1 / 2, 1e-12);
    expect(valueOf('face-ap-incorrect')).to.be.closeTo(1 / 2, 1e-12);
    // At most 0.1 false boxes in each of 3 pictures: none, so only the first box.
    expect(valueOf('face-recall')).to.be.closeTo(1 / 3, 1e-12);
    // IoU of the last box is 0.8; COCO's AP falls at the three thresholds above.
    expect(valueOf('coco-ap75')).to.be.closeTo((34 + 67 * 0.75) / 101, 1e-12);
    expect(valueOf('coco-ap')).to.be.lessThan(valueOf('coco-ap75'));
  });

  it('tells recall by height at working points, ignored faces left out', () => {
    const { tables } = set.evaluate(detectionsOf(FACES), QUICK);
    const table = tables.find(({ title }) => title.startsWith('Recall by height'))!;
    // Columns: faces, at .1 false boxes a picture (score .9), at 1 (every box), every box.
    const row = (name: string) => table.rows.find(([first]) => first === name)!.slice(1);
    expect(row('16-32')).to.deep.equal([1, 0, 1, 1]);
    expect(row('32-64')).to.deep.equal([2, 0.5, 1, 1]);
    expect(row('8-16')[0]).to.equal(0);
  });

  it('tells how many found faces of each category are called covered', () => {
    const told = (faces: Record<string, Detection[]>) =>
      set
        .evaluate(detectionsOf(faces), QUICK)
        .tables.find(({ title }) => title.startsWith('Faces called covered'));
    expect(told(FACES)).to.equal(undefined);
    const table = told({
      'images/1.png': [
        { ...face(10, 10, 40, 40, 0.9), occlusion: 0.3 },
        { ...face(100, 10, 20, 20, 0.7), occlusion: 0.12 },
      ],
      // Below the score, and on no face: not counted.
      'images/2.png': [{ ...face(10, 10, 40, 50, 0.3), occlusion: 0.9 }],
      'images/3.png': [{ ...face(50, 50, 10, 10, 0.8), occlusion: 0.9 }],
    })!;
    expect(table.rows).to.deep.equal([
      ['masked', 1, 0.3, 1, 1, 1, 0],
      ['unmasked', 1, 0.12, 1, 1, 0, 0],
    ]);
  });

  it('lets a category be judged where detections name it', () => {
    const named = {
      'images/1.png': [
        { ...face(10, 10, 40, 40, 0.9), category: 1 },
        { ...face(100, 10, 20, 20, 0.7), category: 1 },
      ],
    };
    expect(valueOf('coco-category-ap50', named)).to.be.closeTo(1 / 3, 1e-9);
    const { headlines, tables } = set.evaluate(detectionsOf(named), QUICK);
    expect(tables.map((table) => table.title)).to.include('Categories apart');
    expect(headlines.map((line) => line.key)).to.include('coco-category-ap');
    const without = set.evaluate(detectionsOf(FACES), QUICK);
    expect(without.headlines.map((line) => line.key)).to.not.include('coco-category-ap');
  });

  it('drops the ignore flag by choice, as pycocotools does', async () => {
    const strict = await cocoProtocol.loadAsync(at(), { ignoreFlags: 'iscrowd' });
    expect(valueOf('face-ap', FACES, strict)).to.be.closeTo((1 + 0.8 + 0.8 + 0.8) / 4, 1e-12);
  });

  it('takes faces below a size as ignored', async () => {
    const large = await cocoProtocol.loadAsync(at(), { ignoreBelow: '30' });
    expect(valueOf('face-ap', FACES, large)).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
  });

  it('gives intervals around the values, the same for the same seed', () => {
    const settings = { ...QUICK, bootstrap: 100 };
    const [a, b] = [0, 1].map(() => set.evaluate(detectionsOf(FACES), settings).headlines);
    expect(a).to.deep.equal(b);
    for (const { value, interval } of a!) {
      expect(interval!.low).to.be.at.most(value + 1e-9);
      expect(interval!.high).to.be.at.least(value - 1e-9);
    }
  });

  it('shows false boxes by score and missed faces by size, with what is known of them', () => {
    const { findings, plots } = set.evaluate(detectionsOf(FACES), QUICK);
    expect(findings[0]).to.deep.equal({
      kind: 'false-positive',
      image: 'images/3.png',
      box: [50, 50, 60, 60],
      score: 0.8,
      label: 'score 0.800; touches no labelled face',
    });
    // Found, but only below the working point of 0.1 false boxes per picture.
    expect(findings.slice(1).map((finding) => finding.label)).to.deep.equal([
      'incorrect, 50 px high; best box IoU 0.80, score 0.500',
      'unmasked, 20 px high; best box IoU 1.00, score 0.700',
    ]);
    expect(plots[0]!.series[0]!.points).to.deep.equal([
      [1 / 3, 1],
      [2 / 3, 2 / 3],
      [1, 3 / 4],
    ]);
  });

  it('compares two detectors', () => {
    const other = detectionsOf({ ...FACES, 'images/3.png': [] }, 'other');
    const settings = { ...QUICK, bootstrap: 100 };
    const results = set.compare(other, detectionsOf(FACES), settings);
    const ap = results.find((line) => line.key === 'face-ap')!;
    expect(ap.a).to.equal(1);
    expect(ap.difference).to.be.closeTo(1 - 2.5 / 3, 1e-12);
    expect(ap.p).to.be.within(0, 1);
    const same = set.compare(detectionsOf(FACES), detectionsOf(FACES), settings);
    for (const { difference, interval, p } of same) {
      expect([difference, interval.low, interval.high, p]).to.deep.equal([0, 0, 0, 1]);
    }
  });

  it('reads results by COCO id and by name', async () => {
    const file = at('results.json');
    writeFileSync(file, JSON.stringify([{ image_id: 2, bbox: [1, 2, 3, 4], score: 1 }]));
    const { byImage } = await set.readDetectionsAsync([file], 'mine');
    expect([...byImage.keys()]).to.deep.equal(['images/2.png']);
  });

  it('reads text lists of faces, small ones ignored', async () => {
    const file = at('small_val_bbx_gt.txt');
    writeFileSync(file, '1.png\n2\n10 10 40 40\n100 10 9 30\n3.png\n0\n0 0 0 0\n');
    const text = await cocoProtocol.loadAsync(file, {});
    expect(text.name).to.equal(`${basename(at())}/small_val`);
    expect(text.facts.find((fact) => fact.name === 'faces')!.value).to.match(
      /^1 that count in 2 pictures, 1 ignored \(shorter side below 10 px/,
    );
    expect(valueOf('face-ap', { '1.png': FACES['images/1.png']! }, text)).to.equal(1);
  });

  it('says which label files it looked for, and what is wrong with one', async () => {
    const failure = async (data: string, options = {}): Promise<string> =>
      cocoProtocol.loadAsync(data, options).then(
        () => 'nothing was wrong',
        (error: unknown) => (error as Error).message,
      );
    expect(await failure(at('images'))).to.match(/none of val\.json.*Fix: .*--annotations/);
    expect(await failure(at('nowhere'))).to.match(/no such file or folder/);
    expect(await failure(at(), { iou: 'half' })).to.match(/--iou: got "half"/);
    const file = at('broken.json');
    const broken = async (labels: object): Promise<string> => {
      writeFileSync(file, JSON.stringify({ ...LABELS, ...labels }));
      return failure(file);
    };
    const [first] = LABELS.annotations;
    expect(await broken({ images: [LABELS.images[0], LABELS.images[0]] })).to.match(
      /broken\.json: images\[1\]\.id: got 3/,
    );
    expect(await broken({ annotations: [first, { ...first, image_id: 9 }] })).to.match(
      /annotations\[1\]\.image_id: got 9, expected the id of a listed image/,
    );
    expect(await broken({ annotations: [{ ...first, category_id: 7 }] })).to.match(
      /annotations\[0\]\.category_id: got 7, expected one of 1, 2, 3/,
    );
    expect(await broken({ annotations: [{ ...first, bbox: [0, 0, -1, 2] }] })).to.match(/bbox/);
    expect(await broken({ images: [], annotations: [] })).to.match(/lists no picture/);
  });

  it('never rises by a false box of a lower score, and knows only the order of scores', () => {
    const base = set.evaluate(detectionsOf(FACES), QUICK).headlines;
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(FACES)),
        fc.integer({ min: 1, max: 9 }),
        (name, power) => {
          const worse = { ...FACES, [name]: [...FACES[name]!, face(150, 60, 30, 30, 0.1)] };
          set.evaluate(detectionsOf(worse), QUICK).headlines.forEach(({ value }, i) => {
            expect(value).to.be.at.most(base[i]!.value + 1e-12);
          });
          const bent = Object.fromEntries(
            Object.entries(FACES).map(([key, faces]) => [
              key,
              faces.map((f) => ({ ...f, score: f.score ** power * 50 - 7 })),
            ]),
          );
          set.evaluate(detectionsOf(bent), QUICK).headlines.forEach(({ value }, i) => {
            expect(value).to.be.closeTo(base[i]!.value, 1e-12);
          });
        },
      ),
      { numRuns: 10 },
    );
  });

  it('can be cut to a part, which says that it is one', () => {
    const one = set.take(1);
    expect(one.images).to.have.length(1);
    expect(one.name).to.equal(`part of ${set.name}`);
    expect(one.warnings[0]).to.match(/^Only 1 of \d+ pictures .*cannot be compared/);
    expect(valueOf('face-ap', FACES, one)).to.equal(1);
  });
});
