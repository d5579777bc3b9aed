import { expect } from 'chai';
import type { Device, Tensor } from '../../../src/nn/index.js';
import {
  AdamW,
  clipFactor,
  clipGradNorm,
  Ema,
  gradNormAsync,
  nonFiniteProbeAsync,
  Sgd,
} from '../../../src/nn/optim/index.js';
import * as twin from '../../../src/nn/twins/optim.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { pretend } from '../../helpers/pretend.js';

describe('optimisers', () => {
  let device: Device;
  const made: Tensor[] = [];
  let alive: string[];
  before(async () => {
    device = await testDeviceAsync();
    alive = device.liveTensors();
  });
  afterEach(() => {
    for (const t of made.splice(0)) t.dispose();
  });

  const parameter = (name: string, data: number[]): Tensor => {
    const p = device.parameter(name, data, [data.length]);
    made.push(p);
    return p;
  };
  const give = (p: Tensor, data: ArrayLike<number>): void => {
    p.grad?.dispose();
    p.grad = device.tensor(data, p.shape);
  };
  const random = (n: number, seed: number, scale = 1): number[] => {
    const rng = new CounterRng(seed);
    return Array.from({ length: n }, () => Math.fround(scale * rng.range(-1, 1)));
  };
  const near = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void => {
    expect(got.length).to.equal(want.length);
    for (let i = 0; i < want.length; i++) {
      expect(got[i], `element ${i}`).to.be.closeTo(
        want[i]!,
        tolerance * Math.max(1, Math.abs(want[i]!)),
      );
    }
  };

  it('Sgd gives the worked example of docs/spec.md 1.13', async () => {
    const w = parameter('w', [1]);
    const sgd = new Sgd([w]);
    const seen: number[] = [];
    for (const lr of [1e-3, 1e-3, 1e-4, 1e-4]) {
      give(w, [0.5]);
      sgd.step(lr);
      seen.push((await w.readAsync())[0]!);
    }
    near(seen, [0.9994995, 0.9985485503, 0.9976426455, 0.9967772814], 2e-7);
    sgd.dispose();
  });

  it('Sgd agrees with its twin, multipliers and binding windows included', async () => {
    const n = 5000;
    const a = parameter('a', random(n, 1));
    const b = parameter('b', random(7, 2));
    const frozen = parameter('frozen', [3, 4]);
    const sgd = new Sgd([a, { param: b, lrMult: 2, decayMult: 0 }, { param: frozen, lrMult: 0 }]);
    const wants = [a, b].map((p, i) => twin.sgdState(random(p.size, i + 1)));
    const limit = device.context.bindingLimit;
    pretend(device, { bindingLimit: 4096 });
    try {
      for (let t = 0; t < 4; t++) {
        const lr = 0.1 / (t + 1);
        const gradients = [random(n, 10 + t), random(7, 20 + t)];
        [a, b].forEach((p, i) => {
          if (t !== 2) give(p, gradients[i]!);
          else sgd.zeroGrad(); // momentum and decay go on without a gradient
          twin.sgdStep(wants[i]!, t === 2 ? null : gradients[i]!, {
            lr: lr * (i === 1 ? 2 : 1),
            momentum: 0.9,
            decay: i === 1 ? 0 : 5e-4,
          });
        });
        sgd.step(lr);
      }
    } finally {
      pretend(device, { bindingLimit: limit });
    }
    near(await a.readAsync(), wants[0]!.w, 2e-6);
    near(await b.readAsync(), wants[1]!.w, 2e-6);
    near(await sgd.state().get('a.momentum')!.readAsync(), wants[0]!.v, 2e-6);
    expect([...(await frozen.readAsync())]).to.deep.equal([3, 4]);
    sgd.dispose();
  });

  it('AdamW agrees with its twin', async () => {
    const p = parameter('p', random(3000, 3));
    const adam = new AdamW([p], { weightDecay: 0.05 });
    const want = twin.adamState(random(3000, 3));
    for (let t = 0; t < 5; t++) {
      const g = random(3000, 30 + t, 0.01);
      give(p, g);
      adam.step(1e-2);
      twin.adamStep(want, g, { lr: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.05 });
    }
    near(await p.readAsync(), want.w, 1e-5);
    adam.dispose();
  });

  it('a loaded state goes on exactly as an uninterrupted run', async () => {
    const run = async (stop: boolean): Promise<number[]> => {
      const p = parameter('p', random(100, 4));
      let adam = new AdamW([p]);
      for (let t = 0; t < 6; t++) {
        if (stop && t === 3) {
          const saved = new Map<string, Float32Array>();
          for (const [name, value] of adam.state()) {
            saved.set(name, (await value.readAsync()) as Float32Array);
          }
          const done = adam.steps;
          adam.dispose();
          adam = new AdamW([p]);
          adam.load(saved, done);
        }
        give(p, random(100, 40 + t));
        adam.step(1e-2);
      }
      adam.dispose();
      return [...(await p.readAsync())];
    };
    expect(await run(true)).to.deep.equal(await run(false));
    const p = made[0]!;
    const sgd = new Sgd([p]);
    expect(() => sgd.load(new Map(), 1)).to.throw(/lacks 1 of 1 buffers \(p\.momentum\).*Fix:/);
    expect(() => sgd.load(new Map([['p.momentum', [1]]]), 1)).to.throw(
      /has 1 values, expected 100/,
    );
    sgd.dispose();
  });

  it('parameters need distinct names', () => {
    const p = parameter('same', [1]);
    expect(() => new Sgd([p, p])).to.throw(/"same" twice/);
  });

  it('gradNorm and clipGradNorm give the global norm', async () => {
    const sizes = [9001, 1, 64];
    const params = sizes.map((n, i) => parameter(`p${i}`, new Array<number>(n).fill(0)));
    expect(await gradNormAsync(params)).to.equal(0);
    expect(clipGradNorm(params, 1)).to.equal(null);
    expect(() => clipGradNorm(params, NaN)).to.throw(/above 0, got NaN/);
    const values = sizes.map((n, i) => random(n, 50 + i));
    params.forEach((p, i) => give(p, values[i]!));
    const norm = Math.sqrt(values.flat().reduce((s, v) => s + v * v, 0));
    expect(await gradNormAsync(params)).to.be.closeTo(norm, 1e-5 * norm);
    const limit = device.context.bindingLimit;
    pretend(device, { bindingLimit: 8192 });
    try {
      const clipped = clipGradNorm(params, 2)!;
      made.push(clipped);
      const [before, factor] = await clipped.readAsync();
      expect(before).to.be.closeTo(norm, 1e-5 * norm);
      expect(factor).to.be.closeTo(2 / norm, 1e-5);
      expect(await gradNormAsync(params)).to.be.closeTo(2, 1e-5);
      made.push(clipGradNorm(params, 10)!); // below the limit: nothing changes
      expect(await gradNormAsync(params)).to.be.closeTo(2, 1e-5);
    } finally {
      pretend(device, { bindingLimit: limit });
    }
  });

  for (const kind of ['Sgd', 'AdamW']) {
    it(`${kind} with a clip factor equals clipping first, to the bit`, async () => {
      // Quads, single elements, and one in windows.
      const sizes = [64, 37, 3001, 4096];
      const runAsync = async (first: boolean): Promise<number[][]> => {
        const params = sizes.map((n, i) => parameter(`${first}${i}`, random(n, 70 + i)));
        params.forEach((p, i) => give(p, random(p.size, 80 + i)));
        const optimizer = kind === 'Sgd' ? new Sgd(params) : new AdamW(params);
        const limit = device.context.bindingLimit;
        pretend(device, { bindingLimit: 8192 });
        try {
          const clip = (first ? clipGradNorm : clipFactor)(params, 0.5)!;
          made.push(clip);
          optimizer.step(1e-2, first ? null : clip);
        } finally {
          pretend(device, { bindingLimit: limit });
        }
        const values = await Promise.all(params.map(async (p) => [...(await p.readAsync())]));
        // Only clipGradNorm changes the gradient itself.
        const [g] = await params[0]!.grad!.readAsync();
        expect(g === Math.fround(random(1, 80)[0]!)).to.equal(!first);
        optimizer.dispose();
        return values;
      };
      expect(await runAsync(false)).to.deep.equal(await runAsync(true));
    });
  }

  it('more parameters than a launch takes, small and in windows, agree with the twin', async () => {
    const sizes = Array.from({ length: 37 }, (_, i) => (i % 9 === 4 ? 3000 + i : 1 + 7 * i));
    const params = sizes.map((n, i) => parameter(`p${i}`, random(n, 100 + i)));
    const adam = new AdamW(
      params.map((param, i) => ({ param, lrMult: 1 + (i % 3), decayMult: i % 2 })),
      { weightDecay: 0.05 },
    );
    const ema = new Ema(params, { decay: 0.5, warmUp: false });
    const { dispatches } = device.stats();
    const gradients = sizes.map((n, i) => random(n, 200 + i));
    params.forEach((p, i) => give(p, gradients[i]!));
    const norm = Math.sqrt(gradients.flat().reduce((s, v) => s + v * v, 0));
    const limit = device.context.bindingLimit;
    pretend(device, { bindingLimit: 8192 });
    try {
      made.push(clipGradNorm(params, norm / 2)!);
      adam.step(1e-2);
      ema.update();
    } finally {
      pretend(device, { bindingLimit: limit });
    }
    expect(device.stats().dispatches - dispatches).to.be.below(2 * sizes.length);
    for (const [i, p] of params.entries()) {
      const start = random(p.size, 100 + i);
      const want = twin.adamState(start);
      const g = gradients[i]!.map((v) => v / 2);
      const rule = { lr: 1e-2 * (1 + (i % 3)), beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      twin.adamStep(want, g, { ...rule, decay: 0.05 * (i % 2) });
      near(await p.grad!.readAsync(), g, 1e-5);
      near(await p.readAsync(), want.w, 1e-5);
      near(
        await ema.shadow(p).readAsync(),
        start.map((w, j) => (w + want.w[j]!) / 2),
        1e-5,
      );
    }
    adam.dispose();
    ema.dispose();
  });

  it('nonFiniteProbe names tensors with an infinity or a NaN', async () => {
    const good = parameter('good', [0, -1e38, 3e38, 1e-45]);
    const nan = parameter('nan', [...random(5000, 60), NaN]);
    const infinity = parameter('infinity', [1, -Infinity, 2]);
    expect(await nonFiniteProbeAsync([good, nan, infinity])).to.deep.equal(['nan', 'infinity']);
    expect(await nonFiniteProbeAsync([good])).to.deep.equal([]);
    expect(await nonFiniteProbeAsync([])).to.deep.equal([]);
  });

  it('Ema averages, warms up and swaps', async () => {
    const p = parameter('p', [1, 2, 3]);
    const ema = new Ema([p], { decay: 0.5, warmUp: false });
    device.write(p, [3, 2, -1]);
    ema.update();
    near(await ema.shadow(p).readAsync(), [2, 2, 1], 1e-6);
    ema.swap();
    near(await p.readAsync(), [2, 2, 1], 1e-6);
    ema.swap();
    near(await p.readAsync(), [3, 2, -1], 1e-6);
    ema.dispose();
    const warm = new Ema([p]);
    device.write(p, [0, 0, 0]);
    warm.update();
    near(await warm.shadow(p).readAsync(), [6 / 11, 4 / 11, -2 / 11], 1e-6);
    warm.dispose();
  });

  it('nothing is left behind', () => {
    expect(device.liveTensors()).to.deep.equal(alive);
  });
});
