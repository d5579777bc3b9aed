import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { DataError } from '../../../../src/aofd/errors.js';
import { fddbProtocol } from '../../../../src/aofd/eval/fddb/protocol.js';
import type { EvalSet, Evaluation, ProtocolOptions } from '../../../../src/aofd/eval/protocol.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const FACES: Readonly<Record<string, string[]>> = {
  '2002/01/a/img_1': ['30 20 0.5 40 50  1', '12 10 -1.2 95 30  1'],
  '2002/01/b/img_2': ['35 30 1.5707963 70 40  1'],
  '2002/01/c/img_3': ['10 8 0 30 30  1'],
};
const SIZES = ['2002/01/a/img_1 120 100', '2002/01/b/img_2 80 80', '2002/01/c/img_3 60 60'];
const DETECTIONS = [
  ...['2002/01/a/img_1', '3', '14 28 54 46 0.9', '80 15 30 30 0.8', '20 30 50 44 0.7'],
  ...['2002/01/b/img_2', '2', '42 6 50 70 0.85', '0 0 10 10 0.8'],
  ...['2002/01/c/img_3', '0'],
];
const DISCRETE = '0.5 3 0.7\n0.5 2 0.8\n0.5 0 0.85\n0.25 0 0.9\n0 0 1.79769e+308\n';

