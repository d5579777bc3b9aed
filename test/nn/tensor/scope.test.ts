import { expect } from 'chai';
import { NnError, type Tensor } from '../../../src/nn/index.js';
import { FakeDevice } from '../../helpers/fake-device.js';

describe('Scope', () => {
  let device: FakeDevice;
  beforeEach(() => {
    device = new FakeDevice();
  });
  afterEach(() => device.destroyAsync());

  it('frees what was made inside', () => {
    let inside: Tensor;
    {
      using _scope = device.scope();
      inside = device.zeros([4]);
      expect(device.stats()).to.include({ liveTensors: 1, liveBytes: 256 });
    }
    expect(inside.disposed).to.equal(true);
    expect(device.stats()).to.include({ liveTensors: 0, liveBytes: 0, pooledBytes: 256 });
  });

  it('says which tensor was used after it was freed, and what to do', () => {
    let x: Tensor;
    {
      using _scope = device.scope();
      x = device.empty([2, 3], { name: 'heat' });
    }
    expect(() => x.buffer).to.throw(
      /tensor heat 2x3 f32 was already freed\. Fix: keep it with scope\.keep/,
    );
    expect(() => x.buffer)
      .to.throw(NnError)
      .with.property('code', 'use-after-free');
  });

  it('keep moves a tensor to the scope around it', () => {
    const outer = device.scope();
    let x: Tensor;
    {
      using inner = device.scope();
      x = inner.keep(device.zeros([1]));
    }
    expect(x.disposed).to.equal(false);
    outer.dispose();
    expect(x.disposed).to.equal(true);
  });

  it('keep in the outermost scope gives a tensor to the caller', () => {
    let x: Tensor;
    {
      using scope = device.scope();
      x = scope.keep(device.zeros([1]));
    }
    expect(x.disposed).to.equal(false);
    x.dispose();
    expect(device.stats().liveTensors).to.equal(0);
  });

  it('release takes a tensor out of every scope', () => {
    let x: Tensor;
    {
      using _outer = device.scope();
      using inner = device.scope();
      x = inner.release(device.zeros([1]));
    }
    expect(x.disposed).to.equal(false);
    x.dispose();
  });

  it('a tensor that is freed by hand is not freed again', () => {
    using _scope = device.scope();
    const x = device.zeros([1]);
    x.dispose();
    x.dispose();
    expect(device.stats()).to.include({ liveTensors: 0, liveBytes: 0 });
  });

  it('frees when an error passes through', () => {
    let x: Tensor | null = null;
    expect(() => {
      using _scope = device.scope();
      x = device.zeros([1]);
      throw new Error('on purpose');
    }).to.throw('on purpose');
    expect(x!.disposed).to.equal(true);
  });

  it('must end in the reverse order of its start, once', () => {
    const outer = device.scope();
    const inner = device.scope();
    expect(() => outer.dispose()).to.throw(/reverse order/);
    inner.dispose();
    expect(() => inner.dispose()).to.throw(/ended twice/);
  });

  it('parameters outlive scopes and show up as leaks until they are freed', () => {
    let w: Tensor;
    {
      using _scope = device.scope();
      w = device.parameter('fc6.weight', [1, 2], [2]);
    }
    expect(w.requiresGrad).to.equal(true);
    expect(device.liveTensors()).to.deep.equal(['fc6.weight 2 f32']);
    w.dispose();
    expect(device.liveTensors()).to.deep.equal([]);
  });

  it('views share memory, which is freed with the last of them', () => {
    const x = device.tensor([1, 2, 3, 4], [4]);
    const y = x.view([2, 2]);
    expect(y.buffer).to.equal(x.buffer);
    x.dispose();
    expect(device.stats().liveBytes).to.equal(256);
    y.dispose();
    expect(device.stats().liveBytes).to.equal(0);
    expect(() => device.zeros([4]).view([3])).to.throw(/cannot view.*as 3/);
  });

  it('views forget their texture mirrors together', () => {
    using _scope = device.scope();
    const x = device.zeros([2, 3]);
    const y = x.view([6]);
    const made = (): GPUTexture =>
      ({ width: 1, height: 1, depthOrArrayLayers: 1, destroy: () => undefined }) as never;
    x.cachedTexture('matrix', made);
    y.cachedTexture('matrix', made);
    device.write(x, [1, 2, 3, 4, 5, 6]);
    expect([x.hasTexture('matrix'), y.hasTexture('matrix')]).to.deep.equal([false, false]);
    x.cachedTexture('matrix', made);
    y.dispose();
    expect(x.hasTexture('matrix')).to.equal(true);
  });

  it('reuses freed memory in order: pending readers see the old values', async () => {
    const a = device.tensor([1, 2], [2]);
    const copy = device.empty([2]);
    device.copy(a, copy);
    const { buffer } = a;
    a.dispose();
    const b = device.tensor([3, 4], [2]);
    expect(b.buffer).to.equal(buffer);
    expect([...(await copy.readAsync())]).to.deep.equal([1, 2]);
    expect([...(await b.readAsync())]).to.deep.equal([3, 4]);
  });

  it('checks shapes, layouts and limits', () => {
    expect(() => device.empty([2, -1])).to.throw(/whole numbers >= 0/);
    expect(() => device.empty([2, 2], { layout: 'c4' })).to.throw(/c4 needs a rank 4 f32 tensor/);
    expect(() => device.tensor([1, 2, 3], [2])).to.throw(/3 values do not fill shape 2/);
    expect(() => device.write(device.zeros([2]), [1])).to.throw(/1 values do not fill/);
    expect(() => device.empty([2 ** 20])).to.throw(/exceeds this adapter's limit.*Fix:/);
  });

  it('stores c4 with zero pad lanes and reads it back in NCHW order', async () => {
    const values = Array.from({ length: 2 * 5 * 2 * 3 }, (_, i) => i + 1);
    const x = device.tensor(values, [2, 5, 2, 3], { layout: 'c4' });
    expect(x.storedSize).to.equal(2 * 2 * 6 * 4);
    expect([...(await x.readAsync())]).to.deep.equal(values);
    const stored = new Float32Array(await device.context.readAsync(x.buffer, 0, x.byteLength));
    expect(stored.filter((v) => v === 0)).to.have.length(2 * 3 * 6);
    x.dispose();
  });

  it('has empty tensors', async () => {
    const x = device.tensor([], [0, 5]);
    expect(await x.readAsync()).to.have.length(0);
    expect(x.buffer.size).to.equal(256);
    x.dispose();
  });
});
