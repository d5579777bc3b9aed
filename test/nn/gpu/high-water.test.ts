import { expect } from 'chai';
import { HighWater } from '../../../src/nn/gpu/high-water.js';

describe('HighWater', () => {
  it('knows the most of work that repeats', () => {
    const water = new HighWater(4);
    for (let round = 0; round < 5; round++) {
      for (const amount of [10, 300, 20]) {
        water.note(amount);
        water.turn(10);
        if (round > 0) expect(water.most).to.equal(300);
      }
    }
  });

  it('forgets one large piece of work after two spans', () => {
    const water = new HighWater(3);
    water.note(1000);
    for (let i = 0; i < 5; i++) {
      water.turn(7);
      expect(water.most).to.equal(1000);
    }
    water.turn(7);
    expect(water.most).to.equal(7);
  });

  it('never is less than what is in use', () => {
    const water = new HighWater(1);
    water.turn(50);
    water.turn(60);
    expect(water.most).to.equal(60);
  });
});
