import { expect } from 'chai';
import {
  CounterRng,
  conv2d,
  linear,
  record,
  Tape,
  type Device,
  type Tensor,
} from '../../../src/nn/index.js';
import { setTuningTables, type TunedLayer } from '../../../src/nn/ops/tuning/index.js';
import { tileShapes } from '../../../src/nn/ops/tile-plan.js';
import { convKey, linearKey } from '../../../src/nn/ops/tuning/table.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { TrainStep } from '../../../src/aofd/train/step/train-step.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';
import { drawBatch, tinyConfig } from '../../helpers/training.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { pretend } from '../../helpers/pretend.js';

type Numbers = Record<string, ArrayLike<number>>;

/** Largest difference relative to the largest value, per array. */
function distance(got: Numbers, want: Numbers): Record<string, number> {
  expect(Object.keys(got)).to.deep.equal(Object.keys(want));
  return Object.fromEntries(
    Object.entries(want).map(([name, w]) => {
      const g = got[name] as ArrayLike<number>;
      let [top, worst] = [1e-30, 0];
      for (let i = 0; i < w.length; i++) {
        top = Math.max(top, Math.abs(w[i] as number));
        const error = Math.abs((g[i] as number) - (w[i] as number));
        worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
      }
      return [name, worst / top];
    }),
  );
}

function noise(width: number, height: number): { width: number; height: number; data: Uint8Array } {
  const rng = new CounterRng(1, 'picture');
  const data = Uint8Array.from({ length: width * height * 3 }, () => 256 * rng.next());
  return { width, height, data };
}

/** Runs `body` as on an adapter without subgroups and storage textures to read. */
async function plainAsync<T>(device: Device, body: () => Promise<T>): Promise<T> {
  const { subgroupSize, context } = device;
  const { readsStorageTextures } = context;
  pretend(device, { subgroupSize: 0 });
  pretend(device, { readsStorageTextures: false });
  try {
    return await body();
  } finally {
    pretend(device, { subgroupSize });
    pretend(device, { readsStorageTextures });
  }
}

