/**
 * What the machine can do at best through WebGPU: arithmetic, memory, and the costs of asking. A share
 * of the peak means a share of this arithmetic: 12 independent chains of scalar multiply-adds per
 * invocation, in the best of a few workgroup sizes.
 */
import type { Device } from '../../src/nn/index.js';
import { median } from '../../src/nn/ops/tuning/quantile.js';
import type { Prepared } from './case.js';
import { clockAsync } from './clock.js';
import { figuresOf, type Figure } from './figure.js';
import { dispatchRaw, doneAsync, rawBuffer, rawKernel, rawUniform, submit } from './raw-gpu.js';
import { spreadOf } from './stats.js';

/** What the machine can do at best through this API. */
export interface Ceilings {
  /** Multiply-adds of scalar f32, 10^9 FLOP per second by processor time (software) or wall time. */
  peakGflops: number;
  /** 10^9 bytes read and written per second by a buffer copy. */
  bandwidthGbs: number;
  /** FLOPs of one run of the peak, as it takes its turn in every round. */
  probeFlops: number;
}

const CHAINS = 12;
const UNROLL = 4;

/** The clock of shares: processor time where the adapter computes on the processor. */
export function shareClock(device: Device): 'cpuMs' | 'wallMs' {
  return device.adapter.isSoftware ? 'cpuMs' : 'wallMs';
}

function fmaCode(workgroup: number): string {
  const names = Array.from({ length: CHAINS }, (_, i) => `c${i}`);
  const start = names.map((c, i) => `var ${c} = f32(id.x) * 1e-9 + ${i}.0;`).join('\n  ');
  const line = names.map((c) => `${c} = fma(${c}, a, b);`).join(' ');
  return `
@group(0) @binding(0) var<uniform> size: vec4u;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${workgroup}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = bitcast<f32>(size.y);
  let b = bitcast<f32>(size.z);
  ${start}
  for (var i = 0u; i < size.x; i++) {
    ${Array.from({ length: UNROLL }, () => line).join('\n    ')}
  }
  y[id.x] = ${names.join(' + ')};
}`;
}

/** A run of the arithmetic peak and how many FLOPs it does. */
export interface PeakProbe extends Prepared {
  flops: number;
  workgroup: number;
  gflops: number;
}

function fmaRun(device: Device, workgroup: number, iterations: number): Omit<PeakProbe, 'gflops'> {
  const invocations = device.adapter.isSoftware ? 1 << 14 : 1 << 20;
  const size = new Uint32Array(4);
  size[0] = iterations;
  new Float32Array(size.buffer).set([0.999, 0.001], 1);
  const uniform = rawUniform(device, size);
  const y = rawBuffer(device, invocations * 4);
  const kernel = rawKernel(device, fmaCode(workgroup), [uniform, y]);
  return {
    workgroup,
    flops: 2 * CHAINS * UNROLL * iterations * invocations,
    async runAsync() {
      submit(device, (encoder) => dispatchRaw(encoder, kernel, invocations / workgroup));
      await doneAsync(device);
    },
    disposeAsync() {
      uniform.destroy();
      y.destroy();
      return Promise.resolve();
    },
  };
}

/** The fastest of the workgroup sizes, sized to run about `targetMs`. */
export async function peakProbeAsync(
  device: Device,
  cores: number,
  targetMs = 40,
): Promise<PeakProbe> {
  const clock = shareClock(device);
  const rate = async (probe: Omit<PeakProbe, 'gflops'>, repeats: number): Promise<number> => {
    await probe.runAsync();
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) {
      times.push((await clockAsync(() => probe.runAsync(), cores))[clock]);
    }
    return probe.flops / median(times) / 1e6;
  };
  let best = { workgroup: 0, gflops: 0 };
  for (const workgroup of [32, 64, 128, 256]) {
    const probe = fmaRun(device, workgroup, device.adapter.isSoftware ? 512 : 2048);
    const gflops = await rate(probe, 3);
    if (gflops > best.gflops) best = { workgroup, gflops };
    await probe.disposeAsync();
  }
  const flopsEach = fmaRun(device, best.workgroup, 1);
  await flopsEach.disposeAsync();
  const iterations = Math.max(64, Math.round((targetMs * best.gflops * 1e6) / flopsEach.flops));
  const probe = fmaRun(device, best.workgroup, iterations);
  return { ...probe, gflops: await rate(probe, 5) };
}

/** Sums of 64 numbers per invocation, neighbours side by side. */
const readCode = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let count = arrayLength(&y);
  var sum = 0.0;
  for (var i = 0u; i < 64u; i++) { sum += x[i * count + id.x]; }
  y[id.x] = sum;
}`;

const emptyCode = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() { y[0] = 1.0; }`;

