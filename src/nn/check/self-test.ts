/** A short test of the most important kernels against their CPU references, on any adapter. */
import { handled } from '../errors.js';
import { Tape } from '../autograd/tape.js';
import { conv2d as convTwin, conv2dBackward } from '../twins/conv.js';
import { linear as linearTwin, linearBackward } from '../twins/linear.js';
import { nd, type TwinArray } from '../twins/nd.js';
import { maxPool2d as poolTwin } from '../twins/pool.js';
import { upsampleBilinear as bilinearTwin } from '../twins/upsample.js';
import { roiPool as roiTwin } from '../twins/roi.js';
import { softmax as softmaxTwin } from '../twins/softmax.js';
import { weightStandardize as weightStandardizeTwin } from '../twins/weight.js';
import { conv2d, type Conv2dOptions } from '../ops/conv/conv2d.js';
import { linear } from '../ops/linear/linear.js';
import { maxPool2d } from '../ops/pool.js';
import { roiPool } from '../ops/roi.js';
import { softmax } from '../ops/softmax.js';
import { upsampleBilinear } from '../ops/upsample.js';
import { weightStandardize } from '../ops/weight.js';
import type { Device } from '../tensor/device.js';
import { CounterRng } from '../tensor/random.js';
import type { Layout } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkRow, type CheckRow } from './compare.js';
import { toleranceOf } from './recording.js';

interface SelfCase {
  name: string;
  op: string;
  inputs: { shape: number[]; layout?: Layout; values?: number[] }[];
  run: (inputs: Tensor[]) => Tensor;
  twin: (inputs: TwinArray[]) => TwinArray;
  /** Gradients of the inputs for a gradient of ones; absent: forward only. */
  gradients?: (inputs: TwinArray[], dY: TwinArray) => TwinArray[];
}

/**
 * Runs every case. Takes about ten seconds on a software adapter at most; cases after `limitMs`
 * are left out and say so.
 */
export async function selfTestAsync(device: Device, limitMs = 15000): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  const start = performance.now();
  for (const test of selfCases()) {
    if (performance.now() - start > limitMs) {
      const base = { name: test.name, op: test.op, shape: [], difference: null, tolerance: 0 };
      rows.push({ ...base, passed: true, note: 'left out: no time left' });
      continue;
    }
    try {
      rows.push(...(await runCaseAsync(device, test)));
    } catch (error) {
      const base = { name: test.name, op: test.op, shape: [], difference: null, tolerance: 0 };
      rows.push({ ...base, passed: false, note: (error as Error).message.split('\n')[0] ?? '' });
    }
  }
  return rows;
}

