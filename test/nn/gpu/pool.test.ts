import { expect } from 'chai';
import { Pool } from '../../../src/nn/gpu/pool.js';

interface Thing {
  id: number;
}

describe('Pool', () => {
  let made = 0;
  let destroyed: number[] = [];
  let pool: Pool<Thing>;
  const acquire = (kind: string, bytes: number): Thing =>
    pool.acquire(kind, bytes, () => ({ id: made++ }));

  beforeEach(() => {
    made = 0;
    destroyed = [];
    pool = new Pool<Thing>(1000, (t) => destroyed.push(t.id));
  });

  it('hands a released object out again, only for the same kind', () => {
    const a = acquire('256', 256);
    pool.release('256', a);
    expect(acquire('512', 512).id).to.equal(1);
    expect(acquire('256', 256)).to.equal(a);
    expect(acquire('256', 256).id).to.equal(2);
    expect(pool.stats).to.include({ hits: 1, misses: 3 });
  });

  it('counts live, pooled and peak bytes', () => {
    const a = acquire('a', 100);
    const b = acquire('b', 50);
    expect(pool.stats).to.include({ liveBytes: 150, liveCount: 2, pooledBytes: 0, peakBytes: 150 });
    pool.release('a', a);
    expect(pool.stats).to.include({
      liveBytes: 50,
      liveCount: 1,
      pooledBytes: 100,
      pooledCount: 1,
    });
    pool.release('b', b);
    acquire('a', 100);
    expect(pool.stats).to.include({
      liveBytes: 100,
      pooledBytes: 50,
      pooledCount: 1,
      peakBytes: 150,
    });
  });

  it('keeps everything up to the cap and destroys nothing before trim', () => {
    const things = [400, 400, 400].map((bytes, i) => acquire(`k${i}`, bytes));
    things.forEach((t, i) => pool.release(`k${i}`, t));
    expect(destroyed).to.deep.equal([]);
    pool.trim();
    expect(destroyed).to.deep.equal([0]);
    expect(pool.stats).to.include({ pooledBytes: 800, pooledCount: 2 });
  });

  it('evicts kinds that were not used for the longest time first', () => {
    const a = acquire('a', 400);
    const b = acquire('b', 400);
    const c = acquire('c', 400);
    pool.release('a', a);
    pool.release('b', b);
    pool.release('a', acquire('a', 400));
    pool.release('c', c);
    pool.trim();
    expect(destroyed).to.deep.equal([b.id]);
  });

  it('never destroys live objects; trim(0) empties the pool', () => {
    const a = acquire('a', 600);
    const b = acquire('a', 600);
    pool.release('a', a);
    pool.trim(0);
    expect(destroyed).to.deep.equal([a.id]);
    expect(pool.stats).to.include({ liveBytes: 600, pooledBytes: 0, pooledCount: 0 });
    expect(acquire('a', 600).id).to.equal(2);
    expect(destroyed).to.not.include(b.id);
  });

  it('hands out what was made first, in whatever order things were released', () => {
    const pool = new Pool<string>(1000, () => undefined);
    const names = ['a', 'b', 'c', 'd'];
    const made = names.map((name) => pool.acquire('k', 8, () => name));
    for (const order of [
      [2, 0, 3, 1],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      for (const i of order) pool.release('k', made[i] as string);
      expect(names.map(() => pool.acquire('k', 8, () => 'new'))).to.deep.equal(names);
    }
  });
});
