import type { GpuContext } from '../gpu/context.js';
import { debugKernel, debugLevelOf, type DebugLevel } from '../gpu/debug.js';
import { NnError } from '../gpu/errors.js';
import { preprocess, type Defines } from './preprocess.js';
import { reflect, type KernelInterface } from './reflect.js';

/** A compiled kernel with what its text declares. */
export interface Kernel extends KernelInterface {
  name: string;
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
  code: string;
  /** Bind groups made so far, by what they bind; see dispatch.ts. */
  groups: Map<string, GPUBindGroup>;
}

/** Compiles kernels on first use and keeps them by name and defines. */
export class KernelCache {
  readonly #context: GpuContext;
  readonly #kernels = new Map<string, Kernel>();
  readonly #bySource = new Map<string, Kernel>();
  /** What DEBUG asked for when the device was opened. */
  readonly debugLevel: DebugLevel;

  constructor(context: GpuContext) {
    this.#context = context;
    this.debugLevel = debugLevelOf(context.platform);
  }

  get size(): number {
    return this.#bySource.size;
  }

  /** Every kernel compiled so far. */
  list(): readonly Kernel[] {
    return [...this.#bySource.values()];
  }

  get(name: string, defines: Defines = {}): Kernel {
    const key = name + JSON.stringify(defines);
    const known = this.#kernels.get(key);
    if (known) return known;
    const code = this.expand(name, defines);
    let kernel = this.#bySource.get(code);
    if (!kernel) {
      debugKernel(this.debugLevel, name, defines, code);
      kernel = this.#compile(name, code);
    }
    this.#bySource.set(code, kernel);
    this.#kernels.set(key, kernel);
    return kernel;
  }

  /** The text that is compiled, with every directive carried out. */
  expand(name: string, defines: Defines): string {
    const { platform } = this.#context;
    return preprocess(name, platform.loadKernelSource(name), defines, (file) =>
      platform.loadKernelSource(`include/${file.replace(/\.wgsl$/, '')}`),
    );
  }

  #compile(name: string, code: string): Kernel {
    const { gpu, counters } = this.#context;
    const described = reflect(name, code);
    const module = gpu.createShaderModule({ label: name, code });
    const told = module.getCompilationInfo().then((info) => {
      const errors = info.messages.filter((m) => m.type === 'error');
      if (errors.length === 0) return;
      this.#context.lost ??= new NnError('wgsl-compile', `kernel ${name} does not compile.`, {
        kind: 'internal',
        where: name,
        detail: explain(code, errors),
      });
    });
    // A device that is closed meanwhile has nothing more to say about its kernels.
    told.catch(() => undefined);
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
    const pipeline = gpu.createComputePipeline({
      label: name,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    counters.pipelines++;
    return { name, pipeline, layout, code, groups: new Map(), ...described };
  }
}

function explain(code: string, errors: readonly GPUCompilationMessage[]): string {
  const lines = code.split('\n');
  return errors
    .slice(0, 5)
    .map((e) => {
      const from = Math.max(0, e.lineNum - 3);
      const shown = lines
        .slice(from, e.lineNum + 1)
        .map(
          (l, i) =>
            `${String(from + i + 1).padStart(5)}${from + i + 1 === e.lineNum ? ' > ' : '   '}${l}`,
        );
      return `${e.lineNum}:${e.linePos} ${e.message}\n${shown.join('\n')}`;
    })
    .join('\n');
}
