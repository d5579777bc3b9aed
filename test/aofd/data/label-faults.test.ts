/** Labels that do not fit their pictures are refused or counted, never learned from silently. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import sharp from 'sharp';
import { presetConfig, type DataSourceConfig } from '../../../src/aofd/config/index.js';
import { BatchMaker } from '../../../src/aofd/data/batches/make-batch.js';
import {
  describeReport,
  loadDataSource,
  type LoadedSource,
} from '../../../src/aofd/data/sets/load-source.js';
import { loadVoc } from '../../../src/aofd/data/sets/voc.js';
import { DataError } from '../../../src/aofd/errors.js';
import { canvasBatchOptions, RunSources } from '../../../src/aofd/train/run/sources.js';
import { gradientImage, jpegOf } from '../../helpers/pictures.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';
import { tinyConfig } from '../../helpers/training.js';

interface Picture {
  name?: string;
  width?: number;
  height?: number;
  boxes?: number[][];
  extra?: object;
}

describe('labels that do not fit their pictures', () => {
  const at = useSuiteFolder();
  before(async () => {
    const image = gradientImage(100, 60);
    const jpeg = await jpegOf(image);
    for (const name of ['a', 'b', 'c']) at.write(`img/${name}.jpg`, jpeg);
    at.write('img/cut.jpg', jpeg.subarray(0, jpeg.length - 200));
    at.write('img/stub.jpg', jpeg.subarray(0, 40));
    const raw = { raw: { width: 100, height: 60, channels: 3 as const } };
    const turned = await sharp(image.data, raw).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    at.write('img/turned.jpg', turned);
  });

  const coco = (pictures: Picture[], category = 'face'): string => {
    const images = pictures.map(({ name = 'a.jpg', width = 100, height = 60 }, id) => ({
      id,
      file_name: name,
      width,
      height,
    }));
    const annotations = pictures.flatMap(({ boxes = [[10, 10, 20, 20]], extra }, id) =>
      boxes.map((bbox) => ({ image_id: id, category_id: 1, bbox, ...extra })),
    );
    const categories = [{ id: 1, name: category }];
    return at.write('list.json', JSON.stringify({ images, annotations, categories }));
  };
  const data = (source: Partial<DataSourceConfig>, skipBroken?: boolean) => ({
    ...presetConfig('lite').data,
    root: at(),
    minFacePx: 4,
    ...(skipBroken === undefined ? {} : { skipBroken }),
    sources: { it: { kind: 'coco' as const, list: 'list.json', images: 'img', ...source } },
  });
  const load = (pictures: Picture[], skipBroken?: boolean): LoadedSource => {
    coco(pictures);
    return loadDataSource(data({}, skipBroken), 'it');
  };

  const faults: [string, Picture, RegExp][] = [
    ['a picture that is missing', { name: 'gone.jpg' }, /gone\.jpg: picture not found/],
    ['a picture cut off in its header', { name: 'stub.jpg' }, /stub\.jpg.*no size/],
    ['swapped width and height', { width: 60, height: 100 }, /60x100.*100x60.*swapped/],
    [
      'labels of the turned view',
      { name: 'turned.jpg', width: 60, height: 100 },
      /EXIF orientation/,
    ],
    ['another size', { width: 200, height: 120 }, /200x120.*stored as 100x60/],
  ];
  for (const [what, picture, expected] of faults) {
    it(`${what}: refused with the number of such pictures, or left out and counted`, () => {
      const pictures = [{ name: 'b.jpg' }, picture, { name: 'c.jpg' }];
      const error = thrownBy(() => load(pictures), DataError);
      expect(error.message).to.match(expected);
      expect(error.message).to.include('1 of 3 pictures of source "it"');
      expect(error.fix).to.include('data.skipBroken');
      const loaded = load(pictures, true);
      expect(loaded.samples.map(({ id }) => id)).to.deep.equal(['b.jpg', 'c.jpg']);
      expect(loaded.report.broken).to.equal(1);
      expect(describeReport('it', loaded)).to.include('1 pictures left out that cannot be used');
      expect(loaded.report.notes.join()).to.match(expected);
    });
  }

  it('a stated size of 0 x 0 or none is read from the picture', () => {
    const { samples } = load([{ width: 0, height: 0 }, { name: 'turned.jpg' }]);
    expect(samples.map(({ width, height }) => [width, height])).to.deep.equal([
      [100, 60],
      [100, 60],
    ]);
  });

  it('pictures that EXIF turns are counted, for their boxes may be of another view', () => {
    const loaded = load([{ name: 'turned.jpg' }, {}]);
    expect(loaded.report.turned).to.equal(1);
    expect(describeReport('it', loaded)).to.include('1 that EXIF turns');
  });

  it('boxes outside, over the border, and of nothing are counted', () => {
    const boxes = [
      [200, 10, 20, 20],
      [90, 10, 30, 20],
      [10, 10, 0, 5],
      [10, 10, 20, 20],
    ];
    const { samples, report } = load([{ boxes }]);
    expect(samples[0]?.faces.map(({ box }) => box)).to.deep.equal([
      [90, 10, 99, 29],
      [10, 10, 29, 29],
    ]);
    expect(report).to.include({ faces: 2, dropped: 2 });
    expect(report.clipped).to.be.at.least(1);
  });

  it('crowds are ignored whichever way the flag is written; other values are refused', () => {
    for (const key of ['iscrowd', 'ignore']) {
      for (const [value, ignore] of [
        [1, true],
        [true, true],
        [0, false],
        [false, false],
        [null, false],
      ] as const) {
        const { samples } = load([{ extra: { [key]: value } }]);
        expect(samples[0]?.faces[0]?.ignore, `${key}: ${value}`).to.equal(ignore);
      }
      const error = thrownBy(() => load([{ extra: { [key]: 'yes' } }]), DataError);
      expect(error.where).to.include(`annotations[0].${key}`);
    }
  });

  it('names that leave the folder of the pictures are refused, in every kind of list', () => {
    for (const name of ['../list.json', 'x/../../list.json', '../img2/a.jpg', 'a\0.jpg']) {
      const error = thrownBy(() => load([{ name }], true), DataError);
      expect(error.reason, name).to.include('leads out of the folder');
    }
    at.write('w.txt', '../a.jpg\n1\n1 1 9 9\n');
    const wider = { kind: 'wider' as const, list: 'w.txt' };
    expect(() => loadDataSource(data(wider), 'it')).to.throw(/w\.txt:1.*leads out/);
    at.write('c.csv', 'Name,width,height,xmin,ymin,xmax,ymax\n../a.jpg,100,60,1,1,20,20\n');
    const csv = { kind: 'counting-csv' as const, list: 'c.csv' };
    expect(() => loadDataSource(data(csv), 'it')).to.throw(/c\.csv:2.*leads out/);
    at.write('voc/x.xml', '<annotation><filename>../../x.jpg</filename></annotation>');
    const voc = { kind: 'voc' as const, list: 'voc' };
    expect(() => loadDataSource(data(voc), 'it')).to.throw(/x\.xml.*leads out/);
  });

  it('VOC: corners in the wrong order, bombs of tags and entities, files of a Mac', () => {
    const object =
      '<object><name>face</name><bndbox><xmin>50</xmin><ymin>5</ymin>' +
      '<xmax>20</xmax><ymax>30</ymax></bndbox></object>';
    const read = (xml: string): (() => unknown) => {
      at.write('v/a.xml', xml);
      return () => loadVoc({ annotationDir: at('v'), imageRoot: at('img') });
    };
    expect(read(`<annotation>${object}</annotation>`)).to.throw(/xmin 50, xmax 20/);
    const deep = 200_000;
    expect(read('<a>'.repeat(deep))).to.throw(DataError, /nested more than 32 deep/);
    expect(read('<a>'.repeat(deep) + '</a>'.repeat(deep))).to.throw(DataError, /nested/);
    expect(read('<é>'.repeat(deep) + '</é>'.repeat(deep))).to.throw(DataError, /nested/);
    const long = `<note text="${'x'.repeat(300)}"/>`.repeat(40);
    expect(read(`<annotation>${long}</annotation>`)()).to.have.length(1);
    const laughs =
      '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>';
    expect(read(laughs)).to.throw(DataError, /defines entities/);
    at.write('v/._a.xml', 'Mac OS X');
    expect(read('<annotation></annotation>')()).to.have.length(1);
  });

  it('a source in which nothing is left stops the run before the first update', () => {
    coco([{ boxes: [[300, 300, 20, 20]] }]);
    const config = tinyConfig({ data: data({}) });
    config.stages[0]!.data = { it: 1 };
    const said: string[] = [];
    const readAll = (): void => new RunSources(config).readAll(config.stages, (t) => said.push(t));
    expect(readAll).to.throw(DataError, /no face is left to learn from.*1 dropped/);
    expect(said[0]).to.match(/^it: 1 pictures, 0 faces.*1 dropped/);
    expect(said[1]).to.include('under 1 px inside the picture');
  });

  it('pictures without labels may show nobody; a stage of nothing else stops the run', () => {
    coco([{}]);
    at.write('none.jsonl', '{"file":"b.jpg","width":100,"height":60,"faces":[]}\n');
    at.write('bg/b.jpg', readFileSync(at('img/b.jpg')));
    const both = data({});
    const background = {
      kind: 'pictures' as const,
      list: 'bg',
      teachers: { lists: ['none.jsonl'] },
    };
    const config = tinyConfig({
      data: { ...both, sources: { ...both.sources, background } },
    });
    const stage = config.stages[0]!;
    const said: string[] = [];
    const readAll = (): void => new RunSources(config).readAll(config.stages, (t) => said.push(t));
    stage.data = { it: 1, background: 1 };
    readAll();
    expect(said.find((text) => text.startsWith('background'))).to.match(/: 1 pictures, 0 faces/);
    stage.data = { background: 1 };
    const error = thrownBy(readAll, DataError);
    expect(error.message).to.match(/no face is there to learn from: background\./);
    expect(error.where).to.equal(`stage "${stage.name}"`);
  });

  it('a picture that breaks off is named; with data.skipBroken another is taken, always the same', async () => {
    coco([{ name: 'cut.jpg' }, { name: 'b.jpg' }]);
    const options = (skipBroken: boolean) => {
      const config = tinyConfig({ data: data({}, skipBroken) });
      const stage = config.stages[0]!;
      stage.data = { it: 1 };
      return canvasBatchOptions(config, stage, new RunSources(config).ofStage(stage), [64, 64]);
    };
    const strict = new BatchMaker({ ...options(false), batchSize: 8 });
    const error = await rejectionAsync(strict.makeAsync(0), DataError);
    expect(error.where).to.include('cut.jpg');
    const lenient = new BatchMaker({ ...options(true), batchSize: 8 });
    const batch = await lenient.makeAsync(0);
    expect(new Set(batch.ids.flatMap((id) => id.split('+')))).to.deep.equal(new Set(['b.jpg']));
    expect(batch.skipped.join()).to.match(/^left out: .*cut\.jpg/);
    expect((await lenient.makeAsync(1)).skipped).to.deep.equal([]);
    const resumed = await new BatchMaker({ ...options(true), batchSize: 8 }).makeAsync(1);
    expect(resumed.images).to.deep.equal((await lenient.makeAsync(1)).images);
  });
});
