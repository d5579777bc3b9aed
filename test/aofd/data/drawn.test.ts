/** Areas that people drew: polygons, run lengths and masks to pixels, and the labels made of them. */
import { expect } from 'chai';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { drawnLabelsAsync } from '../../../src/aofd/data/drawn/labels.js';
import {
  pixelsOf,
  pixelsOfAsync,
  type DrawnArea,
  type PlainArea,
} from '../../../src/aofd/data/drawn/area.js';
import {
  circleOutline,
  extentOf,
  fillParts,
  type Patch,
} from '../../../src/aofd/data/drawn/polygons.js';
import { DataError } from '../../../src/aofd/errors.js';
import { packLabel } from '../../../src/aofd/data/region-labels.js';
import type { FaceBox } from '../../../src/aofd/data/sample.js';
import { decodeCocoCounts } from '../../../src/aofd/formats/coco-counts.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';

/** Rows of `.` and `#`, the whole picture. */
const drawing = (area: PlainArea, width: number, height: number): string[] =>
  rowsOf(pixelsOf(area, width, height), width, height);

const drawingAsync = async (area: DrawnArea, width: number, height: number): Promise<string[]> =>
  rowsOf(await pixelsOfAsync(area, width, height), width, height);

function rowsOf(patch: Patch | null, width: number, height: number): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [u, v] = [x - (patch?.x ?? 0), y - (patch?.y ?? 0)];
      const isInside = patch && u >= 0 && v >= 0 && u < patch.width && v < patch.height;
      return isInside && patch.data[v * patch.width + u] === 1 ? '#' : '.';
    }).join(''),
  );
}

const polygons = (...parts: number[][]): PlainArea => ({ kind: 'polygons', parts });
const square = (x: number, y: number, side: number): number[] => [
  ...[x, y, x + side, y],
  ...[x + side, y + side, x, y + side],
];

