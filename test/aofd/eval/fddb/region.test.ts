import { expect } from 'chai';
import fc from 'fast-check';
import { ellipseRegion, WINDOWS_PI, type Ellipse } from '../../../../src/aofd/eval/fddb/ellipse.js';
import {
  rectangleRegion,
  regionIou,
  roundFloat,
  roundHalfEven,
  sharedPixels,
  type Region,
} from '../../../../src/aofd/eval/fddb/region.js';

const ROOM = { width: 600, height: 600 };

const ellipse = (
  majorRadius: number,
  minorRadius: number,
  angle: number,
  centerX = 300,
  centerY = 300,
): Ellipse => ({ majorRadius, minorRadius, angle, centerX, centerY });

const degrees = (d: number): number => (d * Math.PI) / 180;

/** Every pixel of a region, as "row column". */
function pixels(region: Region): Set<string> {
  const set = new Set<string>();
  for (let i = 0; i < region.runs.length; i += 3) {
    for (let x = region.runs[i + 1]!; x <= region.runs[i + 2]!; x++) {
      set.add(`${region.runs[i]} ${x}`);
    }
  }
  return set;
}

describe('FDDB regions (docs/spec.md 6.1)', () => {
  it('rounds halves to the even neighbour, after float32', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999].map((v) => roundHalfEven(v) + 0)).to.deep.equal([
      0, 2, 2, 0, -2, 2,
    ]);
    expect(roundFloat(100.4999999)).to.equal(100); // 100.5 in float32
    expect(roundFloat(101.4999999)).to.equal(102);
  });

  it('counts pixels of ellipses as OpenCV fills them', () => {
    const count = (a: number, b: number, angle: number): number =>
      ellipseRegion(ellipse(a, b, angle), ROOM).area;
    expect(count(123, 85, degrees(72.53))).to.equal(33132);
    expect(count(67, 44, degrees(-84.6))).to.equal(9424);
    expect(count(20, 14, degrees(30))).to.equal(939);
    expect(count(9, 7, 0)).to.equal(216);
    expect(count(2, 2, 0)).to.equal(13);
    expect(count(1, 1, degrees(45))).to.equal(9);
  });

  it('truncates radii, rounds the centre, and draws a point for radii below 1', () => {
    const plain = ellipseRegion(ellipse(20, 14, 0.4), ROOM);
    expect(ellipseRegion(ellipse(20.99, 14.99, 0.4, 300.4, 299.6), ROOM)).to.deep.equal(plain);
    expect(ellipseRegion(ellipse(0.9, 0.4, 0), ROOM).area).to.equal(1);
  });

  it('turns by whole degrees, of an inexact pi in Windows builds', () => {
    // 89.4999 degrees, which 3.14156 takes for 89.5008.
    const face = ellipse(60, 30, degrees(89.4999));
    expect(ellipseRegion(face, ROOM)).to.deep.equal(
      ellipseRegion(ellipse(60, 30, degrees(89)), ROOM),
    );
    expect(ellipseRegion(face, ROOM, WINDOWS_PI)).to.deep.equal(
      ellipseRegion(ellipse(60, 30, degrees(90)), ROOM),
    );
  });

  it('covers both corners of a rectangle, and one column of a box without width', () => {
    const box = rectangleRegion([5, 6, 14, 15], ROOM);
    expect(box.area).to.equal(100);
    expect([...box.runs.subarray(0, 3)]).to.deep.equal([6, 5, 14]);
    expect(rectangleRegion([5, 6, 5, 15], ROOM).area).to.equal(10);
    expect(rectangleRegion([14, 15, 5, 6], ROOM)).to.deep.equal(box);
  });

  it('cuts at the border, and gives nothing outside', () => {
    const canvas = { width: 40, height: 30 };
    expect(rectangleRegion([-5, -5, 4, 4], canvas).area).to.equal(25);
    expect(rectangleRegion([38, 28, 90, 90], canvas).area).to.equal(4);
    expect(rectangleRegion([50, 5, 60, 9], canvas).area).to.equal(0);
    expect(ellipseRegion(ellipse(10, 8, 0, -30, 10), canvas).area).to.equal(0);
    const nothing = rectangleRegion([50, 5, 60, 9], canvas);
    expect(regionIou(nothing, nothing)).to.equal(0);
  });

  it('cuts an ellipse to what the whole one has inside', () => {
    // Edges that cross the border are clipped in fixed point: a few outline pixels may differ, and where
    // an ellipse just touches the border, its run there.
    const canvas = { width: 60, height: 60 };
    const wide = { left: -100, top: -100, width: 300, height: 300 };
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 15, max: 40 }), fc.integer({ min: 10, max: 30 })),
        fc.double({ min: -1.6, max: 1.6, noNaN: true }),
        fc.tuple(fc.integer({ min: -20, max: 80 }), fc.integer({ min: -20, max: 80 })),
        ([a, b], angle, [x, y]) => {
          const cut = pixels(ellipseRegion(ellipse(a, b, angle, x, y), canvas));
          const isInner = (v: number): boolean => v > 0 && v < 59;
          const different = { inner: 0, border: 0 };
          const count = (row: number, column: number): void => {
            different[isInner(row) && isInner(column) ? 'inner' : 'border']++;
          };
          for (const pixel of pixels(ellipseRegion(ellipse(a, b, angle, x, y), wide))) {
            const [row, column] = pixel.split(' ').map((v) => Number(v) - 100) as [number, number];
            if (row < 0 || row >= 60 || column < 0 || column >= 60) continue;
            if (!cut.delete(`${row} ${column}`)) count(row, column);
          }
          for (const pixel of cut) count(...(pixel.split(' ').map(Number) as [number, number]));
          return different.inner <= 4 && different.border <= 30;
        },
      ),
      { numRuns: 60 },
    );
  });

  it('counts shared pixels as sets do, the same both ways', () => {
    const region = fc
      .tuple(
        fc.boolean(),
        fc.array(fc.integer({ min: -10, max: 50 }), { minLength: 4, maxLength: 4 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
      )
      .map(([isBox, [a, b, c, d], angle]) => {
        const canvas = { width: 40, height: 40 };
        return isBox
          ? rectangleRegion([a!, b!, c!, d!], canvas)
          : ellipseRegion(ellipse(Math.abs(a! / 2), Math.abs(b! / 2), angle, c, d), canvas);
      });
    fc.assert(
      fc.property(region, region, (p, q) => {
        const [inP, inQ] = [pixels(p), pixels(q)];
        const shared = [...inP].filter((pixel) => inQ.has(pixel)).length;
        expect(p.area).to.equal(inP.size);
        expect(sharedPixels(p, q)).to.equal(shared);
        expect(regionIou(p, q)).to.equal(regionIou(q, p));
        expect(regionIou(p, q)).to.equal(shared === 0 ? 0 : shared / (p.area + q.area - shared));
      }),
      { numRuns: 100 },
    );
  });
});
