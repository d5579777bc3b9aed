/** Texels stored into textures, and into buffers that are then copied: the same bits. */
import { expect } from 'chai';
import {
  conv2d,
  CounterRng,
  linear,
  Tape,
  type Device,
  type Tensor,
} from '../../../src/nn/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { pretend } from '../../helpers/pretend.js';

interface Layer {
  name: string;
  shapes: number[][];
  run: (operands: Tensor[]) => Tensor;
}

/** Rows of 5, 16 and 23 texels: less than a row of a copy, one, and one and a half. */
const convolutions = [5, 16, 23].flatMap((width) =>
  (['lanes', 'winograd2', 'winograd4'] as const).map((algorithm): Layer => ({
    name: `${algorithm}, maps ${width} wide`,
    shapes: [[2, 9, 7, width], [37, 9, 3, 3], [37]],
    run: ([x, w, b]) => conv2d(x!, w!, b!, { pad: 1, relu: true, algorithm }),
  })),
);

const layers: Layer[] = [
  ...convolutions,
  {
    name: 'linear, rows that are no multiples of 256 bytes',
    shapes: [[19, 270], [41, 270], [41]],
    run: ([x, w, b]) => linear(x!, w!, b!),
  },
];

describe('where texels are stored', function () {
  this.timeout(120_000);
  let device: Device;
  let usual: boolean;

  before(async () => {
    device = await testDeviceAsync();
    usual = device.context.storesThroughBuffers;
  });

  afterEach(() => pretend(device, { storesThroughBuffers: usual }));

  /** Output and gradients. */
  async function valuesAsync({ shapes, run }: Layer): Promise<number[][]> {
    using _scope = device.scope();
    const rng = new CounterRng(5, 'texels');
    const random = (shape: readonly number[]): Tensor => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length: size }, () => rng.range(-1, 1));
      const layout = shape.length === 4 && shape[0] === 2 ? 'c4' : 'row';
      return device.tensor(values, [...shape], { layout });
    };
    const operands = shapes.map(random);
    for (const operand of operands) operand.requiresGrad = true;
    using tape = new Tape(device);
    const y = run(operands);
    device.tape = null;
    tape.backward([[y, random(y.shape)]]);
    const results = [y, ...operands.map(({ grad }) => grad!)];
    return Promise.all(results.map(async (tensor) => [...(await tensor.readAsync())]));
  }

  for (const layer of layers) {
    it(layer.name, async () => {
      pretend(device, { storesThroughBuffers: false });
      const direct = await valuesAsync(layer);
      pretend(device, { storesThroughBuffers: true });
      expect(await valuesAsync(layer)).to.deep.equal(direct);
    });
  }

  it('goes without a buffer that no binding would hold', async () => {
    const layer = convolutions.at(-1)!;
    const wide = await valuesAsync(layer);
    const { bindingLimit } = device.context;
    pretend(device, { storesThroughBuffers: true, bindingLimit: 16384 });
    try {
      const narrow = await valuesAsync(layer);
      narrow[0]!.forEach((value, i) => expect(value).to.be.closeTo(wide[0]![i]!, 1e-4));
    } finally {
      pretend(device, { bindingLimit });
    }
  });
});
