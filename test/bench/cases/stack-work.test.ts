import { expect } from 'chai';
import { gradientDeviation } from '../../../bench/cases/stack-work.js';

describe('bench: stack', () => {
  it('holds gradients against each other as vectors, the worst layer', () => {
    expect(gradientDeviation([[3, 4]], [[3, 4]])).to.equal(0);
    expect(gradientDeviation([[1], [3, 4.5]], [[1], [3, 4]])).to.be.closeTo(0.1, 1e-12);
    expect(gradientDeviation([[1]], [[1], [2]]), 'a layer is missing').to.equal(1);
    expect(gradientDeviation([[Number.NaN]], [[1]])).to.equal(1);
  });
});
