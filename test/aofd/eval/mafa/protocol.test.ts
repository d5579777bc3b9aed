import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { mafaProtocol } from '../../../../src/aofd/eval/mafa/protocol.js';
import type { EvaluateSettings } from '../../../../src/aofd/eval/statistics/measures.js';
import type { ProtocolOptions } from '../../../../src/aofd/eval/protocol.js';
import type { MatValue } from '../../../../src/aofd/formats/mat-value.js';
import { cell, mat5, numbers, struct, text, writeMat73Async } from '../../../helpers/mat-writer.js';
import { useTempFolder } from '../../../helpers/temp-folder.js';

const SETTINGS: EvaluateSettings = { bootstrap: 40, level: 0.95, seed: 5 };

/** A row of the test labels: box, type, occluder box, kinds, glasses. */
const testRow = (x: number, y: number, w: number, h: number, type: number, degree = 2): number[] => [
  x, y, w, h, type, 5, 20, 30, 20, 1, degree, 1, 1, 3, -1, -1, -1, -1,
]; // prettier-ignore
const trainRow = (x: number, y: number, w: number, h: number): number[] => [
  x, y, w, h, 15, 20, 30, 20, 5, 20, 30, 20, 3, 1, 1, 1, 3, -1, -1, -1, -1,
]; // prettier-ignore

/** Worked example of docs/spec.md 6.2. */
const ROWS = {
  'test_00000001.jpg': [
    testRow(10, 10, 40, 40, 1, 3),
    testRow(100, 20, 40, 40, 2, 0),
    testRow(200, 50, 20, 20, 3, -1),
  ],
  'test_00000002.jpg': [testRow(30, 30, 60, 60, 1), testRow(150, 40, 50, 50, 3)],
};
const TEST: MatValue = struct(
  ...Object.entries(ROWS).map(([name, rows]) => ({
    label: numbers(rows, 'int16'),
    name: text(name),
  })),
);
const TRAIN: MatValue = struct(
  {
    imgName: text('train_00000001.jpg'),
    label: numbers([trainRow(10, 10, 40, 40)]),
    orgImgName: text('add_1.jpg'),
  },
  {
    imgName: text('train_00000002.jpg'),
    label: cell(numbers([trainRow(5, 5, 50, 60), trainRow(90, 5, 50, 60)])),
    orgImgName: text('add_2.jpg'),
  },
);
const RESULTS = [
  'test_00000001.jpg 12 6 49 53 .95',
  'test_00000001.jpg 101 18 138 62 .9',
  'images/test_00000001.jpg 203 48 218 72 .85',
  'test_00000001.jpg 300 10 330 50 .6',
  'test_00000002.jpg 34 22 84 98 .8',
  'test_00000002.jpg 36 30 90 96 .5',
  'test_00000002 152 36 198 92 .7',
].join('\n');

