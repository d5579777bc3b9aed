import { expect } from 'chai';
import { CutoutBank } from '../../../src/aofd/data/occluders/cutout-bank.js';
import {
  OCCLUDER_KINDS,
  PHOTO_KINDS,
  type OccluderKind,
} from '../../../src/aofd/config/occluder-kinds.js';
import { DEFAULT_PAINTER } from '../../../src/aofd/config/painter.js';
import { photoObject } from '../../../src/aofd/data/occluders/object-bank.js';
import { paintOccluder, paintOccluders } from '../../../src/aofd/data/occluders/painter.js';
import type { PainterOptions } from '../../../src/aofd/data/occluders/options.js';
import {
  capsule,
  fillPolygon,
  polygonCoverage,
  smoothPolygon,
} from '../../../src/aofd/data/occluders/raster.js';
import { KeyedRng } from '../../../src/aofd/data/rng.js';
import {
  detectionLabels,
  FOREHEAD_SHARE,
  portraitLabels,
} from '../../../src/aofd/data/seg-labels.js';
import type { FaceBox } from '../../../src/aofd/data/sample.js';
import { face, gradientImage } from '../../helpers/pictures.js';

/** A round grey thing for every photographed kind. */
function objectsOfOne(): NonNullable<PainterOptions['objects']> {
  const alpha = Uint8Array.from({ length: 400 }, (_, i) =>
    Math.hypot((i % 20) - 9.5, Math.floor(i / 20) - 9.5) < 9 ? 255 : 0,
  );
  const thing = photoObject(20, 20, new Uint8Array(1200).fill(90), alpha);
  return Object.fromEntries(PHOTO_KINDS.map((kind) => [kind, [thing]]));
}

const sum = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, b) => (a as number) + (b as number), 0) as number;

/** A portrait with glasses-like object for the bank. */
function bankOfOne(): CutoutBank {
  const image = gradientImage(100, 100);
  const mask = new Uint8Array(10000);
  for (let y = 35; y < 50; y++) mask.fill(1, y * 100 + 25, y * 100 + 75);
  const bank = new CutoutBank();
  bank.add(image, mask, [20, 15, 79, 89]);
  return bank;
}

