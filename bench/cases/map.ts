/** Operations that memory bounds: pooling, upsampling, softmax, RoI pooling, elementwise, SGD. */
import {
  Sgd,
  Tape,
  add,
  maxPool2d,
  relu,
  roiPool,
  softmax,
  upsampleBilinear,
  type Device,
  type Tensor,
} from '../../src/nn/index.js';
import { deviation, randomData, samplePlaces } from './data.js';
import type { BenchCase, Prepared } from '../measure/measure.js';
import { maxPoolAt, softmaxAt, upsample2At } from './reference.js';
import type { Work } from '../measure/types.js';

/** An operation on tensors that exist for the whole measurement. */
interface Operation {
  inputs: Tensor[];
  /** Computes; the result is freed by the caller. */
  run(): Tensor;
  /** What output `place` should be; absent where the case table of the kernel tests is the check. */
  expected?(place: number): number;
  dispose?(): void;
}

function forwardOf(device: Device, setup: () => Operation): () => Promise<Prepared> {
  return async () => {
    const operation = setup();
    await device.settledAsync();
    let last: Tensor | null = null;
    const once = (): void => {
      last?.dispose();
      for (const input of operation.inputs) input.invalidateTexture();
      last = device.release(operation.run());
    };
    const { expected } = operation;
    return {
      async runAsync() {
        once();
        await device.settledAsync();
      },
      async runManyAsync(count) {
        for (let i = 0; i < count; i++) once();
        await device.settledAsync();
      },
      ...(expected && {
        async checkAsync() {
          const got = await (last as unknown as Tensor).readAsync();
          const places = samplePlaces(got.length, 256, 7);
          return deviation(
            places.map((place) => got[place] as number),
            places.map((place) => expected(place)),
          );
        },
      }),
      disposeAsync() {
        last?.dispose();
        for (const input of operation.inputs) input.dispose();
        operation.dispose?.();
        return Promise.resolve();
      },
    };
  };
}

/** Backward alone of `forward`, whose first input is the leaf. */
function backwardOf(
  device: Device,
  setup: () => { inputs: Tensor[]; forward(): Tensor },
): () => Promise<Prepared> {
  return async () => {
    const { inputs, forward } = setup();
    const leaf = inputs[0] as Tensor;
    leaf.requiresGrad = true;
    // The scope holds what forward saved, from the preparation to the end of the timed run.
    let state: { tape: Tape; y: Tensor; dY: Tensor; scope: { dispose(): void } } | null = null;
    const clear = (): void => {
      leaf.grad?.dispose();
      leaf.grad = null;
      state?.tape[Symbol.dispose]();
      state?.y.dispose();
      state?.dY.dispose();
      state = null;
    };
    return {
      async beforeAsync() {
        clear();
        const scope = device.scope();
        const tape = new Tape(device);
        const y = scope.release(forward());
        device.tape = null;
        const dY = device.release(
          device.tensor(randomData(y.size, 4), y.shape, { layout: y.layout }),
        );
        await device.settledAsync();
        state = { tape, y, dY, scope };
      },
      async runAsync() {
        const { tape, y, dY, scope } = state as NonNullable<typeof state>;
        try {
          tape.backward([[y, dY]]);
          await device.settledAsync();
        } finally {
          scope.dispose();
        }
      },
      disposeAsync() {
        clear();
        for (const input of inputs) input.dispose();
        return Promise.resolve();
      },
    };
  };
}

const map = (device: Device, c: number, h: number, w: number, seed: number): Tensor =>
  device.release(device.tensor(randomData(c * h * w, seed), [1, c, h, w], { layout: 'c4' }));

/** RoIs of random faces on a 512x512 picture. */
export function randomRois(count: number, side: number): Float32Array {
  const numbers = randomData(count * 3, 8);
  const rois = new Float32Array(count * 5);
  for (let r = 0; r < count; r++) {
    const [u = 0, v = 0, s = 0] = numbers.subarray(3 * r, 3 * r + 3).map((n) => (n + 1) / 2);
    const size = (0.05 + 0.4 * s) * side;
    const [x, y] = [u * (side - size), v * (side - size)];
    rois.set([0, x, y, x + size - 1, y + size - 1], 5 * r);
  }
  return rois;
}

function sgdPrepare(device: Device, size: number): () => Promise<Prepared> {
  return async () => {
    const param = device.parameter('w', randomData(size, 1), [size]);
    const optimizer = new Sgd([param]);
    param.grad = device.release(device.tensor(randomData(size, 2), [size]));
    await device.settledAsync();
    const runManyAsync = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) optimizer.step(1e-6);
      await device.settledAsync();
    };
    return {
      runAsync: () => runManyAsync(1),
      runManyAsync,
      disposeAsync() {
        optimizer.dispose();
        param.dispose();
        return Promise.resolve();
      },
    };
  };
}

