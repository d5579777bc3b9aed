import { expect } from 'chai';
import { presetConfig, type DataSourceConfig } from '../../../src/aofd/config/index.js';
import { meaningOf } from '../../../src/aofd/data/sets/classes.js';
import { loadCountingCsv } from '../../../src/aofd/data/sets/counting-csv.js';
import { describeReport, loadDataSource } from '../../../src/aofd/data/sets/load-source.js';
import { readNames } from '../../../src/aofd/data/sets/names.js';
import { TeacherList } from '../../../src/aofd/data/sets/teacher-list.js';
import { gradientImage, jpegOf } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const line = (file: string, faces: number[][], width = 100, height = 80): string =>
  JSON.stringify({ file, width, height, faces });

describe('data/load-source', () => {
  const at = useSuiteFolder();
  before(async () => {
    const picture = await jpegOf(gradientImage(100, 80));
    for (const name of ['a', 'b', 'c']) at.write(`pictures/${name}.jpg`, picture);
    at.write('pictures/deep/d.jpg', picture);
    at.write('pictures/one/twice.jpg', picture);
    at.write('pictures/two/twice.jpg', picture);
  });

  function load(source: DataSourceConfig, minFacePx = 8): ReturnType<typeof loadDataSource> {
    const { data } = presetConfig('lite');
    return loadDataSource({ ...data, root: at(), minFacePx, sources: { it: source } }, 'it');
  }

  describe('teacher lists', () => {
    it('give faces in pixels of the stored picture, whatever size the teacher saw', () => {
      const list = new TeacherList(
        at.write('t.jsonl', `${line('x/a.jpg', [[10, 20, 30, 50, 0.9]])}\n\n`),
      );
      expect(list.names).to.deep.equal(['a.jpg']);
      const full = list.facesOf('pictures/a.jpg', { width: 200, height: 160 });
      expect(full).to.deep.equal([{ box: [20, 40, 59, 99], score: 0.9 }]);
      expect(list.facesOf('b.jpg', { width: 100, height: 80 })).to.equal(null);
      expect(() => list.facesOf('a.jpg', { width: 200, height: 80 })).to.throw(
        /t\.jsonl:1.*100x80 here but stored as 200x80/,
      );
    });
    it('name file and line of what is malformed', () => {
      const bad = (text: string): (() => unknown) => {
        const file = at.write('bad.jsonl', text);
        return () => new TeacherList(file);
      };
      const good = line('a.jpg', []);
      expect(bad(`${good}\n{"file":`)).to.throw(/bad\.jsonl:2/);
      expect(bad(line('a.jpg', [[1, 2, 3, 4]]))).to.throw(/bad\.jsonl:1.*faces\.0/);
      expect(bad(line('a.jpg', [[1, 2, 3, 4, 1.5]]))).to.throw(/bad\.jsonl:1.*faces\.0\.4/);
      expect(bad(`${good}\n${good}`)).to.throw(/bad\.jsonl:2.*second time/);
    });
  });

  it('reads pictures without labels: faces, ignored regions, names in and out', () => {
    const all = ['a', 'b', 'c', 'd', 'twice'].map((name) =>
      line(`${name}.jpg`, [
        [-4, 10, 30, 50, 0.8],
        [60, 10, 90, 50, 0.2],
      ]),
    );
    at.write('t.jsonl', all.join('\n'));
    at.write('drop.json', JSON.stringify({ drop: { some: ['pictures/b.jpg', 'x/c.jpg'] } }));
    at.write('in.txt', 'a\r\nb.jpg\nc\nd.png\ntwice');
    const loaded = load({
      kind: 'pictures',
      list: 'pictures',
      names: ['in.txt'],
      leaveOut: ['drop.json#some'],
      teachers: { lists: ['t.jsonl'] },
    });
    // b is left out by its path; c lies elsewhere; which of the two of one name is meant, nobody knows.
    expect(loaded.samples.map((s) => s.id)).to.deep.equal(['a', 'c', 'd']);
    expect(loaded.samples[0]?.faces).to.deep.equal([
      { box: [0, 10, 29, 49], whole: [-4, 10, 29, 49], ignore: false, invalid: false },
      { box: [60, 10, 89, 49], ignore: true, invalid: false },
    ]);
    expect(describeReport('it', loaded)).to.equal(
      'it: 3 pictures, 3 faces, 3 ignored, 0 decoys, 0 dropped, 3 clipped' +
        ', passed over: 2 pictures that share their name with another',
    );
    const stricter = load({
      kind: 'pictures',
      list: 'pictures',
      limit: 1,
      teachers: { lists: ['t.jsonl'], aloneScore: 0.9 },
    });
    expect(stricter.report).to.include({ images: 1, faces: 0, ignored: 2 });
    expect(() => load({ kind: 'pictures', list: 'pictures' })).to.throw(/"it".*no face boxes/);
    expect(() => readNames(at('drop.json#other'))).to.throw(/drop\.other.*lists: some/);
  });

  it('reads Face_Counting tables: 0-based corners, the far ones exclusive', () => {
    const head = 'Name,width,height,xmin,ymin,xmax,ymax';
    const file = at.write(
      'boxes.csv',
      `${head}\na.jpg,100,80,0,10,20,40\nb.jpg,100,80,5,5,6,6\na.jpg,100,80,50,10,100,80\n`,
    );
    const options = { imageRoot: '/p', source: 'it' };
    const samples = loadCountingCsv(file, options);
    expect(samples.map((s) => s.faces.map((f) => f.box))).to.deep.equal([
      [
        [0, 10, 19, 39],
        [50, 10, 99, 79],
      ],
      [[5, 5, 5, 5]],
    ]);
    const bad = (text: string): (() => unknown) => {
      const broken = at.write('bad.csv', text);
      return () => loadCountingCsv(broken, options);
    };
    expect(bad('Name,x\n')).to.throw(/bad\.csv:1.*header/);
    expect(bad(`${head}\na.jpg,100,80,1,2,3,4\nb.jpg,100,80,1,2,x,4\n`)).to.throw(/bad\.csv:3/);
    expect(bad(`${head}\na.jpg,100,80,1,2\n`)).to.throw(/bad\.csv:2.*six numbers/);
    expect(bad(`${head}\na.jpg,9,9,1,2,3,4\na.jpg,8,9,1,2,3,4\n`)).to.throw(/bad\.csv:3.*another/);
  });

  it("cuts a set's labels to the teachers' convention before they are compared", () => {
    at.write('boxes.csv', 'Name,width,height,xmin,ymin,xmax,ymax\na.jpg,100,80,10,10,50,50\n');
    at.write('t.jsonl', line('a.jpg', [[30, 10, 50, 50, 0.9]]));
    const source: DataSourceConfig = {
      kind: 'counting-csv',
      list: 'boxes.csv',
      images: 'pictures',
      teachers: { lists: ['t.jsonl'] },
    };
    expect(load(source).samples[0]?.faces[0]?.box).to.deep.equal([10, 10, 49, 49]);
    const cut = load({ ...source, trim: [0.4, 0, 0, 0] });
    expect(cut.samples[0]?.faces.map((f) => f.box)).to.deep.equal([[30, 10, 49, 49]]);
  });

  it('reads heads: with a face, doubtful, and from behind', () => {
    const object = (x: number): string =>
      `<object><name>head</name><bndbox><xmin>${x + 1}</xmin><ymin>1</ymin>` +
      `<xmax>${x + 20}</xmax><ymax>30</ymax></bndbox></object>`;
    // The size that the file states is no size: that of the picture counts.
    const size = '<size><width>0</width><height>0</height></size>';
    at.write(
      'heads/a.xml',
      `<annotation><filename>a.jpg</filename>${size}${[0, 30, 60].map(object).join('')}</annotation>`,
    );
    at.write('t.jsonl', line('a.jpg', [[2, 5, 18, 28, 0.9], [33, 5, 45, 28, 0.2]])); // prettier-ignore
    const source: DataSourceConfig = {
      kind: 'voc',
      list: 'heads',
      images: 'pictures',
      classes: { head: 'head' },
      teachers: { lists: ['t.jsonl'] },
    };
    const { samples, report } = load(source);
    expect(samples[0]).to.include({ width: 100, height: 80 });
    expect(samples[0]).to.not.have.property('heads');
    expect(samples[0]?.decoys).to.deep.equal([[60, 0, 79, 29]]);
    expect(report).to.include({ faces: 1, ignored: 2, decoys: 1 });
    const alone = { ...source, teachers: undefined };
    expect(() => load(alone)).to.throw(/no face boxes of its own.*teachers/);
  });

  it('reads YOLO labels beside their pictures', async () => {
    at.write('y/train/images/p.rf.1.jpg', await jpegOf(gradientImage(100, 80)));
    const label = at.write('y/train/labels/p.rf.1.txt', '0 0.5 0.5 0.2 0.5\n1 0.1 0.5 0.2 0.5\n');
    const source: DataSourceConfig = {
      kind: 'yolo',
      list: 'y',
      classes: { '0': 'masked', '1': 'drop' },
    };
    const { samples } = load(source);
    expect(samples.map((s) => s.faces)).to.deep.equal([
      [{ box: [40, 20, 59, 59], ignore: false, invalid: false, attributes: { cover: 'masked' } }],
    ]);
    at.write('y/train/labels/p.rf.1.txt', '0 0.5 0.5 0.2\n');
    expect(() => load(source)).to.throw(`${label}:1`);
  });

  it('proposes a meaning for a class that is not in the map', () => {
    const stop =
      (name: string): (() => unknown) =>
      () =>
        meaningOf({ x: 'drop' }, name, 'f.xml');
    expect(stop('With Mask')).to.throw(/f\.xml: the class "With Mask".*"masked"/);
    expect(stop('without_mask')).to.throw(/"without_mask": "unmasked"/);
    expect(stop('mask_weared_incorrect')).to.throw(/: "incorrect"/);
    expect(stop('head')).to.throw(/: "head"/);
    expect(stop('hat')).to.throw(/: "drop"/);
  });

  it('without a map takes only names that mean a face without doubt', () => {
    const rows: [string, string][] = [
      ['face', 'face'],
      ['Human Face', 'face'],
      ['masked', 'masked'],
      ['masked_face', 'masked'],
      ['unmasked-face', 'unmasked'],
      ['without_mask', 'unmasked'],
      ['mask_weared_incorrect', 'incorrect'],
    ];
    for (const [name, meaning] of rows) {
      expect(meaningOf(undefined, name, 'f'), name).to.equal(meaning);
    }
    const strange = ['hat', 'none', 'car', 'invalid_face', 'no-face', 'head', '0', '', '__proto__'];
    for (const name of strange) {
      const stop = (): unknown => meaningOf(undefined, name, 'f.xml');
      expect(stop, name).to.throw(/f\.xml: the class .* may be a face or not.*"classes": \{/);
    }
    for (const name of ['invalid_face', 'no-face', 'hat']) {
      expect(() => meaningOf(undefined, name, 'f')).to.throw(/: "drop"/);
    }
  });
});
