import { expect } from 'chai';
import {
  CounterRng,
  pcg4d,
  randomU32,
  streamOf,
  uniform01,
} from '../../../src/nn/tensor/random.js';

describe('counter-based random numbers', () => {
  it('is pcg4d (values from an independent big-integer version)', () => {
    expect(pcg4d(0, 0, 0, 0)).to.deep.equal([251852841, 760645481, 850445371, 3542436074]);
    expect(pcg4d(1, 2, 3, 4)).to.deep.equal([908250390, 4044648920, 3775961919, 45698095]);
    expect(pcg4d(0xffffffff, 0x80000000, 7, 0)).to.deep.equal([
      9603262, 157424852, 4025110985, 2309683675,
    ]);
    expect(uniform01(0xffffffff)).to.equal(1 - 2 ** -24);
    expect(uniform01(255)).to.equal(0);
  });

  it('counts, resumes, and keeps streams apart', () => {
    const a = new CounterRng(9, 'sampler');
    expect(a.nextU32()).to.equal(randomU32(9, streamOf('sampler'), 0));
    expect(a.nextU32()).to.equal(randomU32(9, streamOf('sampler'), 1));
    const copy = CounterRng.restore(
      JSON.parse(JSON.stringify(a.state())) as ReturnType<typeof a.state>,
    );
    expect([copy.next(), copy.int(100)]).to.deep.equal([a.next(), a.int(100)]);
    expect(new CounterRng(9, 'x').nextU32()).not.to.equal(new CounterRng(9, 'y').nextU32());
    const far = new CounterRng(9, 0, 2 ** 32 + 5);
    expect(far.nextU32()).to.equal(randomU32(9, 0, 5, 1));
    expect(a.fork('p').nextU32()).not.to.equal(a.fork('q').nextU32());
  });

  it('is uniform, normal and a fair shuffle', () => {
    const rng = new CounterRng(1);
    let sum = 0;
    let square = 0;
    const bins = new Float64Array(10);
    const first = new Float64Array(5);
    for (let i = 0; i < 20000; i++) {
      const n = rng.normal();
      sum += n;
      square += n * n;
      const bin = rng.int(10);
      bins[bin] = bins[bin]! + 1;
      const top = rng.shuffle([0, 1, 2, 3, 4])[0]!;
      first[top] = first[top]! + 1;
    }
    expect(sum / 20000).to.be.closeTo(0, 0.03);
    expect(square / 20000).to.be.closeTo(1, 0.05);
    bins.forEach((b) => expect(b / 20000).to.be.closeTo(0.1, 0.01));
    first.forEach((b) => expect(b / 20000).to.be.closeTo(0.2, 0.015));
    expect(() => rng.int(0)).to.throw(/at least 1/);
  });
});
