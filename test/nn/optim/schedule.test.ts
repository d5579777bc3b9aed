import { expect } from 'chai';
import { constant, cosine, steps, warmUp } from '../../../src/nn/optim/schedule.js';

describe('learning rate schedules', () => {
  it('constant and steps', () => {
    expect(constant(0.1)(5)).to.equal(0.1);
    const lr = steps(1e-3, [10, 20]);
    expect([0, 9, 10, 19, 20, 100].map(lr)).to.satisfy((v: number[]) =>
      [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5].every((w, i) => Math.abs(v[i]! - w) < 1e-18),
    );
  });

  it('cosine warms up linearly, falls to its final share and stays there', () => {
    const lr = cosine(1, 110, { warmUp: 10, finalShare: 0.1 });
    expect(lr(0)).to.be.closeTo(0.1, 1e-12);
    expect(lr(9)).to.be.closeTo(1, 1e-12);
    expect(lr(10)).to.be.closeTo(1, 1e-12);
    expect(lr(60)).to.be.closeTo(0.55, 1e-12);
    expect(lr(110)).to.be.closeTo(0.1, 1e-12);
    expect(lr(500)).to.be.closeTo(0.1, 1e-12);
    expect(cosine(2, 4)(0)).to.equal(2);
  });

  it('warmUp scales the first steps of any schedule', () => {
    const lr = warmUp(steps(1, [8]), 4);
    expect([0, 1, 3, 4, 8].map(lr)).to.deep.equal([0.25, 0.5, 1, 1, 0.1]);
  });
});