describe('data/drawn', () => {
  describe('polygons', () => {
    it('hold the pixels whose centre lies inside, in any direction of drawing', () => {
      const rows = ['......', '.###..', '.###..', '.###..', '......'];
      expect(drawing(polygons([1, 1, 4, 1, 4, 4, 1, 4]), 6, 5)).to.deep.equal(rows);
      expect(drawing(polygons([1, 4, 4, 4, 4, 1, 1, 1]), 6, 5)).to.deep.equal(rows);
      expect(drawing(polygons([1.4, 1.4, 3.6, 1.4, 3.6, 3.6, 1.4, 3.6]), 6, 5)).to.deep.equal(rows);
      expect(drawing(polygons([0, 0, 5, 0, 0, 5]), 5, 5)).to.deep.equal([
        '####.',
        '###..',
        '##...',
        '#....',
        '.....',
      ]);
    });

    it('are filled by the even-odd rule, so that a slit leads to a hole', () => {
      const slit = [...[0, 0, 5, 0, 5, 5, 0, 5, 0, 0], ...[1, 1, 1, 4, 4, 4, 4, 1, 1, 1]];
      expect(drawing(polygons(slit), 5, 5)).to.deep.equal([
        '#####',
        '#...#',
        '#...#',
        '#...#',
        '#####',
      ]);
    });

    it('join their parts; a part inside of larger ones is a hole, and one in the hole an island', () => {
      expect(drawing(polygons(square(0, 0, 3), square(2, 1, 3)), 6, 4)).to.deep.equal([
        '###...',
        '#####.',
        '#####.',
        '..###.',
      ]);
      expect(
        drawing(polygons(square(3, 3, 1), square(1, 1, 5), square(0, 0, 7)), 7, 7),
      ).to.deep.equal([
        '#######',
        '#.....#',
        '#.....#',
        '#..#..#',
        '#.....#',
        '#.....#',
        '#######',
      ]);
      expect(drawing(polygons(square(0, 0, 2), square(0, 0, 2)), 2, 2)).to.deep.equal(['##', '##']);
    });

    it('are cut to the picture, also where they are far larger', () => {
      expect(drawing(polygons([-9e5, -9e5, 9e5, -9e5, 9e5, 2, -9e5, 2]), 3, 3)).to.deep.equal([
        '###',
        '###',
        '...',
      ]);
      expect(fillParts([[9, 9, 12, 9, 12, 12]], 5, 5)).to.equal(null);
      expect(fillParts([[1, 1, 1, 1, 1, 1]], 5, 5)).to.equal(null);
    });

    it('approach circles within a tenth of a pixel', () => {
      for (const radius of [3, 40, 900]) {
        const outline = circleOutline(0, 0, radius);
        const sagitta = radius * (1 - Math.cos((2 * Math.PI) / outline.length));
        expect(sagitta).to.be.below(0.1);
      }
      expect(extentOf([circleOutline(10, 20, 5)]).map(Math.round)).to.deep.equal([5, 15, 10, 10]);
    });
  });

  it('run lengths go down the columns, plain or as COCO text', () => {
    const runs = { kind: 'runs' as const, width: 4, height: 3, where: 'list: [0]' };
    const rows = ['....', '.##.', '.#..'];
    expect(drawing({ ...runs, counts: [4, 2, 1, 1, 4] }, 4, 3)).to.deep.equal(rows);
    // pycocotools.mask.encode of the same mask.
    expect(decodeCocoCounts('421O3')).to.deep.equal([4, 2, 1, 1, 4]);
    expect(() => decodeCocoCounts('421O3', 4)).to.throw(RangeError, 'more than 4');
    const error = thrownBy(() => pixelsOf({ ...runs, counts: [12] }, 3, 4), DataError);
    expect(error.message).to.contain('list: [0]').and.contain('mask is 4x3, its picture 3x4');
  });

  it('masks are placed by their corner and cut; too large ones are refused unread', async () => {
    const png = new PNG({ width: 2, height: 2 });
    // 0 and 1, as some tools write masks: what is not black is set.
    png.data.set([1, 1, 1, 255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 1, 1, 255]);
    const bitmap = { kind: 'bitmap' as const, where: 'a.json: shapes[1]' };
    const text = PNG.sync.write(png).toString('base64');
    expect(await drawingAsync({ ...bitmap, png: text, x: 1, y: 0 }, 3, 2)).to.deep.equal([
      '.#.',
      '..#',
    ]);
    expect(await drawingAsync({ ...bitmap, png: text, x: -1, y: -1 }, 3, 2)).to.deep.equal([
      '#..',
      '...',
    ]);
    const refused = async (source: string): Promise<string> => {
      const reading = pixelsOfAsync({ ...bitmap, png: source, x: 0, y: 0 }, 3, 2);
      return (await rejectionAsync(reading, DataError)).message;
    };
    const bomb = Buffer.from(text, 'base64');
    bomb.writeUInt32BE(60000, 16);
    expect(await refused(bomb.toString('base64'))).to.match(
      /shapes\[1\].*60000x2 pixels, the picture 3x2/,
    );
    expect(await refused('bm8=')).to.contain('no PNG file');
    expect(await refused(text.slice(0, 80))).to.contain('cannot be decoded completely');
  });

  it('masks of 16 bits, interlaced, or with a colour profile keep the values of their file', async () => {
    const values = Uint16Array.from([0, 1, 0, 300, 0, 65535]);
    const bitmap = { kind: 'bitmap' as const, where: 'a.json: shapes[1]', x: 0, y: 0 };
    const deep = sharp(values, { raw: { width: 3, height: 2, channels: 1 } });
    const png = await deep.toColourspace('grey16').png({ progressive: true }).toBuffer();
    expect([png[24], png[28]], '16 bits, interlaced').to.deep.equal([16, 1]);
    const rows = await drawingAsync({ ...bitmap, png: png.toString('base64') }, 3, 2);
    expect(rows).to.deep.equal(['.#.', '#.#']);
  });

  it('a large interlaced mask of few bytes is read as fast as others', async function () {
    this.timeout(30000);
    const [width, height] = [4000, 3000];
    const none = Buffer.alloc(2 * width * height);
    const png = await sharp(new Uint16Array(none.buffer, none.byteOffset, width * height), {
      raw: { width, height, channels: 1 },
    })
      .toColourspace('grey16')
      .png({ progressive: true })
      .toBuffer();
    const start = process.cpuUsage();
    const bitmap = { kind: 'bitmap' as const, where: 'a.json', x: 0, y: 0 };
    const patch = await pixelsOfAsync({ ...bitmap, png: png.toString('base64') }, width, height);
    expect(patch?.data.includes(1)).to.equal(false);
    // Seconds of the processor: other work on the machine does not count.
    expect(process.cpuUsage(start).user / 1e6).to.be.below(5);
  });

  describe('labels', () => {
    const size = { width: 100, height: 100 };
    const face = (more: Partial<FaceBox> = {}): FaceBox => ({
      box: [30, 30, 69, 69],
      ignore: false,
      invalid: false,
      ...more,
    });
    const outline = polygons([30, 30, 70, 30, 70, 70, 30, 70]);
    /** The lower half of the face and 10 px to its left. */
    const scarf = polygons([20, 50, 70, 50, 70, 70, 20, 70]);
    const at = (x: number, y: number): number => y * 100 + x;

    it('cover what is drawn over a face; ends beside it say nothing', async () => {
      const { covered, labels } = await drawnLabelsAsync(
        [scarf],
        [face({ outline })],
        size,
        'covered',
      );
      expect([labels[at(50, 40)], labels[at(50, 60)]]).to.deep.equal([0, 1]);
      expect(labels[at(26, 60)], 'beside the face').to.equal(255);
      expect(labels[at(26, 40)], 'beside face and scarf').to.equal(0);
      expect(labels[at(5, 60)], 'beyond 1.3 times the box').to.equal(255);
      expect([covered[at(50, 60)], covered[at(26, 60)]]).to.deep.equal([1, 0]);
    });

    it('tell region and visible face, without the edge of the outline', async () => {
      const { labels } = await drawnLabelsAsync(
        [scarf],
        [face({ outline })],
        size,
        'region-visible',
      );
      expect(labels[at(50, 40)]).to.equal(packLabel(1, 1));
      expect(labels[at(50, 60)]).to.equal(packLabel(1, 0));
      expect(labels[at(26, 40)]).to.equal(packLabel(0, 0));
      expect(labels[at(30, 40)], 'edge').to.equal(255);
      expect(labels[at(30, 60)], 'edge under the scarf').to.equal(packLabel(3, 0));
    });

    it('of a box alone are sure in the middle only', async () => {
      const { labels } = await drawnLabelsAsync([scarf], [face()], size, 'region-visible');
      expect(labels[at(50, 40)]).to.equal(packLabel(1, 1));
      expect(labels[at(50, 60)]).to.equal(packLabel(1, 0));
      expect(labels[at(31, 31)], 'corner').to.equal(255);
      expect(labels[at(25, 31)], 'beyond 1.15 times the box').to.equal(packLabel(0, 0));
      const { labels: plain } = await drawnLabelsAsync([scarf], [face()], size, 'covered');
      expect([plain[at(50, 60)], plain[at(31, 69)]]).to.deep.equal([1, 255]);
    });

    it('leave ignored faces out', async () => {
      const other = face({ box: [60, 30, 90, 69], ignore: true });
      const { labels } = await drawnLabelsAsync([], [face({ outline }), other], size, 'covered');
      expect([labels[at(65, 50)], labels[at(73, 50)]]).to.deep.equal([0, 255]);
      const none = await drawnLabelsAsync(
        [scarf],
        [face({ outline, ignore: true })],
        size,
        'covered',
      );
      expect(none.labels.every((v) => v === 255)).to.equal(true);
      expect(none.covered.every((v) => v === 0)).to.equal(true);
    });
  });
});
