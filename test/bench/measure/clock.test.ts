import { expect } from 'chai';
import { busyMs, clockAsync, othersShare } from '../../../bench/measure/clock.js';

describe('bench: clocks', () => {
  it('takes what other programs disturbed again', () => {
    expect(othersShare({ wallMs: 200, cpuMs: 1, othersMs: 50 })).to.equal(0.25);
    expect(othersShare({ wallMs: 20, cpuMs: 1, othersMs: 10 }), 'too short to tell').to.equal(0);
    expect(othersShare({ wallMs: 200, cpuMs: 1 })).to.equal(0);
  });

  it('counts processor time of this process and of others', async () => {
    const before = busyMs();
    const { wallMs, cpuMs, othersMs } = await clockAsync(async () => {
      const end = performance.now() + 50;
      while (performance.now() < end);
      await Promise.resolve();
    }, 1);
    expect(wallMs).to.be.at.least(50);
    expect(cpuMs).to.be.greaterThan(5);
    if (before === null) expect(othersMs).to.equal(undefined);
    else expect(othersMs).to.be.at.least(0);
  });
});
