/** The fully connected layers of VGG16's head, each pass alone. */
import { linear, type Device, type Tensor } from '../../src/nn/index.js';
import { backwardWork } from './backward.js';
import { deviation, randomData, samplePlaces } from './data.js';
import { linearAt } from './reference.js';
import { passNames, passes, type BenchCase, type Pass, type Prepared } from '../measure/case.js';

export interface LinearSizes {
  rows: number;
  inputs: number;
  outputs: number;
}

/** What a linear case works on; peers use the same. */
export interface LinearData {
  x: Float32Array;
  weight: Float32Array;
  dY: Float32Array;
}

export function linearData({ rows, inputs, outputs }: LinearSizes): LinearData {
  return {
    x: randomData(rows * inputs, 1),
    weight: randomData(outputs * inputs, 2, Math.sqrt(3 / inputs)),
    dY: randomData(rows * outputs, 4),
  };
}

/** Deviation of a pass's row-major result on sampled places. */
export function checkLinear(
  pass: Pass,
  s: LinearSizes,
  data: LinearData,
  got: ArrayLike<number>,
): number {
  const size = {
    forward: s.rows * s.outputs,
    inputGradient: s.rows * s.inputs,
    weightGradient: s.outputs * s.inputs,
  };
  const places = samplePlaces(size[pass], 64, 6);
  return deviation(
    places.map((place) => got[place] as number),
    places.map((place) => linearAt(pass, data, s, place)),
  );
}

interface Operands {
  x: Tensor;
  weight: Tensor;
  dispose(): void;
}

function upload(device: Device, s: LinearSizes, data: LinearData): Operands {
  const x = device.release(device.tensor(data.x, [s.rows, s.inputs]));
  const weight = device.release(device.tensor(data.weight, [s.outputs, s.inputs]));
  return {
    x,
    weight,
    dispose() {
      x.dispose();
      weight.dispose();
    },
  };
}

async function prepareForwardAsync(device: Device, s: LinearSizes): Promise<Prepared> {
  const data = linearData(s);
  const operands = upload(device, s, data);
  const { x, weight } = operands;
  await device.settledAsync();
  let y: Tensor | null = null;
  return {
    beforeAsync() {
      y?.dispose();
      x.freeDerived(); // in a network every matrix of features is new
      return Promise.resolve();
    },
    async runAsync() {
      y = device.release(linear(x, weight, null));
      await device.settledAsync();
    },
    async checkAsync() {
      return checkLinear('forward', s, data, await (y as Tensor).readAsync());
    },
    disposeAsync() {
      y?.dispose();
      operands.dispose();
      return Promise.resolve();
    },
  };
}

function prepareGradient(device: Device, s: LinearSizes, pass: Exclude<Pass, 'forward'>): Prepared {
  const data = linearData(s);
  const operands = upload(device, s, data);
  const { x, weight } = operands;
  const leaf = pass === 'inputGradient' ? x : weight;
  const forward = (): Tensor => {
    x.freeDerived();
    return linear(x, weight, null);
  };
  const work = backwardWork(device, leaf, forward, () => data.dY);
  return {
    ...work,
    async checkAsync() {
      return checkLinear(pass, s, data, await (leaf.grad as Tensor).readAsync());
    },
    disposeAsync() {
      work.dispose();
      operands.dispose();
      return Promise.resolve();
    },
  };
}

/** fc6 and fc7 at 128 rows, forward and both gradients. */
export function linearCases(device: Device, isQuick: boolean): BenchCase[] {
  const layers = [
    ['fc6', { rows: 128, inputs: 25088, outputs: 4096 }],
    ['fc7', { rows: 128, inputs: 4096, outputs: 4096 }],
  ] as const;
  return layers
    .filter(([name]) => !isQuick || name === 'fc7')
    .flatMap(([name, s]) =>
      passes.map((pass): BenchCase => ({
        group: 'linear',
        name: `${name} ${passNames[pass]}`,
        shape: `${s.rows}x${s.inputs}->${s.outputs}`,
        work: { kind: 'linear', pass, ...s },
        flops: 2 * s.rows * s.inputs * s.outputs,
        bytes: 4 * (s.rows * (s.inputs + s.outputs) + s.inputs * s.outputs),
        contestants: [
          {
            maker: 'aofd',
            variant: 'planned',
            prepareAsync: async () =>
              pass === 'forward'
                ? prepareForwardAsync(device, s)
                : prepareGradient(device, s, pass),
          },
        ],
      })),
    );
}
