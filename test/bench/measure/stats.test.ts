import { expect } from 'chai';
import * as stats from '../../../bench/measure/stats.js';
import { rounds } from '../reports.js';

describe('bench: statistics', () => {
  it('pairs rounds, so that a machine that slows down changes no ratio', () => {
    const ours = stats.timingOf(rounds(1, 2, 4, 8), null);
    const theirs = stats.timingOf(rounds(3, 6, 12, 24), null);
    expect(stats.pairedRatio(ours, theirs)).to.deep.equal({ median: 3, low: 3, high: 3, count: 4 });
    expect(stats.pairedRatio(theirs, ours).median).to.be.closeTo(1 / 3, 1e-12);
  });

  it('compares a contestant of one round by medians', () => {
    const ours = stats.timingOf(rounds(1, 2, 3, 4, 5), null);
    const theirs = stats.timingOf(rounds(30), null);
    expect(stats.pairedRatio(ours, theirs)).to.deep.equal({
      median: 10,
      low: 7.5,
      high: 15,
      count: 1,
    });
  });

  it('takes the roofline from whichever of arithmetic and memory takes longer', () => {
    const ceilings = { peakGflops: 100, bandwidthGbs: 10 };
    expect(stats.rooflineMs({ flops: 1e9, bytes: 1e6 }, ceilings)).to.be.closeTo(10, 1e-9);
    expect(stats.rooflineMs({ flops: 1e6, bytes: 1e9 }, ceilings)).to.be.closeTo(100, 1e-9);
  });

  it('averages ratios geometrically, and knows spreads', () => {
    expect(stats.geometricMean([1, 4])).to.be.closeTo(2, 1e-12);
    expect(stats.relativeSpread(stats.spreadOf([1, 2, 3]))).to.equal(0.5);
    expect(stats.relativeSpread(stats.spreadOf([1]))).to.equal(0);
  });
});
