import { expect } from 'chai';
import { Rate, StageTimes } from '../../../demo/web/src/timing.js';

describe('the page: timing', () => {
  it('tells frames a second over the last second and a half', () => {
    const rate = new Rate();
    expect(rate.tick(0)).to.equal(null);
    let last: number | null = null;
    for (let t = 40; t <= 4000; t += 40) last = rate.tick(t);
    expect(last).to.be.closeTo(25, 1e-9);
    // Slow frames show at once: two remain in the window.
    rate.tick(6000);
    expect(rate.tick(8000)).to.be.closeTo(0.5, 1e-9);
  });

  it('means stages, recent frames more', () => {
    const times = new StageTimes();
    times.add('a', 10);
    times.add('b', 1);
    times.add('a', 20);
    expect(times.means()).to.deep.equal([
      { stage: 'a', timeMs: 15 },
      { stage: 'b', timeMs: 1 },
    ]);
    for (let i = 0; i < 300; i++) times.add('a', 100);
    expect(times.means()[0]?.timeMs).to.be.closeTo(100, 0.1);
    times.clear();
    expect(times.means()).to.deep.equal([]);
  });
});