describe('FDDB protocol', () => {
  const path = useSuiteFolder();
  const write = (name: string, lines: readonly string[], end = '\n'): string => {
    writeFileSync(path(name), lines.map((line) => line + end).join(''));
    return path(name);
  };

  before(() => {
    mkdirSync(path('FDDB-folds'));
    const names = Object.keys(FACES);
    for (let fold = 1; fold <= 10; fold++) {
      const own = fold <= 3 ? [names[fold - 1]!] : [];
      const stem = `FDDB-folds/FDDB-fold-${String(fold).padStart(2, '0')}`;
      write(`${stem}.txt`, own);
      write(
        `${stem}-ellipseList.txt`,
        own.flatMap((name) => [name, String(FACES[name]!.length), ...FACES[name]!]),
      );
    }
    write('sizes.txt', ['name width height', ...SIZES]);
  });

  const loadAsync = (options: ProtocolOptions = {}): Promise<EvalSet> =>
    fddbProtocol.loadAsync(path(), { imageSizes: path('sizes.txt'), ...options });

  const evaluateAsync = async (
    files: readonly string[],
    options: ProtocolOptions = {},
    bootstrap = 0,
  ): Promise<Evaluation> => {
    const set = await loadAsync(options);
    const detections = await set.readDetectionsAsync(files, 'x');
    return set.evaluate(detections, { bootstrap, level: 0.95, seed: 3 });
  };

  const fileOf = (evaluation: Evaluation, name = 'DiscROC.txt'): string | undefined =>
    evaluation.files.find((file) => file.name === name)?.content;

  const failureAsync = async (promise: Promise<unknown>): Promise<string> => {
    const error: unknown = await promise.then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(DataError);
    return (error as DataError).message;
  };

  it('gives figures of a part that says so, from result files of the whole', async () => {
    const file = write('part.txt', DETECTIONS);
    const whole = await loadAsync();
    const part = whole.take(2);
    expect(part.name).to.equal('part of FDDB');
    expect(part.images.map(({ name }) => name)).to.deep.equal([
      '2002/01/a/img_1',
      '2002/01/b/img_2',
    ]);
    expect(part.warnings[0]).to.match(/^Only 2 of 3 pictures .* cannot be compared/);
    expect(part.facts.at(-1)!.value).to.match(/^2 of 3 pictures, at even distances/);
    const settings = { bootstrap: 0, level: 0.95, seed: 0 };
    const detections = await part.readDetectionsAsync([file], 'x');
    expect(detections.warnings).to.deep.equal([]);
    const recallOf = (set: EvalSet): number =>
      set.evaluate(detections, settings).headlines[0]!.value;
    // Two of four faces are found, both in the part, which has three.
    expect(recallOf(whole)).to.equal(0.5);
    expect(recallOf(part)).to.be.closeTo(2 / 3, 1e-12);
    expect(whole.take(3).images).to.have.length(3);
  });

  it('gives the worked example from fold files in every form', async () => {
    const plain = write('plain.txt', DETECTIONS);
    const windows = write('windows.txt', ['', ...DETECTIONS, '', ''], '\r\n');
    writeFileSync(windows, '\x1a', { flag: 'a' });
    const first = write('fold-a.txt', DETECTIONS.slice(0, 5));
    const second = write('fold-b.txt', DETECTIONS.slice(5));
    for (const files of [[plain], [windows], [second, first]]) {
      const evaluation = await evaluateAsync(files);
      expect(fileOf(evaluation)).to.equal(DISCRETE);
      expect(evaluation.headlines[0]).to.include({ key: 'discrete-recall@1000', value: 0.5 });
      expect(evaluation.warnings).to.deep.equal([]);
    }
  });

  it("matches by the tool's own steps on demand, and says so", async () => {
    const file = write('solver.txt', DETECTIONS);
    for (const solver of ['optimal', 'official']) {
      const evaluation = await evaluateAsync([file], { solver });
      const roc = evaluation.files.find(({ name }) => name === 'DiscROC.txt');
      expect(roc?.content).to.equal(DISCRETE);
      const { facts } = await loadAsync({ solver });
      const matching = facts.find(({ name }) => name === 'matching')?.value;
      expect(matching).to.match(
        solver === 'official' ? /official tool's own steps/ : /greatest sum/,
      );
    }
  });

  it('reads csv, and ellipses', async () => {
    const csv = write('boxes.csv', [
      'image,x1,y1,x2,y2,score',
      ...['2002/01/a/img_1,14,28,68,74,0.9', '2002/01/a/img_1,80,15,110,45,0.8'],
      ...['2002/01/a/img_1,20,30,70,74,0.7', '2002/01/b/img_2,42,6,92,76,0.85'],
      '2002/01/b/img_2.jpg,0,0,10,10,0.8',
    ]);
    expect(fileOf(await evaluateAsync([csv]))).to.equal(DISCRETE);
    const ellipses = write('ellipses.txt', [
      ...['2002/01/a/img_1', '2', '30 20 0.5 40 50 0.9', '12 10 -1.2 95 30 0.8'],
      ...['2002/01/b/img_2', '0', '2002/01/c/img_3', '0'],
    ]);
    const evaluation = await evaluateAsync([ellipses]);
    expect(fileOf(evaluation)).to.equal('0.5 0 0.8\n0.25 0 0.9\n0 0 1.79769e+308\n');
    expect(fileOf(evaluation, 'ContROC.txt')).to.equal('0.5 0\n0.25 0\n0 0\n');
  });

  it('names file and line of what is wrong in detections', async () => {
    const set = await loadAsync();
    const [name, b] = ['2002/01/a/img_1', '2002/01/b/img_2'];
    const faults: [string[], RegExp][] = [
      [[name, 'two', '1 2 3 4 0.5'], /bad\.txt:2: expected the number of detections.*"two"/],
      [[name, '1', '1 2 3 4'], /bad\.txt:3: expected 5 \(rectangle\) or 6 .*got "1 2 3 4"/],
      [[name, '2', '1 2 3 4 0.5', b, '0'], /bad\.txt:4: .*detection 2 of the 2 that "2002/],
      [[name, '2', '1 2 3 4 0.5', '1 2 0.1 3 4 0.5'], /bad\.txt:4: expected "left top width/],
      [[name, '1', '1 2 3 4 nan'], /bad\.txt:3: .*NaN/],
      [[name, '1', '1 2 3 4 inf'], /bad\.txt:3: expected finite numbers/],
      [[name, '1', '1 2 1e30 4 1'], /bad\.txt:3: .*within pictures/],
      [[name, '1', '5 -4 0.1 3 4 0.5'], /bad\.txt:3: the ellipse has a negative radius/],
      [[name, '0', name, '0'], /bad\.txt:3: .*has results already/],
      [['2002/01/z/img_9', '0'], /bad\.txt:1: image "2002\/01\/z\/img_9" is not in the set/],
    ];
    for (const [lines, message] of faults) {
      const file = write('bad.txt', lines);
      expect(await failureAsync(set.readDetectionsAsync([file], 'x'))).to.match(message);
    }
    const csv = write('boxes.csv', ['image,x1,y1,x2,y2,score']);
    const mixed = set.readDetectionsAsync([csv, write('plain.txt', DETECTIONS)], 'x');
    expect(await failureAsync(mixed)).to.match(/another format/);
  });

  it('counts what the official tool tolerates', async () => {
    const set = await loadAsync();
    const thin = write('thin.txt', ['2002/01/a/img_1', '1', '14 28 0 46 0.9']);
    expect((await set.readDetectionsAsync([thin], 'x')).warnings.join()).to.match(
      /1 detections have/,
    );
    const turned = write('turned.txt', ['2002/01/a/img_1', '1', '68 74 -54 -46 0.9']);
    const backwards = await set.readDetectionsAsync([turned], 'x');
    expect(backwards.warnings.join()).to.match(/1 detections have a negative width/);
    const { headlines } = set.evaluate(backwards, { bootstrap: 0, level: 0.95, seed: 0 });
    expect(headlines[0]!.value).to.equal(0.25);
    const lines = ['2002/01/a/img_1', '1', '14 28 54 46 0.9 7 8', '2002/01/b/img_2', '0'];
    const long = write('long.txt', lines);
    const shaped = await loadAsync({ shape: 'rectangle' });
    const read = await shaped.readDetectionsAsync([long], 'x');
    expect(read.warnings.join()).to.match(/1 lines have further columns/);
    expect(read.byImage.get('2002/01/a/img_1')).to.deep.equal([
      { box: [14, 28, 68, 74], score: 0.9 },
    ]);
  });

  it('names what is wrong in a JSON file of sizes', async () => {
    const wrong: [string, RegExp][] = [
      ['null', /sizes\.json: top level: got null, expected an object/],
      ['{"a": 3}', /sizes\.json: a: got 3, expected height and width/],
      ['{"a": [4, "5"]}', /sizes\.json: a\[1\]: got "5", expected a finite number/],
      ['{"a": [0, 5]}', /expected width and height of "a" in pixels, got 5 and 0/],
      ['{"__proto__": [0, 5]}', /sizes\.json: .*the key "__proto__" is not allowed/],
    ];
    for (const [content, pattern] of wrong) {
      const imageSizes = write('sizes.json', [content]);
      expect(await failureAsync(loadAsync({ imageSizes }))).to.match(pattern);
    }
  });

  it('wants pictures or sizes, or to be told to go on', async () => {
    const plain = write('plain.txt', DETECTIONS);
    const two = write('two.txt', SIZES.slice(0, 2));
    expect(await failureAsync(loadAsync({ imageSizes: two }))).to.match(
      /1 of 3 pictures \(1 of 4 faces\) are neither here.*--image-sizes.*--allow-missing/,
    );
    const evaluation = await evaluateAsync([plain], { imageSizes: two, allowMissing: true });
    const value = (key: string): number | undefined =>
      evaluation.headlines.find((headline) => headline.key === key)?.value;
    expect(value('discrete-recall@1000')).to.equal(0.5);
    expect(value('discrete-recall@1000-present')).to.be.closeTo(2 / 3, 1e-12);
    expect(fileOf(evaluation)).to.equal(DISCRETE);
    expect(fileOf(evaluation, 'DiscROC-present.txt')).to.match(/^0\.666667 3 0\.7\n/);
    const free = await evaluateAsync([plain], { imageSizes: two, clip: false });
    expect(free.files).to.have.length(2);
  });

  it('takes other annotations, and an ellipse list instead of a folder', async () => {
    const plain = write('plain.txt', DETECTIONS);
    const lines = Object.entries(FACES).flatMap(([name, faces]) => [name, '1', faces[0]!]);
    const list = write('other.txt', lines);
    const fewer = await evaluateAsync([plain], { annotations: list });
    expect(fileOf(fewer)).to.match(/^0\.666667 3 0\.7\n/);
    const alone = await fddbProtocol.loadAsync(list, { imageSizes: path('sizes.txt') });
    expect(alone.images.map((image) => image.name)).to.deep.equal(Object.keys(FACES));
    const short = write('short.txt', lines.slice(0, 3));
    expect(await failureAsync(loadAsync({ annotations: short }))).to.match(/no entry for "2002/);
    expect(await failureAsync(fddbProtocol.loadAsync(path('none'), {}))).to.match(/neither/);
  });

  it('changes the box convention on demand', async () => {
    // 9 + 1 columns by the official rule, 9 without the right edge, 11 with one added.
    const list = write('square.txt', ['2002/01/b/img_2', '1', '5 5 0 20 20 1']);
    const box = write('square-det.txt', ['2002/01/b/img_2', '1', '15 15 9 9 0.5']);
    const values: number[] = [];
    for (const boxConvention of ['exclusive', 'official', 'plus-one']) {
      const set = await fddbProtocol.loadAsync(list, {
        imageSizes: path('sizes.txt'),
        boxConvention,
      });
      const detections = await set.readDetectionsAsync([box], 'x');
      const evaluation = set.evaluate(detections, { bootstrap: 0, level: 0.95, seed: 0 });
      values.push(evaluation.headlines.find((h) => h.key === 'continuous-recall@1000')!.value);
    }
    expect(new Set(values).size).to.equal(3);
  });

  it('gives tables, findings, published curves, intervals and paired differences', async () => {
    mkdirSync(path('rocCurves'), { recursive: true });
    write('rocCurves/Rival_DiscROC.txt', ['0.75 900 0.1', '0.4 10 0.9']);
    write('rocCurves/Rival_ContROC.txt', ['900 0.6', '10 0.3']);
    const plain = write('plain.txt', DETECTIONS);
    const evaluation = await evaluateAsync([plain], {}, 50);
    const { interval, value } = evaluation.headlines[0]!;
    expect(interval!.low).to.be.at.most(value);
    expect(interval!.high).to.be.at.least(value);
    const table = evaluation.tables.find((t) => t.title === 'Published curves')!;
    expect(table.rows[0]).to.deep.equal(['Rival', 0.4, 0.4, 0.75, 0.75, 0.6]);
    expect(evaluation.plots.map((p) => p.key)).to.deep.equal([
      ...['discrete-roc', 'discrete-roc-log', 'continuous-roc', 'continuous-roc-log'],
    ]);
    const wrong = evaluation.findings.filter((f) => f.kind === 'false-positive');
    expect(wrong.map((f) => f.score)).to.deep.equal([0.8, 0.8, 0.7]);
    expect(wrong[2]!.label).to.match(/second box.*IoU 0\.70/);
    expect(evaluation.findings.filter((f) => f.kind === 'missed')).to.have.length(2);
    const set = await loadAsync();
    const a = await set.readDetectionsAsync([plain], 'a');
    const b = await set.readDetectionsAsync([write('none.txt', ['2002/01/a/img_1', '0'])], 'b');
    const differences = set.compare(a, b, { bootstrap: 50, level: 0.9, seed: 1 });
    expect(differences[0]).to.include({
      key: 'discrete-recall@1000',
      a: 0.5,
      b: 0,
      difference: 0.5,
    });
    expect(set.compare(a, a, { bootstrap: 50, level: 0.9, seed: 1 })[0]).to.include({
      difference: 0,
      p: 1,
    });
  });
});
