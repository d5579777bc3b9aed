import { expect } from 'chai';
import { median, quantile } from '../../../../src/nn/ops/tuning/quantile.js';

describe('quantiles', () => {
  it('interpolate between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).to.equal(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).to.equal(2);
    expect(quantile([7], 0.9)).to.equal(7);
    expect(quantile([], 0.5)).to.be.NaN;
    expect(median([4, 1, 3, 2])).to.equal(2.5);
  });
});
