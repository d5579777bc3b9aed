import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import type { EvalSet, ProtocolOptions } from '../../../../src/aofd/eval/protocol.js';
import type { EvaluateSettings } from '../../../../src/aofd/eval/statistics/measures.js';
import { widerProtocol } from '../../../../src/aofd/eval/wider/protocol.js';
import type { MatValue } from '../../../../src/aofd/formats/mat-value.js';
import { cell, mat5, numbers, text, writeMat73Async } from '../../../helpers/mat-writer.js';
import { useTempFolder } from '../../../helpers/temp-folder.js';

const SETTINGS: EvaluateSettings = { bootstrap: 50, level: 0.9, seed: 3 };

/** Two events with three images; the last has no face in the hard list. */
const FACES = [
  [
    [10, 10, 40, 50],
    [100, 10, 8, 8],
  ],
  [[20, 30, 60, 60]],
  [[5, 5, 30, 30]],
];
const byEvent = (items: MatValue[]): MatValue => cell(cell(items[0]!, items[1]!), cell(items[2]!));
const column = (values: number[]): MatValue => numbers(values.map((value) => [value]));

const FACE_FILE: Record<string, MatValue> = {
  event_list: cell(text('0--Parade'), text('1--Handshaking')),
  file_list: byEvent([text('0_Parade_1'), text('0_Parade_jpg.2'), text('1_Handshaking_3')]),
  face_bbx_list: byEvent(FACES.map((rows) => numbers(rows))),
  occlusion_label_list: byEvent([column([0, 2]), column([1]), column([0])]),
  invalid_label_list: byEvent([column([0, 0]), column([0]), column([0])]),
};
const LISTS: Record<string, MatValue> = {
  easy: byEvent([column([1]), column([]), column([])]),
  medium: byEvent([column([1]), column([1]), column([])]),
  hard: byEvent([column([1, 2]), column([1]), column([])]),
};

