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
  /** Kernels that store texels for it. */
  packs: string[];
  shapes: number[][];
  run: (operands: Tensor[]) => Tensor;
}

/** Rows of 5, 16 and 23 texels: less than a row of a copy, one, and one and a half. */
const convolutions = [5, 16, 23].flatMap((width) =>
  (['lanes', 'winograd2', 'winograd4'] as const).map((algorithm): Layer => ({
    name: `${algorithm}, maps ${width} wide`,
    packs: [
      // Rows of 16 texels are copied as they are.
      ...(width === 16 ? [] : ['pack/map_to_texture', 'conv/relu_grad_to_texture']),
      ...(algorithm === 'lanes' ? ['conv/lane_pack'] : ['wino/wino_in', 'wino/wino_weight']),
    ],
    shapes: [[2, 9, 7, width], [37, 9, 3, 3], [37]],
    run: ([x, w, b]) => conv2d(x!, w!, b!, { pad: 1, relu: true, algorithm }),
  })),
);

const layers: Layer[] = [
  ...convolutions,
  ...[268, 320].map((columns): Layer => ({
    name: `linear, ${columns} columns`,
    packs: ['pack/rows_to_texture'],
    shapes: [[19, columns], [44, columns], [44]],
    run: ([x, w, b]) => linear(x!, w!, b!, { algorithm: 'lanes' }),
  })),
];

describe('where texels are stored', function () {
  this.timeout(120_000);
  let device: Device;
  let usual: boolean | undefined;

  before(async function () {
    device = await testDeviceAsync();
    usual = device.context.storesThroughBuffers;
    if (device.subgroupSize === 0) this.skip(); // nothing is packed into textures
  });

  afterEach(() => {
    if (usual !== undefined) pretend(device, { storesThroughBuffers: usual });
  });

  /**
   * Output and gradients, by way of buffers or not, with what the kernels asked to store through buffers. No
   * texture of an earlier run is used again: it would hold the right values already.
   */
  async function valuesAsync(
    { shapes, run }: Layer,
    storesThroughBuffers: boolean,
  ): Promise<{ values: number[][]; buffered: string[] }> {
    pretend(device, { storesThroughBuffers });
    await device.settledAsync();
    device.freeIdle();
    const buffered = new Set<string>();
    const dispatch = device.dispatch.bind(device);
    device.dispatch = (spec) => {
      if (spec.defines?.['BUFFER'] === true) buffered.add(spec.kernel);
      dispatch(spec);
    };
    try {
      return { values: await runAsync({ shapes, run }), buffered: [...buffered] };
    } finally {
      device.dispatch = dispatch;
    }
  }

  async function runAsync({ shapes, run }: Pick<Layer, 'shapes' | 'run'>): Promise<number[][]> {
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
      const direct = await valuesAsync(layer, false);
      expect(direct.buffered).to.deep.equal([]);
      const copied = await valuesAsync(layer, true);
      expect(copied.buffered).to.include.members(layer.packs);
      expect(copied.values).to.deep.equal(direct.values);
    });
  }

  it('goes without a buffer that no binding would hold', async () => {
    const layer = convolutions.at(-1)!;
    const { bindingLimit } = device.context;
    pretend(device, { bindingLimit: 8192 });
    try {
      const { buffered } = await valuesAsync(layer, true);
      expect(buffered).not.to.include('wino/wino_in');
    } finally {
      pretend(device, { bindingLimit });
    }
  });
});
