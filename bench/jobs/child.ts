/**
 * What needs a process of its own, started by `spawnChildAsync`: the cold start, compilation with the
 * driver's shader cache off, and memory. Prints one JSON line.
 */
import process from 'node:process';
import '../../src/aofd/node.js';
import { Device } from '../../src/nn/index.js';
import { presetConfig } from '../../src/aofd/config/index.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import { ANSWER_MARK, type ChildAnswer, type ChildTask, type CompileTime } from './child-task.js';
import { openDetectorAsync } from './open-detector.js';
import { peakRssMb } from './memory.js';
import { openTrainingAsync } from '../cases/training-step.js';

const task = JSON.parse(process.argv[2] ?? '{}') as ChildTask;
const open = { adapter: task.device };

async function firstResultAsync(): Promise<ChildAnswer> {
  await using detector = await Detector.createAsync({ device: task.device });
  const loaded = performance.now();
  const { faces } = await detector.detectAsync(task.picture);
  const firstMs = performance.now();
  const again: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await detector.detectAsync(task.picture);
    again.push(performance.now() - start);
  }
  return {
    firstResultMs: firstMs,
    loadedMs: loaded,
    nextMs: again,
    faces: faces.length,
    pipelines: detector.device.stats().pipelines,
  };
}

/** Compiles every kernel of `used` once more, each alone, on a new device. */
async function compileTimesAsync(used: Device): Promise<CompileTime[]> {
  const fresh = await Device.createAsync(open);
  const { gpu, platform } = fresh.context;
  const times: CompileTime[] = [];
  for (const { name, code, bindings, paramsSize } of used.kernels.list()) {
    const buffer = (usage: number): GPUBuffer =>
      gpu.createBuffer({ size: Math.max(256, paramsSize), usage });
    const entries: GPUBindGroupEntry[] = bindings.map(({ index: binding, kind, ...b }) => {
      if (kind === 'uniform') return { binding, resource: { buffer: buffer(0x40) } };
      if (kind === 'read' || kind === 'write')
        return { binding, resource: { buffer: buffer(0x80) } };
      const texture = gpu.createTexture({
        size: [4, 4, 1],
        format: b.textureFormat ?? 'rgba32float',
        usage: kind === 'sampled-texture' ? 0x4 : 0x8,
      });
      return { binding, resource: texture.createView({ dimension: b.viewDimension ?? '2d' }) };
    });
    gpu.pushErrorScope('validation');
    const cpu = process.cpuUsage();
    const start = performance.now();
    const pipeline = await platform.settle(
      gpu.createComputePipelineAsync({
        layout: 'auto',
        compute: { module: gpu.createShaderModule({ code }), entryPoint: 'main' },
      }),
    );
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(0); // drivers that compile late do it now
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    await platform.settle(gpu.queue.onSubmittedWorkDone());
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    const error = await platform.settle(gpu.popErrorScope());
    if (!error) times.push({ name, ms, cpuMs: (user + system) / 1000 });
  }
  await fresh.destroyAsync();
  return times;
}

async function compileAsync(): Promise<ChildAnswer> {
  const device = await Device.createAsync(open);
  if (task.kind === 'compile-detect') {
    const detector = await Detector.createAsync({ device });
    await detector.detectAsync(task.picture);
    detector.dispose();
  } else {
    const training = await openTrainingAsync(device, presetConfig('lite'));
    await training.stepAsync();
  }
  const { pipelines } = device.stats();
  const compileTimes = await compileTimesAsync(device);
  return { pipelines, compileTimes };
}

/** A step of training or a detection, twice: what stays from the first is there in the second. */
async function memoryAsync(): Promise<ChildAnswer> {
  const device = await Device.createAsync(open);
  const preset = task.preset ?? 'lite';
  if (task.kind === 'memory-detect') {
    const { detector } = await openDetectorAsync(device, preset, task.size ?? 512);
    for (let i = 0; i < 2; i++) await detector.detectAsync(task.picture);
  } else {
    const training = await openTrainingAsync(device, presetConfig(preset));
    for (let i = 0; i < 2; i++) await training.stepAsync();
  }
  const { peakBytes, pipelines } = device.stats();
  return { pipelines, deviceMb: peakBytes / 1e6, processMb: peakRssMb() };
}

const work = {
  'first-result': firstResultAsync,
  'compile-detect': compileAsync,
  'compile-train': compileAsync,
  'memory-detect': memoryAsync,
  'memory-train': memoryAsync,
};
const answer = await work[task.kind]();
process.stdout.write(`\n${ANSWER_MARK}${JSON.stringify(answer)}\n`, () => process.exit(0));
