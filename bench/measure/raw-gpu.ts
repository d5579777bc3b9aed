/** Bare WebGPU for the machine's ceilings: no tensors, no kernel files, nothing between. */
import type { Device } from '../../src/nn/index.js';

/** Buffer usage: STORAGE | COPY_SRC | COPY_DST. */
const STORAGE = 0x80 | 0x4 | 0x8;
const UNIFORM = 0x40 | 0x8;

/** A compute pipeline with its bindings, ready to run. */
export interface RawKernel {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
}

export function rawBuffer(device: Device, bytes: number, usage = STORAGE): GPUBuffer {
  return device.context.gpu.createBuffer({ size: bytes, usage });
}

export function rawUniform(device: Device, data: Uint32Array<ArrayBuffer>): GPUBuffer {
  const buffer = rawBuffer(device, data.byteLength, UNIFORM);
  device.context.gpu.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Compiles WGSL with an entry point `main` and binds buffers 0, 1, ... in their order. */
export function rawKernel(device: Device, code: string, buffers: readonly GPUBuffer[]): RawKernel {
  const { gpu } = device.context;
  const module = gpu.createShaderModule({ code });
  const pipeline = gpu.createComputePipeline({
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return { pipeline, group };
}

/** Submits what `record` puts into an encoder. */
export function submit(device: Device, record: (encoder: GPUCommandEncoder) => void): void {
  const { gpu } = device.context;
  const encoder = gpu.createCommandEncoder();
  record(encoder);
  gpu.queue.submit([encoder.finish()]);
}

/** Waits as the library waits. */
export function doneAsync(device: Device): Promise<undefined> {
  const { gpu, platform } = device.context;
  return platform.settle(gpu.queue.onSubmittedWorkDone());
}

export function dispatchRaw(
  encoder: GPUCommandEncoder,
  kernel: RawKernel,
  groups: number,
  times = 1,
): void {
  const pass = encoder.beginComputePass();
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, kernel.group);
  for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups);
  pass.end();
}
