import { expect } from 'chai';
import {
  KeyedRng,
  gaussian,
  hashInts,
  pickWeighted,
  randomInt,
  uniform,
} from '../../../src/aofd/data/rng.js';

describe('data/rng', () => {
  it('repeats for equal keys and differs for others', () => {
    const draw = (...key: [number, ...number[]]): number[] => {
      const rng = new KeyedRng(...key);
      return Array.from({ length: 8 }, () => rng.next());
    };
    expect(draw(1, 2, 3)).to.deep.equal(draw(1, 2, 3));
    expect(draw(1, 2, 3)).to.not.deep.equal(draw(1, 3, 2));
    expect(draw(1)).to.not.deep.equal(draw(2));
    expect(hashInts(1, 2)).to.not.equal(hashInts(2, 1));
  });

  it('continues from a saved state', () => {
    const rng = new KeyedRng(7, 1);
    for (let i = 0; i < 5; i++) rng.next();
    const copy = KeyedRng.fromState(JSON.parse(JSON.stringify(rng.state())) as never);
    expect([copy.next(), copy.next()]).to.deep.equal([rng.next(), rng.next()]);
  });

  it('is uniform in [0, 1) and uncorrelated (seed 5, 40000 draws)', () => {
    const rng = new KeyedRng(5);
    const bins = new Array<number>(16).fill(0);
    let product = 0;
    let previous = rng.next();
    for (let i = 0; i < 40000; i++) {
      const v = rng.next();
      expect(v >= 0 && v < 1).to.equal(true);
      bins[Math.floor(16 * v)]!++;
      product += (v - 0.5) * (previous - 0.5);
      previous = v;
    }
    // 2500 expected per bin, sigma 48; 5 sigma. The product has sigma 1/12/sqrt(n) = 4.2e-4.
    for (const count of bins) expect(Math.abs(count - 2500)).to.be.lessThan(245);
    expect(Math.abs(product / 40000)).to.be.lessThan(0.0021);
  });

  it('has streams without correlation between neighbouring keys', () => {
    let sum = 0;
    for (let step = 0; step < 4000; step++) {
      sum += (new KeyedRng(1, step, 0).next() - 0.5) * (new KeyedRng(1, step, 1).next() - 0.5);
    }
    expect(Math.abs(sum / 4000)).to.be.lessThan(0.007);
  });

  it('draws integers, weights and normals in range', () => {
    const rng = new KeyedRng(3);
    const counts = [0, 0, 0];
    for (let i = 0; i < 3000; i++) {
      expect(randomInt(rng, 4)).to.be.within(0, 3);
      expect(uniform(rng, -2, 5)).to.be.within(-2, 5);
      counts[pickWeighted(rng, [1, 0, 3])]!++;
    }
    expect(counts[1]).to.equal(0);
    expect(counts[2]! / 3000).to.be.closeTo(0.75, 0.04);
    let square = 0;
    for (let i = 0; i < 5000; i++) square += gaussian(rng) ** 2;
    expect(square / 5000).to.be.closeTo(1, 0.1);
  });
});
