import type { Defines } from './preprocess.js';
import type { KernelInterface } from './reflect.js';

/** A kernel's text, and what it was expanded from. */
export interface KernelText {
  name: string;
  /** Of the first request that gave this text. */
  defines: Defines;
  code: string;
}

/** What a text is compiled to on one device. */
export interface Compiled {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/** The objects that a pipeline is made of. */
export interface PipelineParts {
  module: GPUShaderModule;
  layout: GPUBindGroupLayout;
  descriptor: GPUComputePipelineDescriptor;
}

/** Declares a kernel's bindings to a device and hands it the text; nothing is compiled yet. */
export function pipelineParts(
  gpu: GPUDevice,
  name: string,
  code: string,
  described: KernelInterface,
): PipelineParts {
  const module = gpu.createShaderModule({ label: name, code });
  const layout = gpu.createBindGroupLayout({
    label: name,
    entries: described.bindings.map((b): GPUBindGroupLayoutEntry => {
      const entry = { binding: b.index, visibility: 4 }; // COMPUTE
      switch (b.kind) {
        case 'uniform':
          return {
            ...entry,
            buffer: {
              type: 'uniform',
              hasDynamicOffset: true,
              minBindingSize: described.paramsSize,
            },
          };
        case 'read':
          return { ...entry, buffer: { type: 'read-only-storage' } };
        case 'write':
          return { ...entry, buffer: { type: 'storage' } };
        case 'sampled-texture':
          return {
            ...entry,
            texture: { sampleType: 'unfilterable-float', viewDimension: b.viewDimension ?? '2d' },
          };
        default:
          return {
            ...entry,
            storageTexture: {
              access: b.textureAccess ?? 'read-only',
              format: b.textureFormat ?? 'rgba32float',
              viewDimension: b.viewDimension ?? '2d',
            },
          };
      }
    }),
  });
  const descriptor: GPUComputePipelineDescriptor = {
    label: name,
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  };
  return { module, layout, descriptor };
}

/**
 * Launches kernels with a grid of zero workgroups: some drivers make machine code only at a
 * pipeline's first launch, and for such a launch too. (The grid is read from a buffer, since
 * implementations warn of a literal 0.)
 */
export class EmptyLauncher {
  readonly #gpu: GPUDevice;
  readonly #grid: GPUBuffer;
  readonly #made: { destroy(): void }[] = [];
  /** What bindings are given, used again for those of the same place and form. */
  readonly #resources = new Map<string, GPUBindingResource>();

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#grid = this.#keep(gpu.createBuffer({ size: 16, usage: 0x100 })); // INDIRECT, zeros
  }

  /** Submits the launch. */
  launch(compiled: Compiled, described: KernelInterface): void {
    const encoder = this.#gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(compiled.pipeline);
    const group = this.#gpu.createBindGroup({
      layout: compiled.layout,
      entries: described.bindings.map((b) => ({
        binding: b.index,
        resource: this.#resourceFor(b, described.paramsSize),
      })),
    });
    const hasParams = described.bindings.some(({ kind }) => kind === 'uniform');
    pass.setBindGroup(0, group, hasParams ? [0] : []);
    pass.dispatchWorkgroupsIndirect(this.#grid, 0);
    pass.end();
    this.#gpu.queue.submit([encoder.finish()]);
  }

  #resourceFor(
    binding: KernelInterface['bindings'][number],
    paramsSize: number,
  ): GPUBindingResource {
    const { name: _name, ...form } = binding;
    const key = JSON.stringify([form, binding.kind === 'uniform' ? paramsSize : 0]);
    let resource = this.#resources.get(key);
    if (!resource) this.#resources.set(key, (resource = this.#resource(binding, paramsSize)));
    return resource;
  }

  /** Something small that fits a binding. */
  #resource(
    { kind, viewDimension, textureFormat }: KernelInterface['bindings'][number],
    paramsSize: number,
  ): GPUBindingResource {
    if (kind === 'uniform' || kind === 'read' || kind === 'write') {
      const size = Math.max(256, paramsSize);
      const usage = kind === 'uniform' ? 0x40 : 0x80; // UNIFORM, STORAGE
      return { buffer: this.#keep(this.#gpu.createBuffer({ size, usage })) };
    }
    const texture = this.#keep(
      this.#gpu.createTexture({
        size: [1, 1, 1],
        format: textureFormat ?? 'rgba32float',
        usage: 0x04 | 0x08, // TEXTURE_BINDING | STORAGE_BINDING
      }),
    );
    return texture.createView({ dimension: viewDimension ?? '2d' });
  }

  #keep<T extends { destroy(): void }>(made: T): T {
    this.#made.push(made);
    return made;
  }

  /** Frees what launches were bound to, once they are done. */
  destroy(): void {
    for (const made of this.#made.splice(0)) made.destroy();
  }
}
