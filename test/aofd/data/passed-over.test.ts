/** Pictures, labels and names that come to nothing are counted and told of. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import sharp from 'sharp';
import { presetConfig, type DataSourceConfig } from '../../../src/aofd/config/index.js';
import {
  describeReport,
  loadDataSource,
  type LoadedSource,
} from '../../../src/aofd/data/sets/load-source.js';
import { picturesIn } from '../../../src/aofd/data/sets/names.js';
import { loadLabelme } from '../../../src/aofd/data/sets/labelme.js';
import { DataError } from '../../../src/aofd/errors.js';
import { gradientImage, jpegOf } from '../../helpers/pictures.js';
import { thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('data/what a set passes over', () => {
  const at = useTempFolder();
  const image = gradientImage(100, 80);
  const LABEL = '0 0.5 0.5 0.2 0.5\n';
  let jpeg: Buffer;
  before(async () => (jpeg = await jpegOf(image)));

  const formats = ['gif', 'tiff', 'avif'] as const;
  const encoded = (format: (typeof formats)[number]): Promise<Buffer> =>
    sharp(image.data, { raw: { width: 100, height: 80, channels: 3 } })
      .toFormat(format, { effort: 1 })
      .toBuffer();
  const load = (source: DataSourceConfig): LoadedSource => {
    const { data } = presetConfig('lite');
    return loadDataSource({ ...data, root: at(), minFacePx: 8, sources: { it: source } }, 'it');
  };
  const yolo: DataSourceConfig = { kind: 'yolo', list: 'y', classes: { '0': 'face' } };
  const teachers = (...names: string[]): void => {
    const faces = [[10, 10, 50, 60, 0.9]];
    const lines = names.map((file) => JSON.stringify({ file, width: 100, height: 80, faces }));
    at.write('t.jsonl', lines.join('\n'));
  };

  for (const [layout, images, labels] of [
    ['a folder of pictures and one of labels in each part', 'P/images', 'P/labels'],
    ['parts in the folders of pictures and labels', 'images/P', 'labels/P'],
    ['labels beside the pictures', 'P', 'P'],
  ] as const) {
    it(`YOLO, ${layout}: pairs by path, takes every format, counts what is left`, async () => {
      const put = (part: string, name: string, bytes: Buffer): void => {
        at.write(`y/${images.replace('P', part)}/${name}`, bytes);
        const list = name.replace(/\.\w+$/, '.txt');
        at.write(`y/${labels.replace('P', part)}/${list}`, LABEL);
      };
      put('train', '1.jpg', jpeg);
      put('val', '1.jpg', jpeg);
      put('train', '2.jpg', jpeg);
      for (const format of formats) put('train', `3${format}.${format}`, await encoded(format));
      at.write(`y/${images.replace('P', 'train')}/4.heic`, 'x');
      at.write(`y/${labels.replace('P', 'train')}/gone.txt`, LABEL);
      at.write(`y/${labels.replace('P', 'train')}/classes.txt`, 'face');
      const loaded = load(yolo);
      expect(loaded.samples).to.have.length(6);
      for (const { faces, file } of loaded.samples) {
        expect(
          faces.map(({ box }) => box),
          file,
        ).to.deep.equal([[40, 20, 59, 59]]);
      }
      const said = describeReport('it', loaded);
      expect(said).to.match(/^it: 6 pictures, 6 faces/);
      expect(said).to.include('1 label files without a picture');
      expect(said).to.include('1 .heic files');
      expect(loaded.report.notes.join()).to.match(/label files without a picture: .*gone\.txt/);
    });
  }

  it('YOLO: a picture without label file is named; two pictures of one label file are left out', () => {
    at.write('y/a.jpg', jpeg);
    expect(() => load(yolo)).to.throw(DataError, /a\.jpg: has no label file \(expected .*a\.txt\)/);
    at.write('y/a.txt', LABEL);
    at.write('y/a.png', jpeg);
    at.write('y/b.jpg', jpeg);
    at.write('y/b.txt', LABEL);
    const { samples, report } = load(yolo);
    expect(samples.map(({ id }) => id)).to.deep.equal(['b']);
    expect([...report.passedOver.values()]).to.deep.equal([2]);
  });

  it('YOLO: shared names matter where teachers go by name', () => {
    for (const file of ['train/1', 'val/1', 'val/2']) {
      at.write(`y/${file}.jpg`, jpeg);
      at.write(`y/${file}.txt`, LABEL);
    }
    teachers('1.jpg', '2.jpg');
    const { samples, report } = load({ ...yolo, teachers: { lists: ['t.jsonl'] } });
    expect(samples.map(({ id }) => id)).to.deep.equal(['2']);
    expect(report.passedOver.get('pictures that share their name with another')).to.equal(2);
  });

  it('pictures: shared names, foreign formats, and names of lists that match nothing', async () => {
    for (const name of ['a.jpg', 'x/b.jpg', 'y/b.jpg', 'other.jpg']) at.write(`p/${name}`, jpeg);
    for (const format of formats) at.write(`p/c.${format}`, await encoded(format));
    at.write('p/d.heic', 'x');
    at.write('names.txt', 'a\nb\nc\nnobody\nq/a.jpg\n');
    teachers('a.jpg', 'b.jpg', 'c.gif', 'c.tiff', 'c.avif');
    const loaded = load({
      kind: 'pictures',
      list: 'p',
      names: ['names.txt'],
      teachers: { lists: ['t.jsonl'] },
    });
    expect(loaded.samples.map(({ file }) => file.slice(at('p').length + 1))).to.deep.equal([
      'a.jpg',
      ...['c.avif', 'c.gif', 'c.tiff'],
    ]);
    const said = describeReport('it', loaded);
    expect(said).to.include('2 pictures that share their name with another');
    expect(said).to.include('1 .heic files, which cannot be decoded');
    expect(said).to.match(/2 names of .*names\.txt that match no picture/);
    expect(loaded.report.notes.join()).to.match(/match no picture: nobody, \.\.\./);
  });

  it('parsing: portraits without a pixel map', () => {
    for (const name of ['a.jpg', 'b.jpg']) at.write(`p/${name}`, jpeg);
    at.write('maps/a.png', 'x');
    teachers('a.jpg', 'b.jpg');
    const loaded = load({
      kind: 'parsing',
      images: 'p',
      list: 'maps',
      teachers: { lists: ['t.jsonl'] },
    });
    expect(loaded.samples.map(({ id }) => id)).to.deep.equal(['a']);
    expect(describeReport('it', loaded)).to.include('1 portraits without a pixel map');
  });

  it('label files of a folder must be regular files: a pipe is refused, not waited for', () => {
    const pipe = (name: string): string => {
      const file = at.write(name.replace(/[^/]*$/, 'x'), '');
      const path = file.replace(/x$/, name.replace(/^.*\//, ''));
      execFileSync('mkfifo', [path]);
      return path;
    };
    const voc = pipe('voc/a.xml');
    const labelme = pipe('labelme/a.json');
    at.write('y/images/a.jpg', jpeg);
    const label = pipe('y/labels/a.txt');
    const refused = (source: DataSourceConfig): DataError =>
      thrownBy(() => load(source), DataError);
    const images = 'y/images';
    expect(refused({ kind: 'voc', list: 'voc', images }).where).to.equal(voc);
    expect(refused({ kind: 'labelme', list: 'labelme', images }).where).to.equal(labelme);
    const error = refused(yolo);
    expect(error.where).to.equal(label);
    expect(error.message).to.match(/not a regular file.*Fix: /);
  });

  it('folders: links in a ring end', () => {
    at.write('p/sub/a.jpg', jpeg);
    symlinkSync(at('p'), at('p/sub/ring'));
    expect([...picturesIn(at('p')).values()]).to.deep.equal([at('p/sub/a.jpg')]);
    const gone = thrownBy(() => picturesIn(at('nowhere')), DataError);
    expect(gone.where).to.equal(at('nowhere'));
  });

  it('folders: one further down that cannot be read is named', function () {
    at.write('p/sub/a.jpg', jpeg);
    if (process.getuid?.() === 0) this.skip(); // may read everything
    chmodSync(at('p/sub'), 0);
    try {
      const listed = [
        () => picturesIn(at('p')),
        () => loadLabelme(at('p'), { imageRoot: at('p'), source: 'x' }),
      ];
      for (const list of listed) {
        const error = thrownBy(list, DataError);
        expect(error.where).to.equal(at('p/sub'));
        expect(error.message).to.include('permission denied');
      }
    } finally {
      chmodSync(at('p/sub'), 0o700);
    }
  });
});