describe('eval wider', () => {
  const path = useTempFolder();

  const write = (name: string, content: string | Uint8Array): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
    return path(name);
  };
  const writeLists = (): void => {
    write('ground_truth/wider_face_val.mat', mat5(FACE_FILE, { compress: true }));
    for (const [level, list] of Object.entries(LISTS)) {
      write(`ground_truth/wider_${level}_val.mat`, mat5({ gt_list: list }));
    }
  };
  const load = (options: ProtocolOptions = {}): Promise<EvalSet> =>
    widerProtocol.loadAsync(path(), options);
  const results = (): string => {
    write(
      'results/0--Parade/0_Parade_1.txt',
      '0_Parade_1\n3\n10 10 40 50 0.9\n300 300 20 20 0.8\n100 10 8 8 0.2\n',
    );
    write('results/0--Parade/0_Parade_jpg.2.txt', '0_Parade_jpg.2.jpg\r\n1\r\n20 30 60 60 0.7\r\n');
    return path('results');
  };

  it('gives figures of a part that says so, with the marks of its faces', async () => {
    writeLists();
    const whole = await load();
    const part = whole.take(1);
    expect(part.name).to.equal(`part of ${whole.name}`);
    expect(part.images).to.deep.equal([whole.images[0]]);
    expect(part.warnings[0]).to.match(/^Only 1 of 3 pictures .* cannot be compared/);
    const detections = await part.readDetectionsAsync([results()], 'mine');
    const recallRows = (set: EvalSet): readonly (string | number | null)[] =>
      set.evaluate(detections, SETTINGS).tables.find(({ title }) => title.startsWith('Recall by'))!
        .rows[0]!;
    expect(recallRows(part)[2]).to.be.lessThan(recallRows(whole)[2] as number);
  });

  it('scores the three lists from .mat files and a folder of results', async () => {
    writeLists();
    const set = await load();
    expect(set.images.map(({ name }) => name)).to.deep.equal([
      '0--Parade/0_Parade_1.jpg',
      '0--Parade/0_Parade_jpg.2.jpg',
      '1--Handshaking/1_Handshaking_3.jpg',
    ]);
    const detections = await set.readDetectionsAsync([results()], 'mine');
    const { headlines, tables, plots, warnings, findings, files } = set.evaluate(
      detections,
      SETTINGS,
    );
    const values = Object.fromEntries(headlines.map(({ key, value }) => [key, value]));
    expect(values['ap-easy']).to.equal(1);
    expect(values['ap-medium']).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
    expect(values['ap-hard']).to.be.closeTo((1 + 2 / 3 + 3 / 4) / 3 + (3 / 4 - 2 / 3) / 3, 1e-12);
    // Plain: the face of 8 px is ignored, the image without results is missed.
    expect(values['ap50']).to.be.closeTo((1 + 2 / 3) / 3, 1e-12);
    for (const { interval, value } of headlines) {
      expect(interval!.low).to.be.at.most(value);
      expect(interval!.level).to.equal(0.9);
    }
    const groups = tables.find(({ title }) => title === 'Recall by kind of face')!.rows;
    expect(groups.find(([by, group]) => by === 'occlusion' && group === '2 heavy')).to.deep.equal([
      'occlusion',
      '2 heavy',
      1,
      1,
      0,
    ]);
    expect(plots.map(({ key }) => key)).to.deep.equal([
      'pr-easy',
      'pr-medium',
      'pr-hard',
      'pr-ap50',
    ]);
    expect(warnings[0]).to.contain('1 of 3 images have no prediction');
    expect(findings.map(({ kind, image }) => [kind, image])).to.deep.equal([
      ['false-positive', '0--Parade/0_Parade_1.jpg'],
      ['missed', '1--Handshaking/1_Handshaking_3.jpg'],
    ]);
    expect(files[2]!.content.trim().split('\n')).to.have.length(1001);
  });

  it('draws published curves where the tools are unpacked', async () => {
    writeLists();
    write(
      'plot/baselines/Val/setting_int/SomeNet/wider_pr_info_SomeNet_easy_val.mat',
      mat5({
        pr_cruve: numbers([
          [1, 0.25],
          [0.5, 0.5],
        ]),
        legend_name: text('SomeNet'),
      }),
    );
    const set = await load();
    const { plots, tables } = set.evaluate(await set.readDetectionsAsync([results()], 'mine'), {
      ...SETTINGS,
      bootstrap: 0,
    });
    expect(plots[0]!.series.map(({ name, role }) => [name, role])).to.deep.equal([
      ['mine 1.000', 'ours'],
      ['SomeNet 0.375', 'published'],
    ]);
    expect(tables.find(({ title }) => title.startsWith('Published'))!.rows).to.deep.equal([
      ['SomeNet', 0.375, -0.625],
    ]);
  });

  it('reads version 7.3 lists too', async () => {
    mkdirSync(path('gt'));
    await writeMat73Async(path('gt/wider_face_val.mat'), FACE_FILE);
    await writeMat73Async(path('gt/wider_easy_val.mat'), { gt_list: LISTS['easy']! });
    const set = await load();
    expect(set.warnings).to.deep.equal([
      'wider_medium_val.mat is missing: no AP for "medium".',
      'wider_hard_val.mat is missing: no AP for "hard".',
    ]);
    const { headlines } = set.evaluate(await set.readDetectionsAsync([results()], 'mine'), {
      ...SETTINGS,
      bootstrap: 0,
    });
    expect(headlines.map(({ key }) => key)).to.deep.equal(['ap-easy', 'ap50']);
    expect(headlines[0]!.value).to.equal(1);
  });

  const LIST = [
    'a/one.jpg',
    '2',
    '10 10 40 50 0 0 0 0 1 0',
    '100 10 8 8 0 0 0 0 2 0',
    'a/empty.jpg',
    '0',
    '0 0 0 0 0 0 0 0 0 0',
    'b/two.jpg',
    '2',
    '20 30 60 60 0 0 0 0 0 0',
    '200 30 60 60 0 0 0 1 0 0',
    '',
  ].join('\n');

  it('takes a text list with its dummy line, csv results, and ignores small and invalid faces', async () => {
    write('val_bbx_gt.txt', LIST);
    const set = await load({ annotations: 'val_bbx_gt.txt' });
    expect(set.images).to.have.length(3);
    expect(set.warnings[0]).to.contain('1 images have no face');
    const csv = write(
      'r.csv',
      'image,x1,y1,x2,y2,score\none.jpg,10,10,50,60,0.9\ntwo.jpg,20,30,80,90,0.8\nempty.jpg,0,0,9,9,0.85\n',
    );
    const detections = await set.readDetectionsAsync([csv], 'mine');
    const { headlines } = set.evaluate(detections, SETTINGS);
    expect(headlines.map(({ key }) => key)).to.deep.equal(['ap50', 'ap-all']);
    expect(headlines[0]!.value).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
    expect(headlines[1]!.value).to.equal(0.5); // four faces; the image without faces is not looked at
    const same = set.compare(detections, detections, SETTINGS);
    expect(same.map(({ difference, p }) => [difference, p])).to.deep.equal([
      [0, 1],
      [0, 1],
    ]);
  });

  describe('what is wrong with results', () => {
    const failure = async (content: string, name = '0--Parade/0_Parade_1.txt'): Promise<string> => {
      writeLists();
      write(`bad/${name}`, content);
      const set = await load();
      try {
        await set.readDetectionsAsync([path('bad')], 'x');
      } catch (error) {
        return (error as Error).message;
      }
      return 'no error';
    };

    it('names file and line', async () => {
      expect(await failure('x\n1\n1 2 3 4 nan\n')).to.match(/0_Parade_1\.txt:3: .*score/);
      expect(await failure('x\n1\n1 2 3 4\n')).to.match(/0_Parade_1\.txt:3: .*x y w h score/);
      expect(await failure('x\n3\n1 2 3 4 0.5\n')).to.match(/0_Parade_1\.txt:2: .*announces 3/);
      expect(await failure('x\nmany\n')).to.match(/0_Parade_1\.txt:2: .*number of predictions/);
    });

    it('refuses unknown images and mixed results', async () => {
      expect(await failure('x\n0\n', '0--Parade/no_such.txt')).to.contain('not in the set');
      const set = await load();
      let message = '';
      await set
        .readDetectionsAsync([path('bad'), path('r.csv')], 'x')
        .catch((error: Error) => (message = error.message));
      expect(message).to.contain('cannot be mixed');
    });

    it('counts negative sizes, which the official tools take', async () => {
      writeLists();
      write('odd/0--Parade/0_Parade_1.txt', '0_Parade_1\n1\n1 2 -3 4 0.5\n');
      const set = await load();
      const { warnings } = await set.readDetectionsAsync([path('odd')], 'x');
      expect(warnings[0]).to.match(/^1 predictions have a negative width .*0_Parade_1\.txt:3/);
    });

    it('counts first lines that name another image', async () => {
      writeLists();
      write('odd/0--Parade/0_Parade_1.txt', 'something else\n0\n');
      const set = await load();
      const { warnings } = await set.readDetectionsAsync([path('odd')], 'x');
      expect(warnings[0]).to.contain('1 prediction files name another image');
    });
  });

  it('says what it looked for, and which lists do not belong together', async () => {
    const messageOf = async (): Promise<string> => {
      try {
        await load();
      } catch (error) {
        return (error as Error).message;
      }
      return 'no error';
    };
    expect(await messageOf()).to.contain(
      'neither wider_face_val.mat nor wider_face_val_bbx_gt.txt',
    );
    writeLists();
    write(
      'ground_truth/wider_easy_val.mat',
      mat5({ gt_list: byEvent([column([3]), column([]), column([])]) }),
    );
    expect(await messageOf()).to.match(/gt_list\{1\}\{1\}: face number 3, but the image has 2/);
  });
});
