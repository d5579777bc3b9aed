import { expect } from 'chai';
import { combine } from '../../../src/nn/autograd/accumulate.js';
import { needsGrad, record, Tape, type Tensor } from '../../../src/nn/index.js';
import { FakeDevice } from '../../helpers/fake-device.js';
import { pretend } from '../../helpers/pretend.js';

function multiply(a: Tensor, b: Tensor): Tensor {
  const y = a.device.empty(a.shape);
  a.device.dispatch({
    kernel: 'elementwise/mul',
    bindings: { a, b, y },
    params: { n: a.size },
    workgroups: [1],
  });
  return y;
}

/** The operations of these tests. */
function mul(a: Tensor, b: Tensor): Tensor {
  const y = multiply(a, b);
  record({
    op: 'mul',
    inputs: [a, b],
    outputs: [y],
    backward: ([dY], needs) => [
      needs[0] ? multiply(dY as Tensor, b) : null,
      needs[1] ? multiply(dY as Tensor, a) : null,
    ],
  });
  return y;
}

/** a + b; hands the same gradient tensor to both inputs. */
function add(a: Tensor, b: Tensor): Tensor {
  const y = combine(a, b, 1, 1);
  record({ op: 'add', inputs: [a, b], outputs: [y], backward: ([dY]) => [dY ?? null, dY ?? null] });
  return y;
}

/** (2x, 3x): one operation with two outputs. */
function both(x: Tensor): [Tensor, Tensor] {
  const y = combine(x, x, 2, 0);
  const z = combine(x, x, 3, 0);
  record({
    op: 'both',
    inputs: [x],
    outputs: [y, z],
    backward: ([dY, dZ]) => {
      if (dY && dZ) return [combine(dY, dZ, 2, 3)];
      return [dY ? combine(dY, dY, 2, 0) : combine(dZ as Tensor, dZ as Tensor, 3, 0)];
    },
  });
  return [y, z];
}

