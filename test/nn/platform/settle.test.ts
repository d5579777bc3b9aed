import { expect } from 'chai';
import { Napper } from '../../../src/nn/platform/node/settle.js';

/** Naps that take no time; `at(n)` resolves in the turn after nap n. */
function pretendedClock() {
  const naps: number[] = [];
  const due = new Map<number, () => void>();
  const clock = {
    nap: (ms: number) => void naps.push(ms),
    turn: async () => {
      due.get(naps.length)?.();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
  const at = (nap: number): Promise<number> =>
    new Promise((resolve) => due.set(nap, () => resolve(nap)));
  return { naps, napper: new Napper(clock), at };
}

describe('Napper', () => {
  it('begins with short naps that grow to the longest allowed', async () => {
    const { naps, napper, at } = pretendedClock();
    expect(await napper.settle(at(16), 1)).to.equal(16);
    expect(naps).to.have.length(16);
    expect(naps[0]).to.equal(0.05);
    naps.slice(1).forEach((ms, i) => {
      expect(ms).to.be.closeTo(Math.min(1, (naps[i] as number) * 1.3), 1e-12);
    });
    expect(naps.at(-1)).to.equal(1);
    // The first ten polls come within 3 ms: a short wait does not cost a whole long nap.
    expect(naps.slice(0, 10).reduce((a, b) => a + b, 0)).to.be.lessThan(3);
  });

  it('does not nap for what is settled already, nor where naps are off', async () => {
    const { naps, napper, at } = pretendedClock();
    expect(await napper.settle(Promise.resolve('now'), 1)).to.equal('now');
    expect(naps).to.have.length(0);
    const never = napper.settle(at(1), 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(naps).to.have.length(0);
    never.catch(() => undefined);
  });

  it('takes one nap per turn for any number of waits, and starts short for a new one', async () => {
    const { naps, napper, at } = pretendedClock();
    const first = napper.settle(at(12), 1);
    const second = napper.settle(at(6), 1);
    await second;
    expect(naps).to.have.length(6);
    const third = napper.settle(at(9), 0.06);
    await third;
    expect(naps.slice(6, 9).every((ms) => ms <= 0.06)).to.equal(true);
    await first;
    expect(naps).to.have.length(12);
  });

  it('passes rejections on and stops napping', async () => {
    const { naps, napper } = pretendedClock();
    const failing = new Promise((_, reject) => setTimeout(() => reject(new Error('lost')), 5));
    const error: unknown = await napper.settle(failing, 0.1).catch((e: unknown) => e);
    expect(error).to.have.property('message', 'lost');
    const before = naps.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(naps.length - before).to.be.at.most(1);
  });
});