describe('eval mafa', () => {
  const path = useTempFolder();

  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path(name), content);
    return path(name);
  };

  async function scoreAsync(
    options: ProtocolOptions = {},
    results = RESULTS,
  ): Promise<Record<string, number>> {
    const set = await mafaProtocol.loadAsync(path(), options);
    const detections = await set.readDetectionsAsync([write('r.txt', results)], 'mine');
    const { headlines } = set.evaluate(detections, { ...SETTINGS, bootstrap: 0 });
    return Object.fromEntries(headlines.map(({ key, value }) => [key, value]));
  }

  it('gives the worked example from LabelTestAll.mat in version 5', async () => {
    mkdirSync(path('MAFA-Label-Test'));
    write('MAFA-Label-Test/LabelTestAll.mat', mat5({ LabelTest: TEST }, { compress: true }));
    const values = await scoreAsync();
    expect(values['ap-all']).to.equal(1);
    expect(values['ap-masked']).to.be.closeTo(0.75, 1e-12);
    expect(values['ap-without-ignored']).to.equal(1);
    expect(values['ap-without-ignored-strict']).to.be.closeTo(0.916667, 1e-6);
  });

  it('gives figures of a part that says so', async () => {
    write('LabelTestAll.mat', mat5({ LabelTest: TEST }));
    const whole = await mafaProtocol.loadAsync(path(), {});
    const part = whole.take(1);
    expect(part.images).to.deep.equal([whole.images[0]]);
    expect([part.name, whole.name]).to.deep.equal(['part of MAFA test', 'MAFA test']);
    expect(part.warnings[0]).to.match(/^Only 1 of \d pictures .* cannot be compared/);
    const detections = await part.readDetectionsAsync([write('r.txt', RESULTS)], 'mine');
    const { headlines } = part.evaluate(detections, { ...SETTINGS, bootstrap: 0 });
    expect(headlines[0]!.value).to.be.within(0, 1);
  });

  it('gives the same from version 7.3, with struct arrays and with cells in one struct', async () => {
    await writeMat73Async(path('LabelTestAll.mat'), { LabelTest: TEST });
    const values = await scoreAsync();
    expect(values['ap-masked']).to.be.closeTo(0.75, 1e-12);
    const transposed = struct({
      label: cell(...Object.values(ROWS).map((rows) => numbers(rows))),
      name: cell(...Object.keys(ROWS).map((name) => text(name))),
    });
    await writeMat73Async(path('LabelTestAll.mat'), { LabelTest: transposed });
    expect(await scoreAsync()).to.deep.equal(values);
  });

  it('reports intervals, the sweep, the sensitivity table, kinds of faces and findings', async () => {
    write('LabelTestAll.mat', mat5({ LabelTest: TEST }));
    const set = await mafaProtocol.loadAsync(path(), {});
    const detections = await set.readDetectionsAsync([write('r.txt', RESULTS)], 'mine');
    const { headlines, tables, plots, findings } = set.evaluate(detections, SETTINGS);
    headlines.forEach(({ value, interval }) => {
      expect(interval!.low).to.be.at.most(value + 1e-12);
      expect(interval!.high).to.be.at.least(interval!.low);
    });
    const table = (title: string): (typeof tables)[0] =>
      tables.find((t) => t.title.startsWith(title))!;
    expect(table('Sensitivity').rows).to.have.length(20);
    expect(table('AP by IoU').rows.map(([iou]) => iou)).to.include.members(['0.50', '0.45']);
    expect(table('Recall').rows).to.deep.include(['masked, degree', '3 parts', 1, 1, 1]);
    expect(table('Published').rows[0]).to.deep.equal(['AOFD with OHEM', 0.813, 0.835, 0.919]);
    expect(plots).to.have.length(4);
    expect(findings.map(({ label }) => label)).to.deep.equal([
      '0.600, no face',
      '0.500, second box on a face',
    ]);
    const same = set.compare(detections, detections, SETTINGS);
    expect(same.every(({ difference, p }) => difference === 0 && p === 1)).to.equal(true);
  });

  it('follows the options', async () => {
    write('LabelTestAll.mat', mat5({ LabelTest: TEST }));
    const one = 'test_00000001.jpg 10 10 50 34 .9\n'; // a square of 40 moved up by 8 px: IoU 2/3
    expect((await scoreAsync({ square: 'max', iou: '0.6' }, one))['ap-masked']).to.equal(0.5);
    expect((await scoreAsync({ square: 'max', iou: '0.7' }, one))['ap-masked']).to.equal(0);
    expect((await scoreAsync({ square: 'none', iou: '0.6' }, one))['ap-masked']).to.equal(0.5);
    expect((await scoreAsync({ square: 'none', iou: '0.601' }, one))['ap-masked']).to.equal(0);
    const mode = await scoreAsync({ ap: '11-point' }, one);
    expect(mode['ap-masked']).to.be.closeTo(6 / 11, 1e-12);
  });

  it('reads the training labels: 21 columns, every face masked', async () => {
    write('LabelTrainAll.mat', mat5({ label_train: TRAIN }));
    const set = await mafaProtocol.loadAsync(path(), { split: 'train' });
    expect(set.images.map(({ name }) => name)).to.deep.equal([
      'train_00000001.jpg',
      'train_00000002.jpg',
    ]);
    expect(set.facts[0]!.value).to.contain('2 images, 3 faces (3 of type 1 masked');
    const csv = write('r.csv', 'image,x1,y1,x2,y2,score\ntrain_00000002.jpg,5,5,55,65,0.5\n');
    const { headlines } = set.evaluate(await set.readDetectionsAsync([csv], 'x'), SETTINGS);
    expect(headlines[1]!.value).to.be.closeTo(1 / 3, 1e-12);
  });

  describe('what is wrong', () => {
    const failure = async (results: string): Promise<string> => {
      write('LabelTestAll.mat', mat5({ LabelTest: TEST }));
      return scoreAsync({}, results).then(
        () => 'no error',
        (error: Error) => error.message,
      );
    };
    const labelFailure = (value: MatValue, variable = 'LabelTest'): Promise<string> => {
      write('LabelTestAll.mat', mat5({ [variable]: value }));
      return mafaProtocol.loadAsync(path(), {}).then(
        () => 'no error',
        (error: Error) => error.message,
      );
    };

    it('in results: named with file and line', async () => {
      const good = 'test_00000001.jpg 1 2 3 4 .5';
      expect(await failure(`${good}\ntest_00000001.jpg 1 2 3 4 nan`)).to.match(/r\.txt:2: .*score/);
      expect(await failure(`${good}\ntest_00000001.jpg 9 2 3 4 1`)).to.match(
        /r\.txt:2: .*negative/,
      );
      expect(await failure(`${good}\ntest_00000001.jpg 1 2 3`)).to.match(
        /r\.txt:2: expected "image/,
      );
      expect(await failure('nobody.jpg 1 2 3 4 1')).to.match(/r\.txt:1: image "nobody.jpg" is not/);
    });

    it('in labels: named with image and row', async () => {
      const one = (row: number[]): MatValue =>
        struct({ label: numbers([row]), name: text('a.jpg') });
      expect(await labelFailure(one(testRow(1, 2, 3, 4, 5)))).to.contain(
        '(a.jpg), row 1: face type 5',
      );
      expect(await labelFailure(one(testRow(1, 2, -3, 4, 1)))).to.contain('x y w h = 1 2 -3 4');
      expect(await labelFailure(one([1, 2, 3]))).to.contain('3 columns, expected 18');
      expect(await labelFailure(TEST, 'other')).to.contain('the file has other');
      expect(await labelFailure(struct({ image: text('a') }))).to.contain('got image');
    });

    it('in options and folders', async () => {
      const message = (options: ProtocolOptions): Promise<string> =>
        mafaProtocol.loadAsync(path(), options).then(
          () => 'no error',
          (error: Error) => error.message,
        );
      expect(await message({})).to.contain('LabelTestAll.mat is not in this folder');
      expect(await message({ iou: 'half' })).to.contain('--iou');
      expect(await message({ square: 'round' })).to.contain('--square: "round" is not known');
    });
  });
});
