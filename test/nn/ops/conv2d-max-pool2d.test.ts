import { expect } from 'chai';
import {
  conv2d,
  conv2dMaxPool2d,
  CounterRng,
  maxPool2d,
  sum,
  Tape,
  type Device,
  type Tensor,
} from '../../../src/nn/index.js';
import { conv2d as twinConv } from '../../../src/nn/twins/conv.js';
import { nd } from '../../../src/nn/twins/nd.js';
import { maxPool2d as twinPool } from '../../../src/nn/twins/pool.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { pretend } from '../../helpers/pretend.js';

interface Shape {
  name: string;
  x: [number, number, number, number];
  o: number;
  pad?: number;
  bias?: boolean;
  relu?: boolean;
  ceil?: boolean;
}

const shapes: Shape[] = [
  { name: 'whole tiles', x: [1, 32, 16, 24], o: 32 },
  { name: 'odd sizes, ceil', x: [1, 33, 17, 23], o: 37 },
  { name: 'odd sizes, floor', x: [1, 33, 17, 23], o: 37, ceil: false },
  { name: 'batch', x: [3, 8, 9, 11], o: 5 },
  { name: 'no bias, no ReLU', x: [2, 7, 10, 13], o: 6, bias: false, relu: false },
  { name: 'one pixel', x: [1, 4, 1, 1], o: 4 },
  { name: 'one row', x: [1, 4, 1, 9], o: 4 },
  { name: 'pad 0', x: [1, 5, 11, 8], o: 9, pad: 0 },
  { name: 'no image', x: [0, 4, 8, 8], o: 4 },
];

const limit = 16384;

describe('convolution with max pool', () => {
  let device: Device;
  before(async () => (device = await testDeviceAsync()));

  function operands(s: Shape): { x: Tensor; w: Tensor; b: Tensor | null } {
    const make = (name: string, shape: number[], layout: 'row' | 'c4'): Tensor => {
      const rng = new CounterRng(3, `${s.name} ${name}`);
      const size = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length: size }, () => rng.range(-1, 1));
      return device.tensor(data, shape, { layout, name });
    };
    return {
      x: make('x', s.x, 'c4'),
      w: make('w', [s.o, s.x[1], 3, 3], 'row'),
      b: s.bias === false ? null : make('b', [s.o], 'row'),
    };
  }

  for (const algorithm of ['winograd4', 'winograd2', 'lanes', 'naive'] as const) {
    for (const s of shapes) {
      const options = { pad: s.pad ?? 1, relu: s.relu ?? true, ceil: s.ceil ?? true, algorithm };
      it(`${algorithm}, ${s.name}: the bits of the two operations, and the twin's values`, async function () {
        if (device.subgroupSize === 0 && algorithm !== 'naive') this.skip();
        using _scope = device.scope();
        const { x, w, b } = operands(s);
        const got = conv2dMaxPool2d(x, w, b, options);
        const want = maxPool2d(conv2d(x, w, b, options), options);
        expect(got.shape).to.deep.equal(want.shape);
        expect(await got.readAsync()).to.deep.equal(await want.readAsync());
        const array = async (t: Tensor) => nd([...t.shape], await t.readAsync());
        const full = twinConv(await array(x), await array(w), b && (await array(b)), options);
        const twin = twinPool(full, options.ceil).data;
        const values = await got.readAsync();
        for (let i = 0; i < twin.length; i++)
          expect(values[i]).to.be.closeTo(twin[i] as number, 2e-4, `value ${i}`);
      });
    }

    it(`${algorithm}: the same in windows`, async function () {
      if (device.subgroupSize === 0 && algorithm !== 'naive') this.skip();
      using _scope = device.scope();
      const { x, w, b } = operands({ name: 'windows', x: [2, 12, 18, 22], o: 70 });
      const options = { pad: 1, relu: true, algorithm };
      const whole = await conv2dMaxPool2d(x, w, b, options).readAsync();
      const { bindingLimit } = device.context;
      pretend(device, { bindingLimit: limit });
      try {
        x.freeDerived();
        w.freeDerived();
        expect(await conv2dMaxPool2d(x, w, b, options).readAsync()).to.deep.equal(whole);
      } finally {
        pretend(device, { bindingLimit });
      }
    });
  }

  it('leaves no map of full size behind', () => {
    using _scope = device.scope();
    const { x, w, b } = operands({ name: 'leak', x: [1, 32, 32, 32], o: 32 });
    const before = device.stats().liveTensors;
    for (const algorithm of ['winograd4', 'lanes'] as const)
      conv2dMaxPool2d(x, w, b, { pad: 1, algorithm });
    expect(device.stats().liveTensors).to.equal(before + 2);
  });

  it('has the gradients of the two operations', async () => {
    const gradientsAsync = async (fused: boolean): Promise<ArrayLike<number>[]> => {
      using _scope = device.scope();
      using tape = new Tape(device);
      const { x, w, b } = operands({ name: 'gradient', x: [2, 9, 11, 13], o: 7 });
      for (const t of [x, w, b]) (t as Tensor).requiresGrad = true;
      const options = { pad: 1, relu: true };
      const y = fused ? conv2dMaxPool2d(x, w, b, options) : maxPool2d(conv2d(x, w, b, options));
      tape.backward([[sum(y), 1]]);
      return Promise.all([x, w, b].map((t) => ((t as Tensor).grad as Tensor).readAsync()));
    };
    const gradients = await gradientsAsync(true);
    expect(gradients).to.deep.equal(await gradientsAsync(false));
    expect(Math.max(...Array.from(gradients[1] as ArrayLike<number>))).to.be.greaterThan(0);
  });
});
