import { expect } from 'chai';
import { NnError, retryOutOfMemoryAsync } from '../../../src/nn/index.js';
import { Pool, trimTogether } from '../../../src/nn/gpu/pool.js';
import { FakeDevice } from '../../helpers/fake-device.js';

describe('uploads', () => {
  let device: FakeDevice;
  beforeEach(() => {
    device = new FakeDevice();
  });

  const counted = (n: number, from = 0): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => from + i);

  it('do not submit what is pending, and still come after it', async () => {
    const a = device.tensor(counted(8), [8]);
    const before = device.empty([8]);
    device.copy(a, before);
    const { submits } = device.stats();
    device.write(a, counted(8, 100));
    const between = device.empty([8]);
    device.copy(a, between);
    device.write(a, counted(8, 200));
    expect(device.stats().submits).to.equal(submits);
    expect([...(await before.readAsync())]).to.deep.equal([...counted(8)]);
    expect([...(await between.readAsync())]).to.deep.equal([...counted(8, 100)]);
    expect([...(await a.readAsync())]).to.deep.equal([...counted(8, 200)]);
  });

  it('are submitted in small batches after a wait, in larger ones later', async () => {
    const a = device.tensor([1], [1]);
    const b = device.empty([1]);
    await device.settledAsync();
    const sizes: number[] = [];
    let since = 0;
    for (let i = 0, { submits } = device.stats(); i < 400; i++) {
      device.copy(a, b);
      since++;
      if (device.stats().submits === submits) continue;
      submits = device.stats().submits;
      sizes.push(since);
      since = 0;
    }
    expect(sizes.slice(0, 6)).to.deep.equal([12, 24, 48, 96, 96, 96]);
  });

  it('of every size arrive, in one batch and over many, from memory that is used again', async () => {
    const sizes = [1, 63, 40_000, 70_000, 120_000, 70_000, 3];
    let allocated = 0;
    for (let round = 0; round < 6; round++) {
      using scope = device.scope();
      const tensors = sizes.map((n, i) => device.tensor(counted(n, 7 * i + round), [n]));
      for (const [i, tensor] of tensors.entries()) {
        expect(await tensor.readAsync(), `${round}, ${i}`).to.deep.equal(
          counted(sizes[i] as number, 7 * i + round),
        );
      }
      expect(scope).to.not.equal(null);
      if (round === 2) allocated = device.allocated.size;
      if (round > 2) expect(device.allocated.size).to.equal(allocated);
    }
  });

  it('keep views of larger arrays apart from what lies around them', async () => {
    const all = counted(100);
    const x = device.empty([10]);
    device.context.upload(x.buffer, all.subarray(20, 30));
    expect([...(await x.readAsync())]).to.deep.equal([...all.subarray(20, 30)]);
  });
});

describe('running out of memory', () => {
  it('empties the pools and tries once more', async () => {
    const device = new FakeDevice();
    device.empty([5000]).dispose();
    expect(device.stats().pooledBytes).to.be.greaterThan(0);
    let tries = 0;
    const value = await retryOutOfMemoryAsync(device, () => {
      if (++tries === 1) return Promise.reject(new NnError('out-of-memory', 'the GPU is full.'));
      return Promise.resolve(device.stats().pooledBytes);
    });
    expect([tries, value]).to.deep.equal([2, 0]);
  });

  it('is reported when it happens again, and other errors at once', async () => {
    const device = new FakeDevice();
    for (const [code, expected] of [
      ['out-of-memory', 2],
      ['shape', 1],
    ] as const) {
      let tries = 0;
      const error: unknown = await retryOutOfMemoryAsync(device, () => {
        tries++;
        return Promise.reject(new NnError(code, 'no.'));
      }).catch((e: unknown) => e);
      expect(error).to.have.property('code', code);
      expect(tries).to.equal(expected);
    }
  });
});

describe('Pool', () => {
  it('hands nothing out again that was live when it was told so', () => {
    const destroyed: string[] = [];
    const pool = new Pool<{ name: string }>(0, (o) => destroyed.push(o.name));
    const get = (name: string): { name: string } => pool.acquire('kind', 100, () => ({ name }));
    const [first, second] = [get('first'), get('second')];
    pool.release('kind', first);
    pool.retireLive();
    pool.release('kind', second);
    expect(get('third')).to.equal(first);
    expect(get('fourth').name).to.equal('fourth');
    expect(pool.stats.pooledCount).to.equal(1);
    pool.trim();
    expect(destroyed).to.deep.equal(['second']);
  });
});

describe('trimTogether', () => {
  it('holds several pools below one cap, oldest releases of any of them first', () => {
    const destroyed: string[] = [];
    const pools = [0, 1].map(() => new Pool<{ name: string }>(0, (o) => destroyed.push(o.name)));
    const [a, b] = pools as [Pool<{ name: string }>, Pool<{ name: string }>];
    const release = (pool: Pool<{ name: string }>, name: string): void => {
      pool.release(
        name,
        pool.acquire(name, 100, () => ({ name })),
      );
    };
    release(a, 'a1');
    release(b, 'b1');
    release(a, 'a2');
    release(b, 'b2');
    trimTogether(pools, 250);
    expect(destroyed).to.deep.equal(['a1', 'b1']);
    trimTogether(pools, 100);
    expect(destroyed).to.deep.equal(['a1', 'b1', 'a2']);
    expect(a.stats.pooledBytes + b.stats.pooledBytes).to.equal(100);
    trimTogether(pools, 0);
    expect(destroyed).to.have.length(4);
  });
});