describe('Tape', () => {
  let device: FakeDevice;
  const leaf = (name: string, ...values: number[]): Tensor =>
    device.parameter(name, values, [values.length]);
  const grad = async (t: Tensor): Promise<number[] | null> =>
    t.grad ? [...(await t.grad.readAsync())] : null;

  beforeEach(() => {
    device = new FakeDevice();
  });
  afterEach(() => device.destroyAsync());

  it('differentiates a chain', async () => {
    const a = leaf('a', 3);
    const b = leaf('b', 5);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[mul(mul(a, b), b), 1]]);
    }
    expect(await grad(a)).to.deep.equal([25]);
    expect(await grad(b)).to.deep.equal([30]);
    expect(a.grad?.name).to.equal('a.grad');
  });

  it('sums over the uses of a shared input', async () => {
    const x = leaf('x', 3);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[add(mul(x, x), x), 1]]);
    }
    expect(await grad(x)).to.deep.equal([7]);
  });

  it('differentiates in parts as in one go', async () => {
    const run = async (inParts: boolean): Promise<(number[] | null)[]> => {
      const [x, a, b] = [leaf('x', 3), leaf('a', 5), leaf('b', 7)];
      {
        using _scope = device.scope();
        using tape = new Tape(device);
        const shared = mul(x, x);
        const end = tape.length;
        const first = mul(mul(shared, a), shared);
        const second = mul(shared, b);
        if (inParts) tape.backwardTo(end, [[second, 2]]);
        expect(x.grad).to.equal(null);
        const third = mul(shared, a);
        if (inParts) tape.backwardTo(end, [[first, 3]]);
        const [kept] = tape.backward(
          inParts
            ? [[third, 1]]
            : [
                [first, 3],
                [second, 2],
                [third, 1],
              ],
          [x],
        );
        expect(kept).not.to.equal(null);
      }
      return Promise.all([x, a, b].map(grad));
    };
    const whole = await run(false);
    // 3 a x^4 + 2 b x^2 + a x^2
    expect(whole).to.deep.equal([[12 * 5 * 27 + 4 * 7 * 3 + 2 * 5 * 3], [3 * 81 + 9], [18]]);
    expect(await run(true)).to.deep.equal(whole);
  });

  it('walks diamonds once', async () => {
    const x = leaf('x', 2);
    let walks = 0;
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const square = mul(x, x);
      const y = combine(square, square, 1, 0);
      record({
        op: 'count',
        inputs: [square],
        outputs: [y],
        backward: ([dY]) => {
          walks++;
          return [dY ?? null];
        },
      });
      const left = mul(y, x); // x^3
      const right = add(y, y); // 2x^2
      tape.backward([[mul(left, right), 1]]); // 2x^5 -> 10x^4
    }
    expect(await grad(x)).to.deep.equal([160]);
    expect(walks).to.equal(1);
  });

  it('gives two leaves of one addition gradients of their own', async () => {
    const a = leaf('a', 1);
    const b = leaf('b', 2);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[add(a, b), 4]]);
    }
    expect(a.grad!.buffer).to.not.equal(b.grad!.buffer);
    expect([await grad(a), await grad(b)]).to.deep.equal([[4], [4]]);
    a.grad!.dispose();
    a.grad = null;
    expect(await grad(b)).to.deep.equal([4]);
  });

  it('gives leaves memory of their own, also behind views, seeds and watched tensors', () => {
    const [a, b] = [leaf('a', 1, 2), leaf('b', 3, 4)];
    const c = leaf('c', 5, 6);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const y = combine(a, b, 1, 1);
      record({
        op: 'view',
        inputs: [a, b],
        outputs: [y],
        backward: ([dY]) => [dY ?? null, dY ? dY.view([2]) : null],
      });
      const seed = device.tensor([1, 1], [2]);
      const [watched] = tape.backward(
        [
          [y, seed],
          [c, seed],
        ],
        [a],
      );
      const held = [a.grad, b.grad, c.grad, seed].map((t) => t?.buffer);
      expect(new Set(held).size).to.equal(4);
      expect(a.grad?.buffer).to.not.equal(watched?.buffer);
    }
    for (const t of [a, b, c]) t.dispose();
    expect(device.stats().liveTensors).to.equal(0);
  });

  it('accumulates over backward passes and frees the old gradient', async () => {
    const a = leaf('a', 3);
    for (let step = 0; step < 3; step++) {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[mul(a, a), 1]]);
    }
    expect(await grad(a)).to.deep.equal([18]);
    expect(device.liveTensors()).to.have.length(2);
    a.dispose();
    expect(device.liveTensors()).to.deep.equal([]);
  });

  it('accumulates gradients larger than one binding in windows', async () => {
    pretend(device, { bindingLimit: 512 });
    const a = device.parameter(
      'a',
      Array.from({ length: 300 }, (_, i) => i),
      [300],
    );
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const y = add(a, a);
      const seed = device.tensor(
        Array.from({ length: 300 }, (_, i) => i),
        [300],
      );
      tape.backward([[y, seed]]);
    }
    expect(await grad(a)).to.deep.equal(Array.from({ length: 300 }, (_, i) => 2 * i));
  });

  it('weighs several seeds; a weight of 0 and untracked losses are left out', async () => {
    const a = leaf('a', 3);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const y = mul(a, a);
      const z = add(a, a);
      const constant = device.tensor([1], [1]);
      tape.backward([
        [y, 0.5],
        [z, 10],
        [mul(z, z), 0],
        [constant, 1],
      ]);
    }
    expect(await grad(a)).to.deep.equal([23]);
  });

  it('sums two seeds on one tensor and on an inner tensor', async () => {
    const a = leaf('a', 3);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const y = mul(a, a);
      const z = mul(y, a);
      tape.backward([
        [z, 1],
        [y, 1],
        [y, 2],
      ]);
    }
    expect(await grad(a)).to.deep.equal([27 + 18]);
  });

  it('takes tensors as seeds', async () => {
    const a = leaf('a', 1, 2, 3);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[mul(a, a), device.tensor([1, 10, 100], [3])]]);
    }
    expect(await grad(a)).to.deep.equal([2, 40, 600]);
  });

  it('returns the gradients of watched tensors, inner ones too', async () => {
    const a = leaf('a', 3);
    using _scope = device.scope();
    using tape = new Tape(device);
    const y = mul(a, a);
    const unused = mul(a, a);
    const [dY, dUnused] = tape.backward([[mul(y, y), 1]], [y, unused]);
    expect([...(await dY!.readAsync())]).to.deep.equal([18]);
    expect(dUnused).to.equal(null);
  });

  it('asks only for what is needed', () => {
    const a = leaf('a', 3);
    using _scope = device.scope();
    using tape = new Tape(device);
    const constant = device.tensor([2], [1]);
    let asked: boolean[] = [];
    const y = device.zeros([1]);
    record({
      op: 'spy',
      inputs: [constant, a, null],
      outputs: [y],
      backward: ([dY], needs) => {
        asked = needs;
        return [null, dY ?? null, null];
      },
    });
    tape.backward([[y, 1]]);
    expect(asked).to.deep.equal([false, true, false]);
    expect(needsGrad(constant)).to.equal(false);
    expect(needsGrad(a)).to.equal(true);
    expect(needsGrad(y)).to.equal(true);
    expect(needsGrad(null)).to.equal(false);
  });

  it('records nothing without a leaf, without a tape, or for a frozen leaf', () => {
    using _scope = device.scope();
    const a = leaf('a', 3);
    mul(a, a);
    using tape = new Tape(device);
    a.requiresGrad = false;
    mul(a, a);
    expect(tape.length).to.equal(0);
    a.requiresGrad = true;
    mul(a, a);
    expect(tape.length).to.equal(1);
    expect(needsGrad(a)).to.equal(true);
  });

  it('handles several outputs, used or not', async () => {
    const a = leaf('a', 1);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const [y, z] = both(a);
      tape.backward([
        [y, 1],
        [z, 1],
      ]);
    }
    expect(await grad(a)).to.deep.equal([5]);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[both(a)[1], 1]]);
    }
    expect(await grad(a)).to.deep.equal([8]);
  });

  it('stops where an operation gives no gradient', async () => {
    const a = leaf('a', 1);
    const b = leaf('b', 2);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const y = combine(a, a, 1, 0);
      record({ op: 'stop', inputs: [a], outputs: [y], backward: () => [null] });
      tape.backward([[mul(y, b), 1]]);
    }
    expect(await grad(a)).to.equal(null);
    expect(await grad(b)).to.deep.equal([1]);
  });

  it('restores the tape around it', () => {
    using outer = new Tape(device);
    {
      using inner = new Tape(device);
      expect(device.tape).to.equal(inner);
    }
    expect(device.tape).to.equal(outer);
  });

  it('refuses losses that are no scalars and gradients of a wrong shape', () => {
    const a = leaf('a', 1, 2);
    using _scope = device.scope();
    using tape = new Tape(device);
    const y = mul(a, a);
    expect(() => tape.backward([[y, 1]])).to.throw(
      /a loss must be a scalar, got .* 2 f32.*Fix: reduce/,
    );
    const z = device.zeros([1]);
    record({ op: 'wrong', inputs: [y], outputs: [z], backward: ([dZ]) => [dZ ?? null] });
    expect(() => tape.backward([[z, 1]])).to.throw(/wrong: gradient is 1 row, the input is 2 row/);
  });

  it('leaves nothing behind but leaf gradients', async () => {
    const a = leaf('a', 1);
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      tape.backward([[mul(mul(a, a), add(a, a)), 1]]);
    }
    await device.settledAsync();
    expect(device.liveTensors()).to.deep.equal(['a 1 f32', 'a.grad 1 f32']);
    a.dispose();
    expect(device.stats()).to.include({ liveTensors: 0, liveBytes: 0 });
  });
});