describe('data/painter', () => {
  describe('raster', () => {
    it('covers axis-parallel rectangles exactly, with parts of pixels', () => {
      const a = polygonCoverage([1.25, 1, 4.5, 1, 4.5, 3.5, 1.25, 3.5], 0, 0, 6, 5);
      const expected = [0, 0.75, 1, 1, 0.5, 0];
      for (let x = 0; x < 6; x++) {
        expect(a[6 + x]).to.be.closeTo(expected[x] as number, 1e-6);
        expect(a[18 + x]).to.be.closeTo(0.5 * (expected[x] as number), 1e-6);
      }
      expect(sum(a)).to.be.closeTo(3.25 * 2.5, 1e-5);
    });

    it('covers the area of any polygon, whichever way round (tolerance 1e-3 px)', () => {
      const rng = new KeyedRng(9);
      for (let n = 0; n < 50; n++) {
        const p: number[] = [];
        for (let i = 0; i < 7; i++) {
          const t = (i * 2 * Math.PI) / 7;
          const r = 3 + 12 * rng.next();
          p.push(20 + r * Math.cos(t), 20 + r * Math.sin(t));
        }
        let area = 0;
        for (let i = 0; i < 14; i += 2) {
          const j = (i + 2) % 14;
          area += (p[i]! * p[j + 1]! - p[j]! * p[i + 1]!) / 2;
        }
        expect(sum(polygonCoverage(p, 0, 0, 40, 40))).to.be.closeTo(Math.abs(area), 1e-3);
        const reversed: number[] = [];
        for (let i = 12; i >= 0; i -= 2) reversed.push(p[i]!, p[i + 1]!);
        expect(sum(polygonCoverage(reversed, 0, 0, 40, 40))).to.be.closeTo(Math.abs(area), 1e-3);
      }
    });

    it('cuts polygons at the window', () => {
      const big = [-50, -50, 90, -50, 90, 90, -50, 90];
      expect(sum(polygonCoverage(big, 3, 4, 10, 8))).to.be.closeTo(80, 1e-4);
      expect(sum(polygonCoverage([50, 0, 60, 0, 60, 5], 0, 0, 10, 8))).to.be.closeTo(0, 1e-6);
    });

    it('makes closed curves through their points and round bars', () => {
      const points: [number, number][] = [
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
      ];
      const curve = smoothPolygon(points, 5);
      expect(curve).to.have.length(40);
      expect([curve[10], curve[11]]).to.deep.equal([10, 0]);
      const area = sum(polygonCoverage(capsule(10, 10, 30, 10, 4, 4), 0, 0, 40, 20));
      expect(area).to.be.closeTo(20 * 8 + Math.PI * 16, 1.5);
    });

    it('marks exactly the pixels with alpha >= 0.5', () => {
      const image = { width: 8, height: 4, data: new Uint8Array(96) };
      const target = { image, mask: new Uint8Array(32) };
      fillPolygon(target, [1, 0, 3.6, 0, 3.6, 4, 1, 4], (_x, _y, out) => {
        out.fill(200);
        return 1;
      });
      expect([...target.mask.subarray(0, 8)]).to.deep.equal([0, 1, 1, 1, 0, 0, 0, 0]);
      expect(image.data[9]).to.be.closeTo(120, 1);
      fillPolygon(target, [5, 0, 7, 0, 7, 4, 5, 4], () => 1, { marks: false });
      expect(target.mask[5]).to.equal(0);
    });
  });

  for (const kind of OCCLUDER_KINDS) {
    it(`paints a ${kind}: only near the face, seeded, changed pixels under the mask`, () => {
      const stock = { bank: bankOfOne(), objects: objectsOfOne() };
      let painted = 0;
      for (let seed = 0; seed < 12; seed++) {
        const make = (): { data: Uint8Array; mask: Uint8Array } => {
          const image = gradientImage(200, 200);
          const target = { image, mask: new Uint8Array(40000) };
          const subject = face([70, 60, 129, 139]);
          paintOccluder(target, subject, kind, new KeyedRng(seed), stock);
          return { data: image.data, mask: target.mask };
        };
        const a = make();
        expect(make()).to.deep.equal(a);
        const original = gradientImage(200, 200).data;
        painted += sum(a.mask);
        let unchanged = 0;
        a.mask.forEach((m, i) => {
          if (m === 0) return;
          const differs = [0, 1, 2].some((c) => a.data[3 * i + c] !== original[3 * i + c]);
          if (!differs) unchanged++;
        });
        expect(unchanged).to.be.at.most(0.05 * sum(a.mask) + 2);
        for (let x = 0; x < 200; x++) expect(a.mask[x], 'top row').to.equal(0);
      }
      expect(painted / 12).to.be.greaterThan(60);
    });
  }

  it('puts masks on the lower and glasses on the upper half of the face', () => {
    const meanRow = (kind: OccluderKind): number => {
      let rows = 0;
      let count = 0;
      for (let seed = 0; seed < 20; seed++) {
        const target = { image: gradientImage(160, 160), mask: new Uint8Array(25600) };
        const stock = { objects: objectsOfOne() };
        paintOccluder(target, face([40, 40, 119, 119]), kind, new KeyedRng(seed), stock);
        target.mask.forEach((m, i) => {
          if (m) [rows, count] = [rows + Math.floor(i / 160), count + 1];
        });
      }
      return (rows / count - 79.5) / 40;
    };
    expect(meanRow('medical-mask')).to.be.within(0.3, 0.8);
    expect(meanRow('sunglasses')).to.be.within(-0.4, 0);
    expect(meanRow('hat')).to.be.lessThan(-0.6);
    expect(meanRow('scarf')).to.be.greaterThan(0.5);
    expect(meanRow('photo-glasses')).to.be.within(-0.4, 0);
    expect(meanRow('photo-mask')).to.be.within(0.3, 0.8);
  });

  it('works on faces at the border, tiny and as large as the picture', () => {
    for (const box of [
      [0, 0, 5, 5],
      [-10, -10, 20, 30],
      [0, 0, 63, 63],
      [60, 60, 63, 63],
      [20.4, 20.6, 30.2, 33.9],
    ] as const) {
      for (const kind of OCCLUDER_KINDS) {
        const target = { image: gradientImage(64, 64), mask: new Uint8Array(4096) };
        paintOccluder(target, face([...box]), kind, new KeyedRng(3), {
          bank: bankOfOne(),
          objects: objectsOfOne(),
        });
        expect(target.mask.every((m) => m <= 1)).to.equal(true);
      }
    }
  });

  it('paints a copy, leaves ignored and small faces, and says what it did', () => {
    const image = gradientImage(200, 100);
    const before = image.data.slice();
    const faces = [
      face([10, 10, 69, 79]),
      face([90, 10, 98, 19]),
      face([110, 10, 160, 70], { ignore: true }),
    ];
    const options = { ...DEFAULT_PAINTER, faceProbability: 1, secondProbability: 0 };
    const result = paintOccluders(image, faces, new KeyedRng(1), options);
    expect(result.painted.map((p) => p.face)).to.deep.equal([0]);
    expect(image.data).to.deep.equal(before);
    expect(result.image.data).to.not.deep.equal(before);
    const none = { ...options, faceProbability: 0 };
    expect(paintOccluders(image, faces, new KeyedRng(1), none).image).to.equal(image);
    const empty = paintOccluders(image, faces, new KeyedRng(1), { ...options, kinds: {} });
    expect(empty.painted).to.have.length(0);
    const onlyCutouts = { ...options, kinds: { cutout: 1 } };
    expect(paintOccluders(image, faces, new KeyedRng(1), onlyCutouts).painted).to.have.length(0);
  });

  it('paints decoys where no face is, and only if asked to', () => {
    const image = gradientImage(200, 200);
    const faces = [face([20, 20, 59, 69]), face([120, 100, 149, 139], { ignore: true })];
    const usable = faces.slice(0, 1);
    const plain = { ...DEFAULT_PAINTER, faceProbability: 0 };
    const options = { ...plain, decoyProbability: 1, avoid: faces };
    let painted = 0;
    let onFaces = 0;
    let elsewhere = 0;
    for (let seed = 0; seed < 20; seed++) {
      const result = paintOccluders(image, usable, new KeyedRng(seed), options);
      const again = paintOccluders(image, usable, new KeyedRng(seed), options);
      expect(again).to.deep.equal(result);
      expect(result.painted).to.have.length(0);
      if (sum(result.mask) > 0) painted++;
      // A palm stays away from the boxes; a forearm may cross one.
      result.mask.forEach((m, i) => {
        const [x, y] = [i % 200, Math.floor(i / 200)];
        const isFace = faces.some(
          ({ box: [x1, y1, x2, y2] }) => x >= x1 && x <= x2 && y >= y1 && y <= y2,
        );
        if (m) [onFaces, elsewhere] = [onFaces + (isFace ? 1 : 0), elsewhere + (isFace ? 0 : 1)];
      });
    }
    expect(painted).to.be.greaterThan(12);
    expect(onFaces).to.be.lessThan(0.1 * elsewhere);
    // Without decoys the random numbers are those of a painter that knows none.
    const off = paintOccluders(image, usable, new KeyedRng(3), { ...plain, decoyProbability: 0 });
    expect(off.image).to.equal(image);
    const full = { ...DEFAULT_PAINTER, faceProbability: 1 };
    expect(
      paintOccluders(image, usable, new KeyedRng(3), { ...full, decoyProbability: 0 }),
    ).to.deep.equal(paintOccluders(image, usable, new KeyedRng(3), full));
    expect(paintOccluders(image, [], new KeyedRng(1), options).image.data).to.deep.equal(
      image.data,
    );
  });

  it('cuts objects out at their place in the face and skips label noise', () => {
    const bank = bankOfOne();
    const [cutout] = bank.cutouts;
    // Mask columns 25..74 with a margin of 2 in a box 20..79: u from -0.9 to 0.9.
    expect(cutout?.u0).to.be.closeTo(-0.9, 1e-6);
    expect(cutout?.u1).to.be.closeTo(0.9, 1e-6);
    expect(cutout?.v1).to.be.lessThan(0.05);
    bank.add(gradientImage(100, 100), new Uint8Array(10000), [20, 15, 79, 89]);
    expect(bank.cutouts).to.have.length(1);
  });

  describe('labels', () => {
    it('are 1 / 0 within 1.3 x a portrait face and 255 beyond', () => {
      const mask = new Uint8Array(10000);
      mask[50 * 100 + 50] = 1;
      mask[0] = 1;
      const labels = portraitLabels(mask, [face([30, 30, 69, 69])], 100, 100);
      expect(labels[50 * 100 + 50]).to.equal(1);
      expect(labels[40 * 100 + 40]).to.equal(0);
      expect(labels[25 * 100 + 50]).to.equal(0);
      expect(labels[23 * 100 + 50]).to.equal(255);
      expect(labels[0]).to.equal(255);
    });

    it('follow what is known of each face', () => {
      const mask = new Uint8Array(10000);
      const at = (x: number, y: number): number => y * 100 + x;
      for (const [x, y] of [
        [20, 25],
        [20, 60],
        [72, 72],
      ] as const) {
        mask[at(x, y)] = 1;
      }
      const faces = [
        face([10, 10, 39, 39]),
        face([50, 10, 79, 39], { attributes: { cover: 'unmasked' } }),
        face([60, 60, 89, 89], { attributes: { cover: 'masked' } }),
        face([30, 30, 45, 45]),
      ];
      const labels = detectionLabels(mask, faces, new Set([0]), 100, 100) as Uint8Array;
      expect(labels[at(20, 25)], 'painted in the box').to.equal(1);
      expect(labels[at(20, 60)], 'painted outside all boxes').to.equal(255);
      expect(labels[at(15, 30)], 'rest of a painted face').to.equal(0);
      expect(labels[at(15, 10 + 30 * FOREHEAD_SHARE - 1)], 'forehead').to.equal(255);
      expect(labels[at(60, 30)], 'uncovered face').to.equal(0);
      expect(labels[at(80, 80)], 'masked face').to.equal(255);
      expect(labels[at(72, 72)], 'painted over a masked face').to.equal(1);
      expect(labels[at(35, 35)], 'two faces').to.equal(255);
      expect(labels[at(42, 42)], 'unknown face').to.equal(255);
      expect(labels[at(95, 5)], 'background').to.equal(255);
    });

    it('are null when nothing is known', () => {
      expect(detectionLabels(null, [face([1, 1, 5, 5])], new Set(), 10, 10)).to.equal(null);
    });

    it('guesses the core of a worn mask only where that is asked for', () => {
      const masked: FaceBox = { ...face([0, 0, 99, 99]), attributes: { cover: 'masked' } };
      expect(detectionLabels(null, [masked], new Set(), 100, 100)).to.equal(null);
      const labels = detectionLabels(null, [masked], new Set(), 100, 100, true) as Uint8Array;
      expect([labels[75 * 100 + 50], labels[33 * 100 + 50], labels[50 * 100 + 50]]).to.eql([
        1, 0, 255,
      ]);
      const wrong: FaceBox = { ...masked, attributes: { cover: 'incorrect' } };
      expect(detectionLabels(null, [wrong], new Set(), 100, 100, true)).to.equal(null);
    });
  });
});
