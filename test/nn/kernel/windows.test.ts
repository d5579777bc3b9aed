import { expect } from 'chai';
import { windows1d, windowsOf } from '../../../src/nn/kernel/windows.js';

describe('binding windows', () => {
  it('keeps a range that fits whole', () => {
    expect(windows1d(1000, 4000)).to.deep.equal([{ start: 0, count: 1000 }]);
    expect(windows1d(0, 4000)).to.deep.equal([]);
  });

  it('splits elements at multiples of 64 within the limit', () => {
    const ranges = windows1d(1001, 1000);
    let next = 0;
    for (const { start, count } of ranges) {
      expect(start).to.equal(next);
      expect(start % 64).to.equal(0);
      expect(count * 4).to.be.at.most(1000);
      next += count;
    }
    expect(next).to.equal(1001);
  });

  it('covers every unit once, aligned and within the limit, for awkward unit sizes', () => {
    for (const unitBytes of [4, 20, 252, 256, 1008, 4 * 683]) {
      for (const limit of [4096, 10000]) {
        let next = 0;
        for (const w of windowsOf(77, unitBytes, limit)) {
          expect(w.start).to.equal(next);
          expect(w.offset % 256).to.equal(0);
          expect(w.offset + w.base * 4).to.equal(w.start * unitBytes);
          expect(w.base * 4 + w.count * unitBytes).to.equal(w.size);
          expect(w.size).to.be.at.most(limit);
          next += w.count;
        }
        expect(next).to.equal(77);
      }
    }
  });

  it('gives a unit over the limit a window of its own', () => {
    expect(windowsOf(3, 5000, 1024).map((w) => w.count)).to.deep.equal([1, 1, 1]);
  });
});
