import { nd, ndSize, type TwinArray } from '../../../src/nn/twins/nd.js';
import { record, Tape, Tensor, type Device, type DispatchSpec } from '../../../src/nn/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';
import type { CaseInput, OpCase } from './case.js';
import { assertClose } from './tolerance.js';
import { pretend } from '../../helpers/pretend.js';

/** Guard words: a NaN pattern that no kernel writes by chance. */
const sentinel = 0x7fd5a5a5;
const guardBytes = 512;

type Arrays = Record<string, TwinArray>;

function f32(values: Float64Array): Float64Array {
  return values.map(Math.fround);
}

/** The inputs of a case as float64 arrays that are exact in the tensors' element types. */
export function makeInputs(test: OpCase): Arrays {
  const arrays: Arrays = {};
  for (const [name, input] of Object.entries(test.inputs)) {
    const random = new CounterRng(7, `${test.name}/${name}`);
    const array = nd(input.shape);
    for (let i = 0; i < array.data.length; i++) {
      array.data[i] = input.fill(() => random.next(), i);
    }
    if ((input.dtype ?? 'f32') === 'f32') array.data = f32(array.data);
    arrays[name] = array;
  }
  return arrays;
}

/** A reproducible dY in [-1, 1). */
export function makeUpstream(test: OpCase, shape: readonly number[]): TwinArray {
  const random = new CounterRng(11, test.name);
  const dY = nd(shape);
  for (let i = 0; i < dY.data.length; i++) dY.data[i] = Math.fround(random.range(-1, 1));
  return dY;
}

export function wantsGrad(input: CaseInput): boolean {
  return input.grad ?? (input.dtype ?? 'f32') === 'f32';
}

/**
 * Puts guard words behind every buffer that is acquired while `body` runs, fills fresh buffers
 * with NaN patterns, and afterwards checks that no kernel touched the guards. Kernels see whole
 * buffers, guards included, so that a write past the end is not hidden by the binding's size.
 */
async function guardedAsync<T>(
  device: Device,
  guard: boolean,
  limit: number | null,
  body: () => Promise<T>,
): Promise<T> {
  const { context } = device;
  const made: { buffer: GPUBuffer; bytes: number }[] = [];
  const acquire = context.acquireBuffer.bind(context);
  const dispatch = device.dispatch.bind(device);
  const before = context.bindingLimit;
  context.acquireBuffer = (bytes) => {
    const buffer = acquire(bytes + guardBytes);
    context.upload(buffer, new Uint32Array(buffer.size / 4).fill(sentinel));
    made.push({ buffer, bytes });
    return buffer;
  };
  device.zeros = (shape, options) => {
    const tensor = device.empty(shape, options);
    if (tensor.byteLength > 0) {
      context.copyEncoder().clearBuffer(tensor.buffer, 0, tensor.byteLength);
      context.recorded();
    }
    return tensor;
  };
  device.dispatch = (spec: DispatchSpec) => {
    const bindings: Record<string, DispatchSpec['bindings'][string]> = {};
    for (const [name, value] of Object.entries(spec.bindings)) {
      const size = value instanceof Tensor ? value.byteLength : 'buffer' in value ? value.size : 0;
      if (limit !== null && size > limit) {
        throw new Error(
          `${spec.kernel}: binding "${name}" has ${size} bytes, over the limit of ${limit}`,
        );
      }
      bindings[name] =
        guard && value instanceof Tensor
          ? { buffer: value.buffer, offset: 0, size: value.buffer.size }
          : value;
    }
    dispatch({ ...spec, bindings });
  };
  if (limit !== null) pretend(device, { bindingLimit: limit });
  try {
    const result = await body();
    // The last content of each buffer is checked: buffers may have been used more than once.
    const last = new Map(made.map((m) => [m.buffer, m.bytes]));
    for (const [buffer, bytes] of last) {
      const words = new Uint32Array(await context.readAsync(buffer, 0, buffer.size));
      for (let i = Math.ceil(bytes / 4); i < words.length; i++) {
        if (words[i] !== sentinel) {
          throw new Error(
            `a kernel wrote past the end: word ${i} of a buffer of ${bytes / 4} elements is 0x${(words[i] as number).toString(16)}`,
          );
        }
      }
    }
    return result;
  } finally {
    pretend(device, { bindingLimit: before });
    // The patches live on the instances, over the methods of the prototypes.
    delete (context as Partial<typeof context>).acquireBuffer;
    delete (device as Partial<Device>).zeros;
    delete (device as Partial<Device>).dispatch;
  }
}