interface Row {
  name: string;
  shape: string;
  work?: Work;
  flops: number;
  bytes: number;
  prepare: () => Promise<Prepared>;
}

/** Cases at the sizes that a 512x512 picture gives in VGG16. */
export function mapCases(device: Device, isQuick: boolean): BenchCase[] {
  const [c, h, w] = isQuick ? [64, 256, 256] : [64, 512, 512];
  const n = c * h * w;
  const x = randomData(n, 1);
  const rows = 120_000;
  const scores = randomData(rows * 2, 3);
  const one = (run: (x: Tensor) => Tensor, expected?: (place: number) => number) =>
    forwardOf(device, () => {
      const input = map(device, c, h, w, 1);
      return { inputs: [input], run: () => run(input), ...(expected ? { expected } : {}) };
    });
  const list: Row[] = [
    {
      ...{ name: 'max pool forward', shape: `${c}x${h}x${w}`, flops: 0, bytes: 5 * n },
      work: { kind: 'pool', c, h, w },
      prepare: one(
        (t) => maxPool2d(t),
        (place) => maxPoolAt(x, h, w, place),
      ),
    },
    {
      ...{ name: 'max pool backward', shape: `${c}x${h}x${w}`, flops: 0, bytes: 9 * n },
      prepare: backwardOf(device, () => {
        const input = map(device, c, h, w, 1);
        return { inputs: [input], forward: () => maxPool2d(input) };
      }),
    },
    {
      ...{ name: 'softmax of 2', shape: `${rows}x2`, flops: 0, bytes: 16 * rows },
      work: { kind: 'softmax', rows, columns: 2 },
      prepare: forwardOf(device, () => {
        const input = device.release(device.tensor(scores, [rows, 2]));
        return {
          inputs: [input],
          run: () => softmax(input),
          expected: (place) => softmaxAt(scores, 2, place),
        };
      }),
    },
    ...roiRows(device),
    {
      ...{ name: 'bilinear x2', shape: `${c}x${h / 2}x${w / 2}`, flops: 0, bytes: 5 * n },
      prepare: forwardOf(device, () => {
        const input = map(device, c, h / 2, w / 2, 1);
        return {
          inputs: [input],
          run: () => upsampleBilinear(input, { scale: 2, outH: h, outW: w }),
          expected: (place) => upsample2At(x, h / 2, w / 2, place),
        };
      }),
    },
    {
      ...{ name: 'ReLU', shape: `${c}x${h}x${w}`, flops: n, bytes: 8 * n },
      prepare: one(
        (t) => relu(t),
        (place) => Math.max(0, x[place] as number),
      ),
    },
    {
      ...{ name: 'add', shape: `${c}x${h}x${w}`, flops: n, bytes: 12 * n },
      prepare: forwardOf(device, () => {
        const [a, b] = [map(device, c, h, w, 1), map(device, c, h, w, 2)];
        const other = randomData(n, 2);
        return {
          inputs: [a, b],
          run: () => add(a, b),
          expected: (place) => Math.fround((x[place] as number) + (other[place] as number)),
        };
      }),
    },
    {
      ...{ name: 'SGD step', shape: `${(n / 1e6).toFixed(1)} M parameters`, flops: 5 * n },
      bytes: 20 * n,
      prepare: sgdPrepare(device, n),
    },
  ];
  return list.map(({ prepare, work, ...about }) => ({
    group: 'maps',
    ...about,
    work: work ?? { kind: 'other' },
    contestants: [{ maker: 'aofd', variant: 'planned', prepareAsync: prepare }],
  }));
}

function roiRows(device: Device): Row[] {
  const [c, side, count] = [512, 32, 128];
  const inputs = (): Tensor[] => [
    map(device, c, side, side, 1),
    device.release(device.tensor(randomRois(count, 512), [count, 5])),
  ];
  const pool = ([features, rois]: Tensor[]): Tensor =>
    roiPool(features as Tensor, rois as Tensor, { spatialScale: 1 / 16 });
  const bytes = 4 * (c * side * side + count * c * 49);
  const shape = `${count} RoIs, ${c}x${side}x${side}`;
  return [
    {
      ...{ name: 'RoI pool forward', shape, flops: 0, bytes },
      prepare: forwardOf(device, () => {
        const tensors = inputs();
        return { inputs: tensors, run: () => pool(tensors) };
      }),
    },
    {
      ...{ name: 'RoI pool backward', shape, flops: 0, bytes: bytes + 4 * count * c * 49 },
      prepare: backwardOf(device, () => {
        const tensors = inputs();
        return { inputs: tensors, forward: () => pool(tensors) };
      }),
    },
  ];
}
