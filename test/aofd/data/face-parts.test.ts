import { expect } from 'chai';
import sharp from 'sharp';
import { readFaceParts } from '../../../src/aofd/data/batches/image-cache.js';
import { readPaletteMap } from '../../../src/aofd/data/batches/pixel-map.js';
import { convexHull, facePartsOf } from '../../../src/aofd/data/face-parts.js';
import {
  close3,
  dilate,
  dropSmallParts,
  erode,
  largestPart,
  openDisc,
} from '../../../src/aofd/data/mask-morphology.js';
import { rolesOf } from '../../../src/aofd/data/pixel-roles.js';
import {
  coverLabels,
  detectionRegionLabels,
  largestFaceLabels,
  packLabel,
  portraitRegionLabels,
} from '../../../src/aofd/data/region-labels.js';
import { face } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const SIDE = 100;
const paint = (shape: (x: number, y: number) => number): Uint8Array =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) => shape(i % SIDE, Math.floor(i / SIDE)));
const at = (map: Uint8Array, x: number, y: number): number => map[y * SIDE + x]!;
const sum = (map: Uint8Array): number => map.reduce((n, v) => n + v, 0);

/** A square face 20..79 of skin (1), a fringe of hair (13) into it, glasses (3), an ear (8), a speck. */
const classes = paint((x, y) => {
  if (x === 50 && y === 70) return 13;
  if (x >= 30 && x < 70 && y >= 45 && y < 50) return 3;
  if (x >= 40 && x < 60 && y < 40) return 13;
  if (x >= 80 && x < 85 && y > 40 && y < 60) return 8;
  return x >= 20 && x < 80 && y >= 20 && y < 80 ? 1 : 0;
});
const parts = facePartsOf(classes, SIDE, SIDE, rolesOf('celebamask', {}));