/** Throws when a pad lane of a c4 tensor is not zero. */
async function checkPadsAsync(what: string, tensor: Tensor): Promise<void> {
  if (tensor.layout !== 'c4') return;
  const [, c = 0, h = 0, w = 0] = tensor.shape;
  const quads = Math.ceil(c / 4);
  const stored = new Float32Array(
    await tensor.device.context.readAsync(tensor.buffer, 0, tensor.byteLength),
  );
  for (let i = 0; i < stored.length; i++) {
    const channel = (Math.floor(i / (4 * h * w)) % quads) * 4 + (i % 4);
    if (channel >= c && stored[i] !== 0) {
      throw new Error(
        `${what}: pad lane of channel ${channel} (stored element ${i}) is ${stored[i]}`,
      );
    }
  }
}

/** The case's inputs as tensors of the device. */
export function upload(device: Device, test: OpCase, arrays: Arrays): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, input] of Object.entries(test.inputs)) {
    const { layout = 'row', dtype = 'f32' } = input;
    tensors[name] = device.tensor((arrays[name] as TwinArray).data, input.shape, {
      layout,
      dtype,
      name,
    });
  }
  return tensors;
}

function sameShape(what: string, got: readonly number[], want: readonly number[]): void {
  if (got.join() !== want.join()) {
    throw new Error(`${what}: shape [${got.join(', ')}], expected [${want.join(', ')}]`);
  }
}

/** Forward on the device against the twin. */
export async function checkParityAsync(
  device: Device,
  test: OpCase,
  limit: number | null = null,
): Promise<void> {
  const arrays = makeInputs(test);
  const want = test.twin(arrays);
  await noLeakAsync(device, () =>
    guardedAsync(device, test.guard ?? true, limit, async () => {
      using _scope = device.scope();
      const y = test.run(upload(device, test, arrays), device);
      sameShape('output', y.shape, want.shape);
      const got = await y.readAsync();
      assertClose('output', got, want.data, want.shape, {
        rtol: test.rtol ?? 1e-5,
        atol: test.atol ?? 1e-6,
      });
      await checkPadsAsync('output', y);
    }),
  );
}

/** Gradients on the device, through a tape, against the twin's backward. */
export async function checkGradientAsync(
  device: Device,
  test: OpCase,
  limit: number | null = null,
): Promise<void> {
  if (!test.twinGrad) return;
  const arrays = makeInputs(test);
  const dY = makeUpstream(test, test.twin(arrays).shape);
  const want = test.twinGrad(arrays, dY);
  await noLeakAsync(device, () =>
    guardedAsync(device, test.guard ?? true, limit, async () => {
      using _scope = device.scope();
      const tensors = upload(device, test, arrays);
      const leaves: Tensor[] = [];
      for (const [name, input] of Object.entries(test.inputs)) {
        const leaf = tensors[name] as Tensor;
        leaf.requiresGrad = wantsGrad(input);
        if (leaf.requiresGrad) leaves.push(leaf);
      }
      using tape = new Tape(device);
      const y = test.run(tensors, device);
      // A scalar whose gradient with respect to y is dY, without a kernel.
      const upstream = device.tensor(dY.data, y.shape, { layout: y.layout });
      const probe = device.zeros([1]);
      record({ op: 'probe', inputs: [y], outputs: [probe], backward: () => [upstream] });
      tape.backward([[probe, 1]]);
      for (const leaf of leaves) {
        const expected = want[leaf.name];
        if (!expected) throw new Error(`twinGrad gives no gradient of ${leaf.name}`);
        if (!leaf.grad) throw new Error(`no gradient reached ${leaf.name}`);
        sameShape(`gradient of ${leaf.name}`, leaf.grad.shape, expected.shape);
        const got = await leaf.grad.readAsync();
        assertClose(`gradient of ${leaf.name}`, got, expected.data, expected.shape, {
          rtol: test.gradRtol ?? test.rtol ?? 1e-5,
          atol: test.gradAtol ?? test.atol ?? 1e-6,
        });
        await checkPadsAsync(`gradient of ${leaf.name}`, leaf.grad);
      }
    }),
  );
}

