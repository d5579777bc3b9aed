import { expect } from 'chai';
import * as twin from '../../../src/nn/twins/detect.js';
import { nd, type TwinArray } from '../../../src/nn/twins/nd.js';
import { CounterRng, type Device, type Tensor } from '../../../src/nn/index.js';
import * as detect from '../../../src/nn/ops/detect/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { assertClose } from './tolerance.js';

describe('detection kernels', () => {
  let device: Device;
  let scope: { dispose(): void };
  before(async () => {
    device = await testDeviceAsync();
  });
  beforeEach(() => {
    scope = device.scope();
  });
  afterEach(() => {
    scope.dispose();
    expect(device.liveTensors()).to.deep.equal([]);
  });

  const upload = (a: TwinArray): Tensor => device.tensor(a.data, a.shape);
  const list = (values: ArrayLike<number>): Tensor => device.tensor(values, [values.length]);
  const read = async (t: Tensor): Promise<number[]> => [...(await t.readAsync())];
  const boxes = (...rows: number[][]): TwinArray => nd([rows.length, 4], rows.flat());
  const f32 = (a: TwinArray): TwinArray => ({ ...a, data: a.data.map(Math.fround) });

  /** `count` boxes of sides up to `side` in a square of `extent`, whole numbers or not. */
  function randomBoxes(count: number, extent: number, side: number, isWhole: boolean): TwinArray {
    const rng = new CounterRng(5, `boxes ${count} ${isWhole}`);
    const a = nd([count, 4]);
    for (let i = 0; i < count; i++) {
      const [x, y, w, h] = [
        rng.range(0, extent),
        rng.range(0, extent),
        rng.range(2, side),
        rng.range(2, side),
      ];
      a.data.set(
        [x, y, x + w, y + h].map((v) => (isWhole ? Math.floor(v) : v)),
        4 * i,
      );
    }
    return f32(a);
  }
  const randomScores = (count: number, levels = 0): TwinArray => {
    const rng = new CounterRng(6, `scores ${count}`);
    const a = nd([count]);
    for (let i = 0; i < count; i++) a.data[i] = levels > 0 ? rng.int(levels) / levels : rng.next();
    return f32(a);
  };
  /** Runs `body` while bindings are limited. */
  async function withLimit<T>(bytes: number, body: () => Promise<T>): Promise<T> {
    const before = device.context.bindingLimit;
    device.context.bindingLimit = bytes;
    try {
      return await body();
    } finally {
      device.context.bindingLimit = before;
    }
  }
  async function close(got: Tensor, want: TwinArray, atol: number): Promise<void> {
    expect([...got.shape]).to.deep.equal(want.shape);
    assertClose('result', await got.readAsync(), want.data, want.shape, { rtol: 1e-6, atol });
  }

  describe('gridAnchors', () => {
    const base = boxes([-16, -32, 31, 47], [-24, -24, 39, 39], [-20, -28, 35, 43]);

    it('repeats base anchors in the order y, x, anchor (docs/spec.md 1.4)', async () => {
      const y = detect.gridAnchors(upload(base), { height: 5, width: 7, stride: 16 });
      await close(y, twin.gridAnchorsTwin(base, 5, 7, 16), 0);
      expect((await read(y)).slice(4 * 22, 4 * 23)).to.deep.equal([-24, -8, 39, 55]);
    });

    it('works for one cell, no cell, and in binding windows', async () => {
      const one = boxes([0.5, 1.5, 2.5, 3.25]);
      await close(detect.gridAnchors(upload(one), { height: 1, width: 1, stride: 8 }), one, 0);
      expect(
        detect.gridAnchors(upload(one), { height: 0, width: 9, stride: 8 }).shape,
      ).to.deep.equal([0, 4]);
      const y = await withLimit(1024, () =>
        Promise.resolve(detect.gridAnchors(upload(base), { height: 11, width: 13, stride: 4 })),
      );
      await close(y, twin.gridAnchorsTwin(base, 11, 13, 4), 0);
    });
  });

  describe('decodeBoxes', () => {
    const rng = new CounterRng(3);
    const sources = randomBoxes(37, 200, 60, false);
    const deltas = f32({
      shape: [37, 4],
      data: Float64Array.from({ length: 148 }, () => rng.range(-1, 1)),
    });

    it('agrees with the twin, both conventions, stds and clipping', async () => {
      for (const [corners, extent] of [
        ['inclusive', 1],
        ['continuous', 0],
      ] as const) {
        const stds = [0.1, 0.2, 0.3, 0.4];
        const want = twin.decodeBoxesTwin(sources, deltas, extent, stds);
        const [a, b] = [upload(sources), upload(deltas)];
        await close(detect.decodeBoxes(a, b, { corners, stds }), want, 1e-4);
        const size = { width: 120, height: 90 };
        const clipped = twin.clipBoxesTwin(want, 120, 90, extent);
        await close(detect.decodeBoxes(a, b, { corners, stds, clip: size }), clipped, 1e-4);
        await close(detect.clipBoxes(upload(f32(want)), size, corners), clipped, 1e-4);
      }
    });

    it('keeps the +1 of py-faster-rcnn: zero deltas grow the box (docs/spec.md 1.6)', async () => {
      const y = detect.decodeBoxes(upload(boxes([0, 0, 15, 15])), device.zeros([1, 4]));
      expect(await read(y)).to.deep.equal([0, 0, 16, 16]);
      const spec = detect.decodeBoxes(
        upload(boxes([16, 32, 63, 111])),
        upload(boxes([0.1041667, -0.0875, 0.040822, -0.1335314])),
      );
      await close(spec, boxes([20, 30, 70, 100]), 2e-4);
    });

    it('caps dw and dh (J3), only upwards', async () => {
      const y = detect.decodeBoxes(
        upload(boxes([0, 0, 15, 15], [0, 0, 15, 15])),
        upload(boxes([0, 0, 1000, 4.2], [0, 0, -1000, 0])),
      );
      const got = await read(y);
      for (let i = 0; i < 4; i++) expect(got[i]).to.be.closeTo(i < 2 ? -492 : 508, 0.01);
      expect(got.slice(4)).to.deep.equal([8, 0, 8, 16]);
    });

    it('runs in binding windows and on no box', async () => {
      const y = await withLimit(256, () =>
        Promise.resolve(detect.decodeBoxes(upload(sources), upload(deltas))),
      );
      await close(y, twin.decodeBoxesTwin(sources, deltas), 1e-4);
      const none = detect.decodeBoxes(device.empty([0, 4]), device.empty([0, 4]));
      expect(await read(none)).to.deep.equal([]);
    });

    it('checks shapes', () => {
      expect(() => detect.decodeBoxes(device.zeros([2, 4]), device.zeros([3, 4]))).to.throw(
        /same rows/,
      );
      expect(() => detect.clipBoxes(device.zeros([2, 5]), { width: 1, height: 1 })).to.throw(
        /clipBoxes: boxes must be row f32 \[R, 4\].*Fix:/,
      );
    });
  });

  describe('iouMatrix', () => {
    it('gives the worked values of docs/spec.md 1.6', async () => {
      const y = detect.iouMatrix(
        upload(boxes([0, 0, 9, 9])),
        upload(boxes([5, 5, 14, 14], [10, 0, 19, 9], [9, 9, 18, 18])),
      );
      await close(y, nd([1, 3], [25 / 175, 0, 1 / 199]), 1e-7);
    });

    it('agrees with the twin, both conventions, in windows, for no box', async () => {
      const a = randomBoxes(33, 60, 40, false);
      const b = randomBoxes(17, 60, 40, true);
      const [ta, tb] = [upload(a), upload(b)];
      await close(detect.iouMatrix(ta, tb), twin.iouMatrixTwin(a, b, 1), 1e-6);
      await close(detect.iouMatrix(ta, tb, 'continuous'), twin.iouMatrixTwin(a, b, 0), 1e-6);
      const windowed = await withLimit(768, () => Promise.resolve(detect.iouMatrix(ta, tb)));
      await close(windowed, twin.iouMatrixTwin(a, b, 1), 1e-6);
      expect(detect.iouMatrix(ta, device.empty([0, 4])).shape).to.deep.equal([33, 0]);
    });
  });

  describe('sortDescending and topK', () => {
    async function check(scores: TwinArray, k = scores.data.length): Promise<void> {
      const { indices, values } = detect.topK(upload(scores), k);
      const want = twin.sortDescendingTwin(scores).slice(0, k);
      expect(await read(indices)).to.deep.equal(want);
      expect(await read(values)).to.deep.equal(want.map((i) => scores.data[i]));
    }

    it('sorts lengths around the block size', async () => {
      for (const n of [1, 2, 3, 511, 512, 513, 1025, 5000]) await check(randomScores(n));
    });

    it('breaks ties by the lower index', async () => {
      await check(randomScores(3000, 7));
      await check(nd([600]));
    });

    it('orders negatives, zeros of both signs, infinities and NaN', async () => {
      const values = [
        0,
        -0,
        1,
        -1,
        Infinity,
        -Infinity,
        NaN,
        1e-40,
        -1e-40,
        3e38,
        -3e38,
        -0,
        0,
        NaN,
      ];
      const { indices } = detect.sortDescending(list(values));
      expect(await read(indices)).to.deep.equal([4, 9, 2, 7, 0, 1, 11, 12, 8, 3, 10, 5, 6, 13]);
      expect(twin.sortDescendingTwin(f32(nd([14], values)))).to.deep.equal(await read(indices));
    });

    it('takes the k best', async () => {
      await check(randomScores(2000, 50), 100);
      await check(randomScores(700), 1);
      const { indices } = detect.topK(list([3, 1, 2]), 10);
      expect(await read(indices)).to.deep.equal([0, 2, 1]);
      expect(detect.topK(list([3, 1]), 0).indices.shape).to.deep.equal([0]);
      expect(detect.sortDescending(device.empty([0])).values.shape).to.deep.equal([0]);
    });

    it('sorts 131072 scores', async () => {
      const scores = randomScores(131072, 1 << 20);
      const { indices } = detect.sortDescending(upload(scores));
      const got = await indices.readAsync();
      let wrong = 0;
      for (let i = 1; i < got.length; i++) {
        const [a, b] = [scores.data[got[i - 1]!]!, scores.data[got[i]!]!];
        if (a < b || (a === b && got[i - 1]! >= got[i]!)) wrong++;
      }
      expect(wrong).to.equal(0);
      expect(new Set(got).size).to.equal(131072);
    });

    it('says what it cannot do', async () => {
      await withLimit(4096, () => {
        expect(() => detect.sortDescending(device.zeros([2000]))).to.throw(
          /8192 bytes.*4096.*Fix:/,
        );
        return Promise.resolve();
      });
      expect(() => detect.topK(device.zeros([4]), -1)).to.throw(/whole number/);
      expect(() => detect.topK(device.zeros([4, 1]), 1)).to.throw(/rank 1/);
    });
  });

  describe('nms', () => {
    async function run(b: TwinArray, s: TwinArray, options: detect.NmsOptions): Promise<number[]> {
      const { indices, count } = detect.nms(upload(b), upload(s), options);
      const [kept = -1] = await read(count);
      const all = await read(indices);
      expect(all.slice(kept).every((i) => i === 0xffffffff)).to.equal(true);
      return all.slice(0, kept);
    }

    it('gives the worked example of docs/spec.md 1.9, strictly above the threshold', async () => {
      const b = boxes(
        [0, 0, 9, 9],
        [0, 0, 9, 10],
        [1, 1, 10, 10],
        [20, 20, 29, 29],
        [20, 20, 29, 24],
        [50, 50, 59, 59],
      );
      const s = f32(nd([6], [0.9, 0.8, 0.95, 0.7, 0.6, 0.7]));
      expect(await run(b, s, { iouThreshold: 0.7 })).to.deep.equal([2, 0, 3, 5, 4]);
      expect(await run(b, s, { iouThreshold: 0.5 })).to.deep.equal([2, 3, 5, 4]);
      expect(await run(b, s, { iouThreshold: 0.3 })).to.deep.equal([2, 3, 5]);
      expect(await run(b, s, { iouThreshold: 0.3, maxOutput: 2 })).to.deep.equal([2, 3]);
    });

    it('agrees with the twin on whole coordinates with many ties', async () => {
      for (const n of [1, 31, 32, 33, 700]) {
        const b = randomBoxes(n, 60, 40, true);
        const s = randomScores(n, 20);
        for (const iouThreshold of [0, 0.3, 0.5, 0.7, 1]) {
          const want = twin.nmsTwin(b, s, iouThreshold);
          expect(await run(b, s, { iouThreshold }), `${n} at ${iouThreshold}`).to.deep.equal(want);
        }
      }
    });

    it('agrees with the twin on real coordinates, continuous corners', async () => {
      const b = randomBoxes(900, 150, 50, false);
      const s = randomScores(900);
      const options = { iouThreshold: 0.4, corners: 'continuous' as const };
      expect(await run(b, s, options)).to.deep.equal(twin.nmsTwin(b, s, 0.4, Infinity, 0));
      expect(await run(b, s, { ...options, maxOutput: 25 })).to.deep.equal(
        twin.nmsTwin(b, s, 0.4, 25, 0),
      );
    });

    it('keeps boxes that do not meet, drops copies', async () => {
      const apart = nd([200, 4]);
      for (let i = 0; i < 200; i++) apart.data.set([20 * i, 0, 20 * i + 9, 9], 4 * i);
      const equal = nd([200]);
      expect(await run(apart, equal, { iouThreshold: 0 })).to.have.length(200);
      const same = nd([200, 4]);
      for (let i = 0; i < 200; i++) same.data.set([1, 2, 30, 40], 4 * i);
      expect(await run(same, equal, { iouThreshold: 0.9 })).to.deep.equal([0]);
    });

    it('runs in windows of rows', async () => {
      const b = randomBoxes(700, 90, 40, true);
      const s = randomScores(700, 100);
      const got = await withLimit(12288, () => run(b, s, { iouThreshold: 0.5 }));
      expect(got).to.deep.equal(twin.nmsTwin(b, s, 0.5));
      const few = await withLimit(12288, () => run(b, s, { iouThreshold: 0.5, maxOutput: 5 }));
      expect(few).to.deep.equal(twin.nmsTwin(b, s, 0.5, 5));
    });

    it('has nothing to do without boxes', async () => {
      expect(await run(nd([0, 4]), nd([0]), { iouThreshold: 0.5 })).to.deep.equal([]);
      expect(
        await run(boxes([0, 0, 1, 1]), nd([1]), { iouThreshold: 0.5, maxOutput: 0 }),
      ).to.deep.equal([]);
      expect(() =>
        detect.nms(device.zeros([2, 4]), device.zeros([3]), { iouThreshold: 0.5 }),
      ).to.throw(/2 boxes but 3 scores/);
    });
  });

  describe('sampleIndices', () => {
    const marks = Array.from({ length: 1500 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    async function run(values: number[], k: number, seed = 1, stream = 2): Promise<number[]> {
      const t = device.tensor(values, [values.length], { dtype: 'u32' });
      const { indices, count } = detect.sampleIndices(t, k, { seed, stream });
      const [chosen = -1] = await read(count);
      const all = await read(indices);
      expect(all.slice(chosen).every((i) => i === 0xffffffff)).to.equal(true);
      return all.slice(0, chosen);
    }

    it('draws the same elements as the twin', async () => {
      expect(await run(marks, 128)).to.deep.equal(twin.sampleIndicesTwin(marks, 128, 1, 2));
      expect(await run(marks, 128, 7, 0xfffffff0)).to.deep.equal(
        twin.sampleIndicesTwin(marks, 128, 7, 0xfffffff0),
      );
    });

    it('takes all candidates where there are too few', async () => {
      const got = await run(marks, 1500);
      expect(got).to.have.length(500);
      expect(got.every((i) => i % 3 === 0)).to.equal(true);
      expect(new Set(got).size).to.equal(500);
      expect(await run(marks, 500)).to.deep.equal(got);
      expect(await run(marks, 499)).to.deep.equal(got.slice(0, 499));
    });

    it('handles no candidate, no element and k = 0', async () => {
      expect(await run([0, 0, 0], 2)).to.deep.equal([]);
      expect(await run([], 2)).to.deep.equal([]);
      expect(await run([1, 1], 0)).to.deep.equal([]);
      expect(await run([0, 5, 0], 3)).to.deep.equal([1]);
      expect(await run(new Array<number>(512).fill(1), 600)).to.have.length(512);
    });
  });

  describe('fill', () => {
    it('fills every layout and type', async () => {
      expect(await read(detect.fill(device, [3, 5], 1.5))).to.deep.equal(new Array(15).fill(1.5));
      expect(await read(detect.fill(device, [4], -7, { dtype: 'i32' }))).to.deep.equal([
        -7, -7, -7, -7,
      ]);
      expect(await read(detect.fill(device, [0], 1))).to.deep.equal([]);
      const map = detect.fill(device, [2, 5, 3, 3], 2, { layout: 'c4' });
      const stored = new Float32Array(
        await device.context.readAsync(map.buffer, 0, map.byteLength),
      );
      expect(stored.filter((v) => v === 2)).to.have.length(90);
      expect(stored.filter((v) => v === 0)).to.have.length(2 * 3 * 9);
    });

    it('fills in binding windows', async () => {
      const y = await withLimit(512, () => Promise.resolve(detect.fill(device, [1000], 3)));
      expect(await read(y)).to.deep.equal(new Array(1000).fill(3));
    });
  });
});
