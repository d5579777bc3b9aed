import { expect } from 'chai';
import fc from 'fast-check';
import { decodeRunLength, encodeRunLength, runLengthArea } from '../../../src/aofd/detect/rle.js';

const mask = (width: number, height: number, values: number[]) => ({
  x: 3,
  y: 4,
  width,
  height,
  data: Uint8Array.from(values),
});

describe('run lengths', () => {
  it('alternate from zeros, row by row', () => {
    const rle = encodeRunLength(mask(4, 2, [0, 0, 1, 1, 1, 0, 0, 0]));
    expect(rle).to.deep.equal({ x: 3, y: 4, width: 4, height: 2, counts: [2, 3, 3] });
    expect(runLengthArea(rle)).to.equal(3);
  });

  it('start with a run of no zeros when the first pixel is set', () => {
    expect(encodeRunLength(mask(2, 1, [7, 0])).counts).to.deep.equal([0, 1, 1]);
  });

  it('hold empty, full and absent masks', () => {
    expect(encodeRunLength(mask(0, 0, [])).counts).to.deep.equal([]);
    expect(encodeRunLength(mask(2, 2, [0, 0, 0, 0])).counts).to.deep.equal([4]);
    expect(encodeRunLength(mask(2, 2, [1, 1, 1, 1])).counts).to.deep.equal([0, 4]);
    expect(decodeRunLength({ x: 0, y: 0, width: 0, height: 0, counts: [] }).data).to.have.length(0);
  });

  it('return the same mask after a round trip', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 9 }),
        fc.infiniteStream(fc.nat(1)),
        (width, height, bits) => {
          const values = Array.from({ length: width * height }, () => bits.next().value ?? 0);
          const original = mask(width, height, values);
          const rle = encodeRunLength(original);
          expect(decodeRunLength(rle)).to.deep.equal(original);
          expect(runLengthArea(rle)).to.equal(values.reduce((a, b) => a + b, 0));
        },
      ),
    );
  });

  it('refuse what does not fit', () => {
    expect(() => encodeRunLength(mask(2, 2, [1]))).to.throw(RangeError, 'expected 4');
    const base = { x: 0, y: 0, width: 2, height: 2 };
    expect(() => decodeRunLength({ ...base, counts: [1, 2] })).to.throw(RangeError, 'add up to 3');
    expect(() => decodeRunLength({ ...base, counts: [5, -1] })).to.throw(RangeError, '-1');
    expect(() => decodeRunLength({ ...base, counts: [3.5, 0.5] })).to.throw(RangeError, '3.5');
  });
});
