import type { GpuContext } from '../gpu/context.js';
import { debugKernel, debugLevelOf, type DebugLevel } from '../gpu/debug.js';
import { NnError } from '../errors.js';
import { pipelineParts, type Compiled, type KernelText } from './compile.js';
import { Preparation } from './prepare.js';
import { preprocess, type Defines } from './preprocess.js';
import { reflect, type KernelInterface } from './reflect.js';

/** A compiled kernel with what its text declares. */
export interface Kernel extends KernelText, KernelInterface, Compiled {
  /** Bind groups made so far, by what they bind; see dispatch.ts. */
  groups: Map<string, GPUBindGroup>;
}

/** Compiles kernels on first use and keeps them by name and defines. */
export class KernelCache {
  readonly #context: GpuContext;
  readonly #kernels = new Map<string, Kernel>();
  readonly #bySource = new Map<string, Kernel>();
  readonly #requests: KernelText[] = [];
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

  /** Every kernel that was asked for, once per set of defines. */
  requests(): readonly KernelText[] {
    return this.#requests;
  }

  get(name: string, defines: Defines = {}): Kernel {
    const key = keyOf(name, defines);
    const known = this.#kernels.get(key);
    if (known) return known;
    const code = this.expand(name, defines);
    let kernel = this.#bySource.get(code);
    if (!kernel) {
      debugKernel(this.debugLevel, name, defines, code);
      kernel = this.#compile({ name, defines, code });
    }
    this.#bySource.set(code, kernel);
    this.#kernels.set(key, kernel);
    this.#requests.push({ name, defines, code });
    return kernel;
  }

  /**
   * Compiles kernels before they are needed, in parallel where the device can, to the point where
   * their first launch does not wait. Kernels that are there already cost nothing. What fails here is
   * compiled again, and reported, when it is used.
   */
  async prepareAsync(kernels: readonly KernelText[]): Promise<void> {
    const wanted = new Map<string, KernelText & KernelInterface>();
    for (const kernel of kernels) {
      const { name, defines, code } = kernel;
      if (this.#bySource.has(code) || wanted.has(code)) continue;
      debugKernel(this.debugLevel, name, defines, code);
      wanted.set(code, { ...kernel, ...reflect(name, code) });
    }
    const preparation = new Preparation(
      this.#context,
      (kernel, compiled) => this.#add(kernel, compiled),
      this.debugLevel >= 1,
    );
    if (wanted.size > 0) {
      await preparation.runAsync([...wanted.values()]).catch(() => this.#context.check());
    }
    // They need not be expanded again when they are asked for.
    for (const { name, defines, code } of kernels) {
      const kernel = this.#bySource.get(code);
      if (kernel) this.#kernels.set(keyOf(name, defines), kernel);
    }
  }

  #add(kernel: KernelText & KernelInterface, compiled: Compiled): void {
    // It may have been asked for, and compiled, meanwhile.
    if (this.#bySource.has(kernel.code)) return;
    this.#context.counters.pipelines++;
    this.#bySource.set(kernel.code, { ...kernel, ...compiled, groups: new Map() });
  }

  /** The text that is compiled, with every directive carried out. */
  expand(name: string, defines: Defines): string {
    const { platform, adapter } = this.#context;
    const ours = { SAMPLED: adapter.kind === 'swiftshader', ...defines };
    return preprocess(name, platform.loadKernelSource(name), ours, (file) =>
      platform.loadKernelSource(`include/${file.replace(/\.wgsl$/, '')}`),
    );
  }

  #compile(text: KernelText): Kernel {
    const { name, code } = text;
    const { gpu, counters, observer, platform } = this.#context;
    const startMs = observer ? platform.now() : 0;
    const described = reflect(name, code);
    const { module, layout, descriptor } = pipelineParts(gpu, name, code, described);
    const told = module.getCompilationInfo().then((info) => {
      const errors = info.messages.filter((m) => m.type === 'error');
      if (errors.length === 0) return;
      this.#context.faults.giveUp(
        new NnError('wgsl-compile', `kernel ${name} does not compile.`, {
          kind: 'internal',
          where: name,
          detail: explain(code, errors),
        }),
      );
    });
    // A device that is closed meanwhile has nothing more to say about its kernels.
    told.catch(() => undefined);
    const pipeline = gpu.createComputePipeline(descriptor);
    counters.pipelines++;
    if (observer) {
      const createMs = platform.now() - startMs;
      observer.pipeline({ kernel: name, startMs, createMs, firstLaunchMs: null, lane: 0 });
    }
    return { ...text, ...described, pipeline, layout, groups: new Map() };
  }
}

const keyOf = (name: string, defines: Defines): string => name + JSON.stringify(defines);

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
