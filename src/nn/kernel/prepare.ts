import type { GpuContext } from '../gpu/context.js';
import { debugPrint } from '../gpu/debug.js';
import type { PipelineInfo } from '../gpu/observer.js';
import { handled } from '../errors.js';
import { EmptyLauncher, pipelineParts, type Compiled, type KernelText } from './compile.js';
import type { KernelInterface } from './reflect.js';

/** A kernel that is wanted: its expanded text and what that declares. */
type WantedKernel = KernelText & KernelInterface;

/** A launch that takes longer than this compiles its kernel; otherwise a cache had it. */
const coldMs = 60;

/**
 * Compiles kernels, as many at a time as the device allows, and reports each as soon as it is there.
 *
 * All pipelines are asked for at once; implementations create them in threads of their own. Drivers
 * that make machine code only at the first launch (lavapipe) do so one by one in their queue's
 * thread. There, where a cache carries machine code from one device to another
 * (`Platform.compileHelpers`) and turns out to be cold, helper devices compile a part of the list at
 * the same time, and this one then finds their results in the cache.
 */
export class Preparation {
  readonly #context: GpuContext;
  readonly #onReady: (kernel: WantedKernel, compiled: Compiled) => void;
  readonly #isDebugging: boolean;
  readonly #queue: WantedKernel[] = [];
  readonly #byHelpers: WantedKernel[] = [];
  readonly #compiled = new Map<WantedKernel, Promise<Compiled>>();
  /** The longest kernel's pipeline, and its first launch. */
  #firstCreated: Promise<unknown> = Promise.resolve();
  #firstLaunch: Promise<unknown> = Promise.resolve();

  constructor(
    context: GpuContext,
    onReady: (kernel: WantedKernel, compiled: Compiled) => void,
    isDebugging = false,
  ) {
    this.#context = context;
    this.#onReady = onReady;
    this.#isDebugging = isDebugging;
  }

  /** Resolves when every kernel can be launched without a wait. */
  async runAsync(kernels: readonly WantedKernel[]): Promise<void> {
    const { platform, gpu, adapter } = this.#context;
    // Long texts take the longest; begun first, they leave no thread waiting at the end.
    const sorted = [...kernels].sort((a, b) => b.code.length - a.code.length);
    const created = sorted.map((kernel) => {
      const making = handled(this.#createAsync(gpu, kernel));
      this.#compiled.set(kernel, making);
      return making;
    });
    if (!platform.compilesAtLaunch(adapter.kind)) {
      await Promise.all(created);
      return;
    }
    const launcher = new EmptyLauncher(gpu);
    const [longest, ...others] = sorted;
    this.#queue.push(...others);
    try {
      this.#firstCreated = created[0] as Promise<Compiled>;
      this.#firstLaunch = handled(this.#reportAsync(gpu, launcher, longest as WantedKernel, 0));
      const own = handled(this.#firstLaunch.then(() => this.#drainAsync(gpu, launcher, 0)));
      // Helpers use the list too: nothing may go on behind the caller's back.
      await Promise.allSettled([own, this.#helpAsync(own)]);
      await own;
      // What helpers compiled is fetched from the cache.
      for (const kernel of this.#byHelpers) await this.#firstLaunchAsync(gpu, launcher, kernel, 0);
    } finally {
      launcher.destroy();
    }
  }

  async #createAsync(gpu: GPUDevice, kernel: WantedKernel): Promise<Compiled> {
    const { platform } = this.#context;
    const start = platform.now();
    const { layout, descriptor } = pipelineParts(gpu, kernel.name, kernel.code, kernel);
    const pipeline = await platform.settle(gpu.createComputePipelineAsync(descriptor));
    const compiled = { pipeline, layout };
    if (gpu === this.#context.gpu) {
      this.#onReady(kernel, compiled);
      if (!platform.compilesAtLaunch(this.#context.adapter.kind)) {
        this.#tell(kernel, start, platform.now() - start, null, 0);
      }
    }
    return compiled;
  }

  /** Launches what is left in the queue, one after the other. */
  async #drainAsync(gpu: GPUDevice, launcher: EmptyLauncher, lane: number): Promise<void> {
    for (let kernel = this.#queue.shift(); kernel; kernel = this.#queue.shift()) {
      await this.#reportAsync(gpu, launcher, kernel, lane);
      if (lane > 0) this.#byHelpers.push(kernel);
    }
  }

  /** A first launch, with its times reported. */
  async #reportAsync(
    gpu: GPUDevice,
    launcher: EmptyLauncher,
    kernel: WantedKernel,
    lane: number,
  ): Promise<void> {
    const start = this.#context.platform.now();
    const [createMs, launchMs] = await this.#firstLaunchAsync(gpu, launcher, kernel, lane);
    this.#tell(kernel, start, createMs, launchMs, lane);
  }

  /** Times of creating (as far as it was waited for) and of launching, in milliseconds. */
  async #firstLaunchAsync(
    gpu: GPUDevice,
    launcher: EmptyLauncher,
    kernel: WantedKernel,
    lane: number,
  ): Promise<[number, number]> {
    const { platform } = this.#context;
    const start = platform.now();
    const compiled = await (lane === 0
      ? (this.#compiled.get(kernel) as Promise<Compiled>)
      : this.#createAsync(gpu, kernel));
    const created = platform.now();
    launcher.launch(compiled, kernel);
    await platform.settle(gpu.queue.onSubmittedWorkDone());
    return [created - start, platform.now() - created];
  }

  /** Opens helpers once the first launch shows that the cache is cold. */
  async #helpAsync(own: Promise<void>): Promise<void> {
    const { platform, adapter, openHelperAsync } = this.#context;
    const most = Math.min(platform.compileHelpers(adapter.kind), this.#queue.length);
    if (most < 1 || !openHelperAsync) return;
    const isCold = await Promise.race([
      own.then(() => false),
      this.#firstLaunch.then(() => false),
      this.#firstCreated
        .then(() => new Promise((resolve) => setTimeout(resolve, coldMs)))
        .then(() => true),
    ]);
    if (!isCold) return;
    await Promise.all(
      Array.from({ length: most }, async (_, i) => {
        const gpu = await openHelperAsync().catch(() => null);
        if (!gpu) return;
        const launcher = new EmptyLauncher(gpu);
        // A helper that fails leaves its work to this device.
        await this.#drainAsync(gpu, launcher, i + 1).catch(() => undefined);
        launcher.destroy();
        gpu.destroy();
      }),
    );
  }

  #tell(
    kernel: WantedKernel,
    startMs: number,
    createMs: number,
    firstLaunchMs: number | null,
    lane: number,
  ): void {
    const info: PipelineInfo = { kernel: kernel.name, startMs, createMs, firstLaunchMs, lane };
    this.#context.observer?.pipeline(info);
    if (!this.#isDebugging) return;
    const launch = firstLaunchMs === null ? '' : `, first launch ${firstLaunchMs.toFixed(0)} ms`;
    const by = lane > 0 ? ` (helper ${lane})` : '';
    debugPrint(`pipeline ${kernel.name}: created in ${createMs.toFixed(0)} ms${launch}${by}`);
  }
}