/**
 * The twin's backward against central differences of the twin, in float64: every element of small
 * inputs, otherwise some elements and random directions.
 */
export function checkTwinGradient(test: OpCase): void {
  if (!test.twinGrad || test.fd === false) return;
  const { eps = 1e-5, tol = 1e-6 } = test.fd ?? {};
  const arrays = makeInputs(test);
  const dY = makeUpstream(test, test.twin(arrays).shape);
  const gradients = test.twinGrad(arrays, dY);
  const loss = (): number => {
    const y = test.twin(arrays);
    let total = 0;
    for (let i = 0; i < y.data.length; i++) total += (y.data[i] as number) * (dY.data[i] as number);
    return total;
  };
  for (const [name, input] of Object.entries(test.inputs)) {
    if (!wantsGrad(input)) continue;
    const array = arrays[name] as TwinArray;
    const gradient = gradients[name];
    if (!gradient) throw new Error(`twinGrad gives no gradient of ${name}`);
    const origin = array.data;
    const n = ndSize(array.shape);
    const random = new CounterRng(13, `${test.name}/${name}`);
    const along = (what: string, direction: (i: number) => number): void => {
      const d = Float64Array.from({ length: n }, (_, i) => direction(i));
      let want = 0;
      for (let i = 0; i < n; i++) want += (d[i] as number) * (gradient.data[i] as number);
      array.data = origin.map((v, i) => v + eps * (d[i] as number));
      const high = loss();
      array.data = origin.map((v, i) => v - eps * (d[i] as number));
      const low = loss();
      array.data = origin;
      const got = (high - low) / (2 * eps);
      const scale = Math.max(1, Math.abs(want), (Math.abs(high) + Math.abs(low)) * 1e-4);
      if (!(Math.abs(got - want) <= tol * scale)) {
        throw new Error(
          `twin gradient of ${name} ${what}: backward gives ${want}, finite differences give ${got} (tolerance ${tol * scale})`,
        );
      }
    };
    if (n <= 64) {
      for (let j = 0; j < n; j++) along(`at element ${j}`, (i) => (i === j ? 1 : 0));
    } else {
      for (let k = 0; k < 12; k++) {
        const j = random.int(n);
        along(`at element ${j}`, (i) => (i === j ? 1 : 0));
      }
      for (let k = 0; k < 3; k++) along(`in random direction ${k}`, () => random.range(-1, 1));
    }
  }
}

/** Runs `body` and checks that it left no tensor and no buffer alive. */
async function noLeakAsync(device: Device, body: () => Promise<void>): Promise<void> {
  const tensors = device.liveTensors().length;
  const { liveBytes } = device.stats();
  await body();
  const left = device.liveTensors().slice(tensors);
  if (left.length > 0) throw new Error(`leaked tensors: ${left.join('; ')}`);
  const bytes = device.stats().liveBytes - liveBytes;
  if (bytes !== 0) throw new Error(`leaked ${bytes} bytes of GPU memory`);
}