describe('data/face parts', () => {
  it('make hull, visible face and cover of pixel classes', () => {
    expect([at(parts.region, 20, 20), at(parts.region, 79, 79), at(parts.region, 81, 50)]).to.deep.equal([1, 1, 0]); // prettier-ignore
    expect(sum(parts.region)).to.equal(3600);
    expect([at(parts.visible, 50, 60), at(parts.visible, 50, 30)]).to.deep.equal([1, 0]);
    // Hair counts from .01 x 60 px inside; glasses everywhere; the speck and the ear do not.
    expect([30, 20, 47, 70].map((y) => at(parts.covered, 50, y))).to.deep.equal([1, 0, 1, 0]);
    expect(sum(parts.covered)).to.be.within(20 * 17, 20 * 19 + 200);
    const bald = facePartsOf(classes, SIDE, SIDE, rolesOf('celebamask', { hair: 'other' }));
    expect(sum(bald.covered)).to.equal(200);
    expect(() => rolesOf('celebamask', { beard: 'other' })).to.throw(
      /roles\.beard.*background, skin/,
    );
    expect(facePartsOf(new Uint8Array(4), 2, 2, []).region).to.deep.equal(new Uint8Array(4));
  });

  it('span convex hulls', () => {
    const hull = convexHull(
      paint((x, y) => (x + y === 40 || (x === 5 && y === 5) ? 1 : 0)),
      SIDE,
    );
    expect(hull).to.have.deep.members([[0, 40], [5, 5], [40, 0]]); // prettier-ignore
  });

  it('open, close and sort out parts', () => {
    const mask = paint((x, y) => (y < 10 || (x === 50 && y < 60) || (x > 90 && y > 90) ? 1 : 0));
    const opened = openDisc(mask, SIDE, SIDE, 3);
    expect([at(opened, 50, 9), at(opened, 50, 30), at(opened, 99, 99)]).to.deep.equal([1, 0, 1]);
    expect(
      at(
        close3(
          paint((x) => (x === 50 ? 0 : 1)),
          SIDE,
          SIDE,
        ),
        50,
        50,
      ),
    ).to.equal(1);
    expect(sum(largestPart(mask, SIDE, SIDE))).to.equal(1050);
    expect(sum(dropSmallParts(mask, SIDE, SIDE, 82))).to.equal(1050);
    expect(sum(dropSmallParts(mask, SIDE, SIDE, 81))).to.equal(1131);
  });

  it('erode and dilate by squares of any size, also larger than the picture', () => {
    for (const [width, height] of [
      [1, 1],
      [7, 1],
      [1, 6],
      [9, 8],
      [17, 5],
    ] as const) {
      const mask = Uint8Array.from({ length: width * height }, (_, i) =>
        (i * 7919) % 11 > 3 ? 1 : 0,
      );
      for (const radius of [0, 1, 2, 3, 8, 20]) {
        const grown = dilate(mask, width, height, radius);
        const shrunk = erode(mask, width, height, radius);
        mask.forEach((_, i) => {
          const [x, y] = [i % width, Math.floor(i / width)];
          const square = mask.filter(
            (_, k) =>
              Math.abs((k % width) - x) <= radius && Math.abs(Math.floor(k / width) - y) <= radius,
          );
          const where = `${width}x${height}, radius ${radius}, (${x}, ${y})`;
          expect(grown[i], where).to.equal(Math.max(...square));
          expect(shrunk[i], where).to.equal(Math.min(...square));
        });
      }
    }
  });

  describe('region labels', () => {
    const faces = [face([20, 20, 79, 79])];
    it('of portraits leave the edge of the region open', () => {
      const labels = portraitRegionLabels(parts, faces, SIDE, SIDE);
      expect(at(labels, 50, 60)).to.equal(packLabel(1, 1));
      expect(at(labels, 50, 30)).to.equal(packLabel(1, 0));
      expect([19, 20].map((x) => at(labels, x, 60) & 3)).to.deep.equal([3, 3]);
      expect([19, 20].map((x) => at(labels, x, 60) >> 2)).to.deep.equal([0, 1]);
      expect(at(labels, 15, 60)).to.equal(packLabel(0, 0));
      expect(at(labels, 5, 60)).to.equal(255);
      const other = face([10, 30, 16, 90], { ignore: true });
      expect(at(portraitRegionLabels(parts, [...faces, other], SIDE, SIDE), 15, 60)).to.equal(255);
      coverLabels(
        labels,
        paint((x) => (x < 51 ? 1 : 0)),
      );
      expect([5, 50, 51].map((x) => at(labels, x, 60))).to.deep.equal([255, packLabel(1, 0), packLabel(1, 1)]); // prettier-ignore
    });

    it('of portraits call visible what covers nothing by the rules', () => {
      const [nose, edge] = [60 * SIDE + 60, 60 * SIDE + 20];
      const bare = { ...parts, visible: parts.visible.slice(), covered: parts.covered.slice() };
      for (const i of [nose, edge]) bare.visible[i] = bare.covered[i] = 0;
      const labels = portraitRegionLabels(bare, faces, SIDE, SIDE);
      expect(labels[nose]).to.equal(packLabel(1, 1));
      expect(labels[edge]).to.equal(packLabel(3, 3));
    });

    it('of painted and bare faces say what is sure', () => {
      const mask = paint((x, y) => (x < 50 && y > 60 ? 1 : 0));
      const others = [...faces, face([90, 0, 99, 9])];
      const labels = detectionRegionLabels(mask, others, new Set([0]), SIDE, SIDE, false);
      const of = (x: number, y: number): number => at(labels as Uint8Array, x, y);
      expect(of(45, 65)).to.equal(packLabel(1, 0)); // painted, in the ellipse
      expect(of(21, 79)).to.equal(packLabel(3, 0)); // painted, in the box's corner
      expect(of(5, 79)).to.equal(packLabel(0, 0)); // painted, beside the face
      expect(of(55, 60)).to.equal(packLabel(1, 1));
      expect(of(50, 26)).to.equal(255); // forehead or hair
      expect(of(21, 21)).to.equal(255);
      expect(of(10, 50)).to.equal(packLabel(0, 0));
      expect(of(95, 5)).to.equal(255); // another face of which nothing is known
      expect(detectionRegionLabels(null, faces, new Set(), SIDE, SIDE, true)).to.equal(null);
      const bare = face([20, 20, 79, 79], { attributes: { cover: 'unmasked' } });
      const worn = face([20, 20, 79, 79], { attributes: { cover: 'masked' } });
      const label = (f: typeof bare): Uint8Array | null =>
        detectionRegionLabels(null, [f], new Set(), SIDE, SIDE, true);
      expect(at(label(bare)!, 50, 65)).to.equal(packLabel(1, 1));
      expect(at(label(worn)!, 50, 65)).to.equal(packLabel(1, 0));
      expect(at(label(worn)!, 50, 40)).to.equal(packLabel(1, 1));
      expect(at(label(worn)!, 50, 52)).to.equal(255);
    });

    it('of the person with the largest face stay in its ellipse, in either form', () => {
      const roles = rolesOf('celebamask', { hair: 'cover' });
      const boxes = [face([0, 0, 9, 9]), face([20, 20, 79, 79])];
      const size = { width: SIDE, height: SIDE };
      const packed = largestFaceLabels(classes, roles, boxes, size, 'region-visible')!;
      const points = [[50, 60], [50, 30], [21, 21], [5, 5]] as const; // prettier-ignore
      const read = (map: Uint8Array): number[] => points.map(([x, y]) => at(map, x, y));
      expect(read(packed)).to.deep.equal([packLabel(1, 1), packLabel(1, 0), 255, 255]);
      const covered = largestFaceLabels(classes, roles, boxes, size, 'covered')!;
      expect(read(covered)).to.deep.equal([0, 1, 255, 255]);
      expect(largestFaceLabels(classes, roles, [], size, 'covered')).to.equal(null);
    });
  });

  describe('pixel maps', () => {
    const inFolder = useSuiteFolder();

    it('of palette PNGs give the index of the colour', async () => {
      const colours = [[0, 0, 0], [204, 0, 0], [0, 0, 204]] as const; // prettier-ignore
      const rgb = Uint8Array.from([0, 1, 2, 2, 1, 0].flatMap((c) => colours[c]!));
      const png = await sharp(rgb, { raw: { width: 3, height: 2, channels: 3 } })
        .png({ palette: true, colours: 4 })
        .toBuffer();
      const file = inFolder.write('map.png', png);
      const map = await readPaletteMap(file);
      expect([map.width, map.height]).to.deep.equal([3, 2]);
      // Which index a colour has is the encoder's choice; equal colours have equal classes.
      const [a, b, c] = map.data;
      expect(new Set([a, b, c]).size).to.equal(3);
      expect([...map.data]).to.deep.equal([a, b, c, c, b, a]);
      const plain = inFolder.write('plain.png', await sharp(rgb, { raw: { width: 3, height: 2, channels: 3 } }).png().toBuffer()); // prettier-ignore
      const stop = async (run: Promise<unknown>): Promise<string> =>
        run.then(() => 'went on', (error: Error) => error.message); // prettier-ignore
      expect(await stop(readPaletteMap(plain))).to.match(/plain\.png.*no PNG with a palette/);
      expect(await stop(readPaletteMap('/nowhere.png'))).to.match(/nowhere\.png.*cannot be read/);
      const pixelMap = { file, roles: rolesOf('celebamask', {}), extent: 'portrait' as const };
      const sample = { id: 'a', file: 'a.jpg', faces: [], source: 's', pixelMap };
      const image = { width: 4, height: 4, data: new Uint8Array(48) };
      expect(await stop(readFaceParts(sample, image))).to.match(/map\.png.*3x2.*4x4/);
    });
  });
});
