import { expect } from 'chai';
import sharp from 'sharp';
import { loadCoco } from '../../../src/aofd/data/sets/coco.js';
import { ellipseBounds, loadFddb } from '../../../src/aofd/data/sets/fddb.js';
import { readImageSize } from '../../../src/aofd/data/sets/image-size.js';
import { loadOcclusionSeg } from '../../../src/aofd/data/sets/occlusion-seg.js';
import { checkedBox, enlargeBox, newLoadReport } from '../../../src/aofd/data/sample.js';
import { loadVoc, parseVoc } from '../../../src/aofd/data/sets/voc.js';
import { loadWider } from '../../../src/aofd/data/sets/wider.js';
import { gradientImage, jpegOf, pngOf } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('data/loaders', () => {
  const at = useSuiteFolder();
  before(async () => {
    at.write('img/a/one.jpg', await jpegOf(gradientImage(60, 40)));
    at.write('img/b/two.jpg', await jpegOf(gradientImage(30, 30)));
    at.write('img/c.png', pngOf(gradientImage(17, 9)));
  });

  describe('boxes', () => {
    const size = { width: 50, height: 40 };
    it('turns x y w h into inclusive corners and cuts them to the picture', () => {
      const report = newLoadReport();
      expect(checkedBox([10, 5, 20, 30], size, 'f:1', report)).to.deep.equal([10, 5, 29, 34]);
      expect(checkedBox([-4, 30, 10, 30], size, 'f:2', report)).to.deep.equal([0, 30, 5, 39]);
      expect(report.clipped).to.equal(1);
    });
    it('leaves out boxes under 1 px, counted', () => {
      const report = newLoadReport();
      expect(checkedBox([3, 3, 0, 8], undefined, 'f:1', report)).to.equal(null);
      expect(checkedBox([80, 3, 5, 8], size, 'f:9', report)).to.equal(null);
      expect(report.dropped).to.equal(2);
      expect(report.notes[1]).to.contain('f:9');
    });
    it('refuses NaN and negative sizes, naming the place', () => {
      for (const bad of [
        [1, 2, NaN, 3],
        [1, 2, -3, 3],
        [Infinity, 2, 3, 3],
        [1, 2, 3],
      ]) {
        expect(() => checkedBox(bad, size, 'list.txt:12', newLoadReport())).to.throw(
          /list\.txt:12.*Fix:/,
        );
      }
    });
    it('enlarges by 1.3 as docs/spec.md 4.3 says', () => {
      const rounded = enlargeBox([100, 80, 159, 159], 1.3, 1000, 1000);
      expect(rounded).to.deep.equal([91, 68, 168, 171]);
      expect(enlargeBox([0, 0, 39, 49], 1.3, 1000, 1000)).to.deep.equal([0, 0, 45, 56.5]);
    });
  });

  it('reads sizes of JPEG, PNG and WebP headers', async () => {
    const { width, height, data } = gradientImage(37, 21);
    const raw = sharp(data, { raw: { width, height, channels: 3 } });
    for (const [i, webp] of [
      raw.clone().webp(),
      raw.clone().webp({ lossless: true }),
      raw.clone().ensureAlpha(0.5).webp(),
    ].entries()) {
      const file = at.write(`size-${i}.webp`, await webp.toBuffer());
      expect(readImageSize(file)).to.deep.equal({ width: 37, height: 21 });
    }
    expect(readImageSize(at('img/a/one.jpg'))).to.deep.equal({ width: 60, height: 40 });
    expect(readImageSize(at('img/c.png'))).to.deep.equal({ width: 17, height: 9 });
    const text = at.write('note.jpg', 'hello world');
    expect(() => readImageSize(text)).to.throw(/no picture that can be read/);
    expect(() => readImageSize(at.write('empty.jpg', ''))).to.throw(/0 bytes/);
    expect(() => readImageSize(at('none.jpg'))).to.throw(/not found/);
  });

  describe('WIDER text', () => {
    const entry = (eol: string): string =>
      [
        'a/one.jpg',
        '2',
        '10 5 20 30 2 0 1 0 1 0 ',
        '0 0 8 8 0 0 0 1 0 0 ',
        'b/two.jpg',
        '0',
        '0 0 0 0 0 0 0 0 0 0 ',
        'c.png',
        '1',
        '2 2 5 5',
        '',
      ].join(eol);
    for (const [name, eol] of [
      ['LF', '\n'],
      ['CRLF', '\r\n'],
    ] as const) {
      it(`reads entries, the dummy line of count 0 and ${name} ends`, () => {
        const list = at.write(`wider-${name}.txt`, entry(eol));
        const samples = loadWider(list, { imageRoot: at('img'), ignoreBelowPx: 6 });
        expect(samples.map((s) => [s.id, s.faces.length])).to.deep.equal([
          ['a/one.jpg', 2],
          ['b/two.jpg', 0],
          ['c.png', 1],
        ]);
        expect(samples[0]?.width).to.equal(60);
        expect(samples[0]?.faces[0]?.box).to.deep.equal([10, 5, 29, 34]);
        expect(samples[0]?.faces[0]?.attributes).to.include({ blur: 2, occlusion: 1 });
        expect(samples[0]?.faces[1]).to.include({ invalid: true, ignore: true });
        expect(samples[2]?.faces[0]).to.include({ invalid: false, ignore: true });
      });
    }
    it('also reads count 0 without a dummy line', () => {
      const list = at.write('wider-nodummy.txt', 'b/two.jpg\n0\nc.png\n1\n1 1 4 4\n');
      const samples = loadWider(list, { imageRoot: at('img') });
      expect(samples.map((s) => s.faces.length)).to.deep.equal([0, 1]);
    });
    it('names file and line of malformed entries', () => {
      const load = (text: string): unknown =>
        loadWider(at.write('wider-bad.txt', text), { imageRoot: at('img') });
      expect(() => load('c.png\nx\n')).to.throw(/wider-bad\.txt:2.*number of faces/);
      expect(() => load('c.png\n2\n1 1 4 4\n')).to.throw(/wider-bad\.txt:4.*face line/);
      expect(() => load('c.png\n1\n1 1 4 nan\n')).to.throw(/wider-bad\.txt:3.*finite/);
      expect(() => load('c.png\n1\n1 1 -4 4\n')).to.throw(/wider-bad\.txt:3.*negative/);
      expect(() => load('missing.jpg\n1\n1 1 4 4\n')).to.throw(/missing\.jpg.*not found/);
      expect(() => loadWider(at('no.txt'), { imageRoot: '.' })).to.throw(/no\.txt/);
    });
  });

  describe('COCO json', () => {
    const list = {
      images: [{ id: 1, file_name: 'a/one.jpg', width: 60, height: 40 }],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, bbox: [10.5, 5, 20, 30], ignore: 0, iscrowd: 0 },
        { id: 2, image_id: 1, category_id: 2, bbox: [50, 30, 30, 30], ignore: 1, iscrowd: 0 },
      ],
      categories: [
        { id: 1, name: 'masked' },
        { id: 2, name: 'unmasked' },
      ],
    };
    const load = (value: unknown): ReturnType<typeof loadCoco> =>
      loadCoco(at.write('coco.json', JSON.stringify(value)), { imageRoot: at() });
    it('reads boxes, categories and the ignore flag', () => {
      const [sample] = load(list);
      expect(sample?.faces[0]).to.deep.equal({
        box: [10.5, 5, 29.5, 34],
        ignore: false,
        invalid: false,
        attributes: { cover: 'masked' },
      });
      expect(sample?.faces[1]?.box).to.deep.equal([50, 30, 59, 39]);
      expect(sample?.faces[1]?.ignore).to.equal(true);
    });
    it('does not ask for the box of what is dropped', () => {
      const file = at.write(
        'dropped.json',
        JSON.stringify({
          images: [{ id: 1, file_name: 'c.png', width: 17, height: 9 }],
          categories: [
            { id: 1, name: 'face' },
            { id: 2, name: 'person' },
          ],
          annotations: [
            { id: 1, image_id: 1, category_id: 2 },
            { id: 2, image_id: 1, category_id: 2, bbox: [1, 1, -4, 2] },
            { id: 3, image_id: 1, category_id: 1, bbox: [1, 1, 4, 5] },
          ],
        }),
      );
      const report = newLoadReport();
      const classes = { face: 'face', person: 'drop' } as const;
      const [sample] = loadCoco(file, { imageRoot: at(), classes, report });
      expect(sample?.faces.map(({ box }) => box)).to.deep.equal([[1, 1, 4, 5]]);
      expect([report.faces, report.dropped, report.clipped]).to.deep.equal([1, 0, 0]);
    });
    it('names the JSON path of malformed entries', () => {
      const changed = (patch: object): unknown => ({
        ...list,
        annotations: [{ ...list.annotations[0], ...patch }],
      });
      expect(() => load(changed({ bbox: [1, 2, null, 4] }))).to.throw(/annotations\[0\]\.bbox/);
      expect(() => load(changed({ bbox: [1, 2, -1, 4] }))).to.throw(/negative/);
      expect(() => load(changed({ image_id: 9 }))).to.throw(/annotations\[0\]\.image_id.*9/);
      expect(() => load(changed({ category_id: 7 }))).to.throw(/category_id/);
      expect(() => load({ images: [{ id: 1 }] })).to.throw(/images\[0\]\.file_name/);
      expect(() => load([])).to.throw(/\$/);
      const broken = at.write('broken.json', '{"a":');
      expect(() => loadCoco(broken, { imageRoot: '.' })).to.throw(/not valid JSON/);
    });
  });

  it('reads occlusion-seg folders by split', () => {
    const entry = {
      id: 'p_1',
      split: 'train',
      width: 60,
      height: 40,
      box: [10, 5, 20, 30],
      occlusion: 0.25,
      synthetic: false,
    };
    const entries = [entry, { ...entry, id: 'p_2', split: 'test' }];
    at.write('seg/index.json', JSON.stringify([...entries, { ...entry, synthetic: true }]));
    const root = at('seg');
    expect(loadOcclusionSeg(root, { split: 'all' })).to.have.length(3);
    expect(loadOcclusionSeg(root, { split: 'train', synthetic: false })).to.have.length(1);
    const [sample] = loadOcclusionSeg(root, { split: 'test' });
    expect(sample?.faces[0]?.box).to.deep.equal([10, 5, 29, 34]);
    expect(sample?.segmentation?.maskFile).to.match(/masks.p_2\.png$/);
    at.write('seg2/index.json', JSON.stringify([{ ...entry, id: '../../x' }]));
    expect(() => loadOcclusionSeg(at('seg2'), { split: 'all' })).to.throw(/\[0\]/);
  });

  describe('FDDB', () => {
    const dir = (): string => at('folds');
    it('reads folds with ellipses; missing pictures are marked', () => {
      at.write('folds/FDDB-fold-01.txt', 'a/one\nb/gone\n');
      at.write(
        'folds/FDDB-fold-01-ellipseList.txt',
        'a/one\n2\n10 5 0 30 20  1\n10 5 1.5707963267948966 30 20 1\nb/gone\n1\n9 7 0.3 4 4 1\n',
      );
      const samples = loadFddb({ foldDir: dir(), imageRoot: at('img'), folds: [1] });
      expect(samples.map((s) => s.isPresent)).to.deep.equal([true, false]);
      expect(samples[0]?.ellipses).to.have.length(2);
      expect(samples[0]?.faces[0]?.box).to.deep.equal([20, 15, 40, 25]);
      const upright = samples[0]?.faces[1]?.box.map((v) => Math.round(v));
      expect(upright).to.deep.equal([25, 10, 35, 30]);
    });
    it('bounds a turned ellipse exactly', () => {
      const e = { majorRadius: 20, minorRadius: 8, angle: 0.6, centerX: 50, centerY: 40 };
      const [x, y, w, h] = ellipseBounds(e);
      let maxX = -Infinity;
      let maxY = -Infinity;
      for (let t = 0; t < 7; t += 1e-4) {
        const a = 20 * Math.cos(t);
        const b = 8 * Math.sin(t);
        maxX = Math.max(maxX, 50 + a * Math.cos(0.6) - b * Math.sin(0.6));
        maxY = Math.max(maxY, 40 + a * Math.sin(0.6) + b * Math.cos(0.6));
      }
      expect(x + w - 1).to.be.closeTo(maxX, 1e-5);
      expect(y + h - 1).to.be.closeTo(maxY, 1e-5);
    });
    it('names the line of a bad ellipse and a missing entry', () => {
      at.write('folds/FDDB-fold-02.txt', 'a/one\n');
      at.write('folds/FDDB-fold-02-ellipseList.txt', 'a/one\n1\n10 -5 0 30 20 1\n');
      const load = (): unknown => loadFddb({ foldDir: dir(), imageRoot: '.', folds: [2] });
      expect(load).to.throw(/ellipseList\.txt:3.*positive radii/);
      at.write('folds/FDDB-fold-02-ellipseList.txt', 'z\n0\n');
      expect(load).to.throw(/no entry for "a\/one"/);
    });
  });

  describe('Pascal VOC', () => {
    const xml = `<?xml version="1.0"?><!-- <object/> -->
<annotation><filename>one.jpg</filename>
 <size><width>60</width><height>40</height><depth>3</depth></size>
 <object><name>with_mask</name><difficult>0</difficult>
  <bndbox><xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>35</ymax></bndbox></object>
 <object><name>a &amp; b</name><difficult>1</difficult><part/>
  <bndbox><ymax>9</ymax><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax></bndbox></object>
 <object><name>cat</name></object>
</annotation>`;
    it('reads objects, classes and 1-based corners', () => {
      at.write('voc/one.xml', xml);
      const [sample] = loadVoc({
        annotationDir: at('voc'),
        imageRoot: '/pictures',
        classes: { with_mask: 'masked', 'a & b': 'face', cat: 'drop' },
      });
      expect(sample?.file).to.match(/pictures.one\.jpg$/);
      expect(sample?.faces).to.deep.equal([
        {
          box: [10, 5, 29, 34],
          ignore: false,
          invalid: false,
          attributes: { cover: 'masked' },
        },
        { box: [0, 0, 8, 8], ignore: true, invalid: false },
      ]);
    });
    it('refuses broken XML and missing numbers', () => {
      expect(() => parseVoc('<a>\n<b></a>', 'x.xml')).to.throw(/x\.xml:2: .*tag 'b'.*'a'/);
      expect(() => parseVoc('<a><b></b>', 'x.xml')).to.throw(/x\.xml:1: Unclosed tag 'a'/);
      expect(() => parseVoc('plain', 'x.xml')).to.throw(/x\.xml:1: .*not expected/);
      expect(() => parseVoc('<a/>', 'x.xml')).to.throw(/x\.xml: no root element <annotation>/);
      at.write('voc2/two.xml', xml.replace('<xmin>11</xmin>', ''));
      const load = (): unknown => loadVoc({ annotationDir: at('voc2'), imageRoot: '.' });
      expect(load).to.throw(/two\.xml: object\[0\].*finite/);
      const unknown = { annotationDir: at('voc'), imageRoot: '.' };
      expect(() => loadVoc({ ...unknown, classes: { cat: 'drop' } })).to.throw(
        /one\.xml: object\[0\].*"with_mask" is not in.*"with_mask": "masked"/,
      );
      expect(() => loadVoc({ annotationDir: at('nowhere'), imageRoot: '.' })).to.throw(
        /cannot be read/,
      );
    });
  });
});