async function runCaseAsync(device: Device, test: SelfCase): Promise<CheckRow[]> {
  const rng = new CounterRng(20, `self-test/${test.name}`);
  const arrays = test.inputs.map(({ shape, values }) => {
    const array = nd(shape, values);
    // float32 values, so that both sides start from the same numbers.
    if (!values)
      for (let i = 0; i < array.data.length; i++) array.data[i] = Math.fround(2 * rng.next() - 1);
    return array;
  });
  const tensors = arrays.map(({ shape, data }, i) => {
    const tensor = device.release(
      device.tensor(data, shape, { layout: test.inputs[i]?.layout ?? 'row' }),
    );
    tensor.requiresGrad = test.gradients !== undefined;
    return tensor;
  });
  const tolerance = toleranceOf(test.op);
  try {
    await readAllAsync(device, test, tensors); // compiles
    await device.settledAsync();
    const start = performance.now();
    const [got, ...gradients] = await readAllAsync(device, test, tensors);
    const timeMs = performance.now() - start;
    const want = test.twin(arrays);
    const rows = [{ ...checkRow(test.name, test.op, got ?? [], want, tolerance), timeMs }];
    const ones = nd(want.shape, new Float64Array(want.data.length).fill(1));
    test.gradients?.(arrays, ones).forEach((dWant, i) => {
      rows.push({
        ...checkRow(`${test.name}, gradient ${i}`, test.op, gradients[i] ?? [], dWant, tolerance),
        timeMs,
      });
    });
    return rows;
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/** Output and gradients, read back. */
async function readAllAsync(
  device: Device,
  test: SelfCase,
  tensors: Tensor[],
): Promise<ArrayLike<number>[]> {
  const reads: Promise<ArrayLike<number>>[] = [];
  {
    using _scope = device.scope();
    if (!test.gradients) reads.push(handled(test.run(tensors).readAsync()));
    else {
      using tape = new Tape(device);
      const y = test.run(tensors);
      reads.push(handled(y.readAsync()));
      const ones = device.tensor(new Float32Array(y.size).fill(1), y.shape, { layout: y.layout });
      tape.backward([[y, ones]]);
      for (const tensor of tensors) {
        if (tensor.grad) reads.push(handled(tensor.grad.readAsync()));
        tensor.grad?.dispose();
        tensor.grad = null;
      }
    }
  }
  return Promise.all(reads);
}

/** A convolution of x [N, C, H, W] with O kernels of K x K. */
function convCase(
  name: string,
  [n, c, h, w]: [number, number, number, number],
  [o, k]: [number, number],
  options: Conv2dOptions,
  hasGradients = false,
): SelfCase {
  return {
    name,
    op: 'conv2d',
    inputs: [{ shape: [n, c, h, w], layout: 'c4' }, { shape: [o, c, k, k] }, { shape: [o] }],
    run: ([x, weight, bias]) => conv2d(x as Tensor, weight as Tensor, bias as Tensor, options),
    twin: ([x, weight, bias]) =>
      convTwin(x as TwinArray, weight as TwinArray, bias as TwinArray, options),
    ...(hasGradients
      ? {
          gradients: ([x, weight, bias], dY): TwinArray[] => {
            const g = conv2dBackward(
              x as TwinArray,
              weight as TwinArray,
              bias as TwinArray,
              options,
              dY,
            );
            return [g.x, g.weight, g.bias];
          },
        }
      : {}),
  };
}

// eslint-disable-next-line max-lines-per-function -- a table of cases
function selfCases(): SelfCase[] {
  const rois = [0, 3, 5, 60, 70, 0, 30, 2, 90, 33, 0, 10.5, 20, 12, 24];
  return [
    convCase('conv 3x3', [1, 32, 24, 40], [32, 3], { pad: 1, relu: true }),
    convCase('conv 3x3, naive', [1, 8, 9, 11], [7, 3], { pad: 1, algorithm: 'naive' }, true),
    convCase('conv 3x3, lanes', [1, 32, 24, 24], [32, 3], { pad: 1, algorithm: 'lanes' }, true),
    convCase(
      'conv 3x3, Winograd',
      [1, 32, 24, 24],
      [32, 3],
      { pad: 1, algorithm: 'winograd4' },
      true,
    ),
    convCase('conv 3x3, stride 2', [1, 32, 33, 31], [64, 3], { pad: 1, stride: 2 }),
    convCase('conv 3x3, dilation 2', [1, 32, 24, 24], [32, 3], { pad: 2, dilation: 2 }),
    convCase('conv 1x1', [1, 64, 30, 40], [64, 1], {}),
    {
      name: 'matrix product',
      op: 'linear',
      inputs: [{ shape: [96, 512] }, { shape: [128, 512] }, { shape: [128] }],
      run: ([x, weight, bias]) => linear(x as Tensor, weight as Tensor, bias as Tensor),
      twin: ([x, weight, bias]) =>
        linearTwin(x as TwinArray, weight as TwinArray, bias as TwinArray),
      gradients: ([x, weight, bias], dY) => {
        const g = linearBackward(x as TwinArray, weight as TwinArray, bias as TwinArray, false, dY);
        return [g.x, g.weight, g.bias];
      },
    },
    {
      name: 'max pooling',
      op: 'maxPool2d',
      inputs: [{ shape: [1, 16, 25, 31], layout: 'c4' }],
      run: ([x]) => maxPool2d(x as Tensor, { ceil: true }),
      twin: ([x]) => poolTwin(x as TwinArray, true),
    },
    {
      name: 'RoI pooling',
      op: 'roiPool',
      inputs: [
        { shape: [1, 16, 12, 14], layout: 'c4' },
        { shape: [3, 5], values: rois },
      ],
      run: ([x, r]) => roiPool(x as Tensor, r as Tensor, { spatialScale: 1 / 8 }),
      twin: ([x, r]) => roiTwin(x as TwinArray, r as TwinArray, 1 / 8, 7).y,
    },
    {
      name: 'bilinear upsampling',
      op: 'upsampleBilinear',
      inputs: [{ shape: [1, 2, 9, 11], layout: 'c4' }],
      run: ([x]) => upsampleBilinear(x as Tensor, { scale: 8, outH: 70, outW: 85 }),
      twin: ([x]) => bilinearTwin(x as TwinArray, 8, [70, 85]),
    },
    {
      name: 'softmax',
      op: 'softmax',
      inputs: [{ shape: [1000, 2] }],
      run: ([x]) => softmax(x as Tensor),
      twin: ([x]) => softmaxTwin(x as TwinArray),
    },
    {
      name: 'weight standardisation',
      op: 'weightStandardize',
      inputs: [{ shape: [32, 32, 3, 3] }, { shape: [32] }],
      run: ([x, gain]) => weightStandardize(x as Tensor, gain as Tensor),
      twin: ([x, gain]) => weightStandardizeTwin(x as TwinArray, gain as TwinArray),
    },
  ];
}
