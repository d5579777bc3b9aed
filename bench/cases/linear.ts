/** The fully connected layers of VGG16's head, each pass alone. */
import { Tape, linear, type Device, type Tensor } from '../../src/nn/index.js';
import { deviation, randomData, samplePlaces } from './data.js';
import { passNames } from './conv.js';
import type { BenchCase, Prepared } from '../measure/measure.js';
import { linearAt } from './reference.js';
import type { Pass } from '../measure/types.js';

export interface LinearSizes {
  rows: number;
  inputs: number;
  outputs: number;
}

export function linearData({ rows, inputs, outputs }: LinearSizes): {
  x: Float32Array;
  weight: Float32Array;
  dY: Float32Array;
} {
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
  data: ReturnType<typeof linearData>,
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

async function prepareAsync(device: Device, s: LinearSizes, pass: Pass): Promise<Prepared> {
  const data = linearData(s);
  const make = (values: Float32Array, shape: number[]): Tensor =>
    device.release(device.tensor(values, shape));
  const x = make(data.x, [s.rows, s.inputs]);
  const weight = make(data.weight, [s.outputs, s.inputs]);
  const dY = pass === 'forward' ? null : make(data.dY, [s.rows, s.outputs]);
  if (pass === 'inputGradient') x.requiresGrad = true;
  if (pass === 'weightGradient') weight.requiresGrad = true;
  const leaf = pass === 'inputGradient' ? x : weight;
  let tape: Tape | null = null;
  let y: Tensor | null = null;
  const clear = (): void => {
    leaf.grad?.dispose();
    leaf.grad = null;
    tape?.[Symbol.dispose]();
    tape = null;
    y?.dispose();
    y = null;
  };
  await device.settledAsync();
  return {
    async beforeAsync() {
      clear();
      x.invalidateTexture();
      dY?.invalidateTexture();
      if (pass === 'forward') return;
      tape = new Tape(device);
      y = device.release(linear(x, weight, null));
      device.tape = null; // recorded; others take their turns while this tape waits
      await device.settledAsync();
    },
    async runAsync() {
      if (pass === 'forward') y = device.release(linear(x, weight, null));
      else {
        using _scope = device.scope();
        (tape as Tape).backward([[y as Tensor, dY as Tensor]]);
      }
      await device.settledAsync();
    },
    async checkAsync() {
      const result = pass === 'forward' ? (y as Tensor) : (leaf.grad as Tensor);
      return checkLinear(pass, s, data, await result.readAsync());
    },
    disposeAsync() {
      clear();
      for (const tensor of [x, weight, dY]) tensor?.dispose();
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
      (['forward', 'inputGradient', 'weightGradient'] as const).map((pass): BenchCase => ({
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
            prepareAsync: () => prepareAsync(device, s, pass),
          },
        ],
      })),
    );
}