async function withEnvAsync<T>(name: string, value: string, body: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

describe('tile kernels', function () {
  this.timeout(120_000);
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  const random = (name: string, shape: number[], layout: 'row' | 'c4' = 'row'): Tensor => {
    const rng = new CounterRng(3, name);
    const size = shape.reduce((a, b) => a * b, 1);
    const made = device.tensor(
      Float32Array.from({ length: size }, () => rng.range(-1, 1)),
      shape,
      { layout, name },
    );
    made.requiresGrad = true;
    return made;
  };

  /** Output and gradients of a layer, with one choice in force for every pass. */
  async function layerAsync(
    key: string,
    tuned: TunedLayer,
    operands: () => Tensor[],
    run: (t: Tensor[]) => Tensor,
  ): Promise<Numbers> {
    using _scope = device.scope();
    setTuningTables(device.context, [
      { version: 1, adapter: '', kernels: '', layers: { [key]: tuned } },
    ]);
    try {
      using tape = new Tape(device);
      const leaves = operands();
      const y = run(leaves);
      const dY = random('dY', [...y.shape], y.layout);
      const probe = device.zeros([1]);
      record({ op: 'probe', inputs: [y], outputs: [probe], backward: () => [dY] });
      tape.backward([[probe, 1]]);
      const result: Numbers = { y: await y.readAsync() };
      for (const t of leaves) result[t.name] = await (t.grad as Tensor).readAsync();
      return result;
    } finally {
      setTuningTables(device.context, []);
    }
  }

  const every = (algorithm: string, tile?: number): TunedLayer => {
    const choice = { algorithm, ...(tile === undefined ? {} : { tile }) };
    return { forward: choice, inputGradient: choice, weightGradient: choice };
  };

  // More than one tile along both sides, and sums that are split in two, forward and for dW.
  const s = { n: 1, c: 68, h: 20, w: 27, o: 70, kh: 3, kw: 3, stride: 1, pad: 1, dilation: 1 };
  const convOperands = (): Tensor[] => [
    random('x', [s.n, s.c, s.h, s.w], 'c4'),
    random('w', [s.o, s.c, s.kh, s.kw]),
    random('b', [s.o]),
  ];
  const convRun = ([x, w, b]: Tensor[]): Tensor =>
    conv2d(x as Tensor, w as Tensor, b as Tensor, { pad: 1, relu: true });
  const r = { r: 67, i: 600, o: 68 };
  const linearOperands = (): Tensor[] => [
    random('x', [r.r, r.i]),
    random('w', [r.o, r.i]),
    random('b', [r.o]),
  ];
  const linearRun = ([x, w, b]: Tensor[]): Tensor =>
    linear(x as Tensor, w as Tensor, b as Tensor, { relu: true });

  it('agree with the naive kernels in every shape of tile', async function () {
    const { maxComputeInvocationsPerWorkgroup: most } = device.context.limits;
    const convWant = await layerAsync(convKey(s), every('naive'), convOperands, convRun);
    const linearWant = await layerAsync(linearKey(r), every('naive'), linearOperands, linearRun);
    for (const [i, t] of tileShapes.entries()) {
      if ((t.v / t.regV) * (t.s / t.regS) > most) continue;
      // Compiling takes the time: the gradient kernels in the standard shape only.
      const naive = { algorithm: 'naive' };
      const tuned = { ...every('tile', i), ...(i === 1 ? {} : { weightGradient: naive }) };
      const got = await layerAsync(convKey(s), tuned, convOperands, convRun);
      for (const [name, error] of Object.entries(distance(got, convWant))) {
        expect(error, `conv, tile ${i}, ${name}`).to.be.lessThan(2e-6);
      }
    }
    const standard = { ...every('naive'), forward: { algorithm: 'tile', tile: 1 } };
    const product = await layerAsync(linearKey(r), standard, linearOperands, linearRun);
    for (const [name, error] of Object.entries(distance(product, linearWant))) {
      expect(error, `linear, ${name}`).to.be.lessThan(2e-6);
    }
  });

  it('give the same bits twice, split sums included', async () => {
    for (const [key, operands, run] of [
      [convKey(s), convOperands, convRun],
      [linearKey(r), linearOperands, linearRun],
    ] as const) {
      const first = await layerAsync(key, every('tile'), operands, run);
      expect(await layerAsync(key, every('tile'), operands, run)).to.deep.equal(first);
    }
  });

  it('mix with lane kernels pass by pass', async function () {
    if (device.subgroupSize === 0) this.skip();
    const want = await layerAsync(convKey(s), every('naive'), convOperands, convRun);
    for (const tuned of [
      { ...every('lanes'), inputGradient: { algorithm: 'tile' } },
      { ...every('tile'), inputGradient: { algorithm: 'lanes' } },
      { ...every('naive'), weightGradient: { algorithm: 'lanes' } },
    ]) {
      const got = await layerAsync(convKey(s), tuned, convOperands, convRun);
      for (const [name, error] of Object.entries(distance(got, want))) {
        expect(error, `${JSON.stringify(tuned)} ${name}`).to.be.lessThan(2e-6);
      }
    }
  });
});

describe('networks on plainer kernels', function () {
  this.timeout(120_000);
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  async function facesAsync(): Promise<{ boxes: number[]; scores: number[] }> {
    const config = smallConfig(96);
    const weights = randomWeights(config);
    using detector = await Detector.createAsync({ weights, device, config, score: 0.3 });
    const { faces } = await detector.detectAsync(noise(90, 60));
    expect(faces.length).to.be.greaterThan(0);
    return { boxes: faces.flatMap((f) => [...f.box]), scores: faces.map((f) => f.score) };
  }

  /** Losses and the gradients of one joint training step. */
  async function stepAsync(): Promise<Numbers> {
    const config = tinyConfig();
    const stage = config.stages[2];
    if (!stage) throw new Error('no joint stage');
    const model = new AofdModel(config.model);
    using params = ParamStore.create(device, model.specs(), config.train.seed);
    params.setTrainable(['detector', 'generator', 'segmentation']);
    const runner = new TrainStep(model, params, config, stage);
    const result = await runner.runAsync(drawBatch(0), { step: 0 });
    const numbers: Numbers = {};
    for (const [name, loss] of Object.entries(await result.losses)) numbers[name] = [loss];
    for (const { name } of model.specs()) {
      const { grad } = params.get(name);
      if (grad) numbers[name] = await grad.readAsync();
    }
    return numbers;
  }

  const ways: Record<string, <T>(body: () => Promise<T>) => Promise<T>> = {
    'AOFD_ALGORITHM=tile': (body) => withEnvAsync('AOFD_ALGORITHM', 'tile', body),
    'no subgroups, no storage textures': (body) => plainAsync(device, body),
  };

  let faces: Awaited<ReturnType<typeof facesAsync>>;
  let step: Numbers;
  before(async () => {
    faces = await facesAsync();
    step = await stepAsync();
  });

  for (const [name, way] of Object.entries(ways)) {
    it(`detect, ${name}: boxes to a hundredth of a pixel, scores to 1e-5`, async () => {
      const got = await way(facesAsync);
      expect(got.scores.length).to.equal(faces.scores.length);
      got.boxes.forEach((v, i) => expect(v).to.be.closeTo(faces.boxes[i] as number, 0.01));
      got.scores.forEach((v, i) => expect(v).to.be.closeTo(faces.scores[i] as number, 1e-5));
    });

    it(`training step, ${name}: losses to 1e-5, gradients to 1e-4 of their largest`, async () => {
      const got = await way(stepAsync);
      for (const [key, error] of Object.entries(distance(got, step))) {
        const isLoss = (step[key] as ArrayLike<number>).length === 1 && !key.includes('.');
        expect(error, key).to.be.lessThan(isLoss ? 1e-5 : 1e-4);
      }
    });
  }
});