const figure = figuresOf('ceilings');

interface Probing {
  device: Device;
  cores: number;
  repeats: number;
  figures: Figure[];
}

/** Times `work` and adds `value(timeMs)` as a figure; one run goes before. @returns the median */
async function figureAsync(
  probing: Probing,
  name: string,
  unit: string,
  work: () => Promise<void>,
  value: (ms: number) => number,
): Promise<number> {
  await work();
  const values: number[] = [];
  for (let i = 0; i < probing.repeats; i++) {
    const { wallMs } = await clockAsync(work, probing.cores);
    values.push(value(wallMs));
  }
  const spread = spreadOf(values);
  probing.figures.push(figure(name, spread, unit));
  return spread.median;
}

async function memoryAsync(probing: Probing): Promise<number> {
  const { device } = probing;
  const bytes = Math.min(64 * 2 ** 20, device.context.limits.maxStorageBufferBindingSize);
  const [from, to] = [rawBuffer(device, bytes), rawBuffer(device, bytes)];
  const copy = await figureAsync(
    probing,
    'copy, read and write',
    'GB/s',
    async () => {
      submit(device, (e) => {
        for (let i = 0; i < 4; i++) e.copyBufferToBuffer(from, 0, to, 0, bytes);
      });
      await doneAsync(device);
    },
    (ms) => (8 * bytes) / ms / 1e6,
  );
  const sums = rawBuffer(device, bytes / 64);
  const reader = rawKernel(device, readCode, [from, sums]);
  const read = await figureAsync(
    probing,
    'read by a kernel, f32',
    'GB/s',
    async () => {
      submit(device, (e) => dispatchRaw(e, reader, bytes / 64 / 4 / 64));
      await doneAsync(device);
    },
    (ms) => bytes / ms / 1e6,
  );
  for (const buffer of [from, to, sums]) buffer.destroy();
  return Math.max(copy, read);
}

async function callsAsync(probing: Probing): Promise<void> {
  const { device } = probing;
  const y = rawBuffer(device, 256);
  const kernel = rawKernel(device, emptyCode, [y]);
  const many = 500;
  await figureAsync(
    probing,
    'dispatch, in one pass',
    'us',
    async () => {
      submit(device, (e) => dispatchRaw(e, kernel, 1, many));
      await doneAsync(device);
    },
    (ms) => (1000 * ms) / many,
  );
  await figureAsync(
    probing,
    'submit with one dispatch',
    'us',
    async () => {
      for (let i = 0; i < 100; i++) submit(device, (e) => dispatchRaw(e, kernel, 1));
      await doneAsync(device);
    },
    (ms) => 10 * ms,
  );
  await figureAsync(
    probing,
    'submit and wait',
    'ms',
    async () => {
      submit(device, (e) => dispatchRaw(e, kernel, 1));
      await doneAsync(device);
    },
    (ms) => ms,
  );
  y.destroy();
}

async function transfersAsync(probing: Probing): Promise<void> {
  const { device } = probing;
  const { context } = device;
  for (const [label, bytes] of [
    ['4 B', 4],
    ['1 MB', 1e6],
    ['64 MB', 64e6],
  ] as const) {
    const buffer = rawBuffer(device, Math.ceil(bytes / 256) * 256);
    await figureAsync(
      probing,
      `readback of ${label}`,
      'ms',
      async () => {
        await context.readAsync(buffer, 0, bytes);
      },
      (ms) => ms,
    );
    if (bytes > 4) {
      const data = new Float32Array(bytes / 4);
      await figureAsync(
        probing,
        `upload of ${label}`,
        'ms',
        async () => {
          context.gpu.queue.writeBuffer(buffer, 0, data);
          await doneAsync(device);
        },
        (ms) => ms,
      );
    }
    buffer.destroy();
  }
}

/** Measures the machine. The peak is `probe`'s. */
export async function measureCeilingsAsync(
  device: Device,
  probe: PeakProbe,
  options: { cores: number; repeats: number },
): Promise<{ ceilings: Ceilings; figures: Figure[] }> {
  const probing: Probing = { device, ...options, figures: [] };
  const clock = shareClock(device) === 'cpuMs' ? 'processor' : 'wall';
  const how = `${CHAINS} chains, workgroups of ${probe.workgroup}, by ${clock} time`;
  probing.figures.push(figure('multiply-add peak, f32', probe.gflops, 'GFLOP/s', how));
  const bandwidthGbs = await memoryAsync(probing);
  await callsAsync(probing);
  await transfersAsync(probing);
  return {
    ceilings: { peakGflops: probe.gflops, bandwidthGbs, probeFlops: probe.flops },
    figures: probing.figures,
  };
}
