import { expect } from 'chai';
import type { GpuContext } from '../../../src/nn/gpu/context.js';
import type { PipelineInfo } from '../../../src/nn/gpu/observer.js';
import { Preparation } from '../../../src/nn/kernel/prepare.js';

/** Machine code that any pretended device made, as a driver's cache on the disk holds it. */
let cache: Set<string>;
/** Code made by each device, in order. */
let made: [device: string, kernel: string][];

/** A GPU that needs `ms` for the first launch of what is not in the cache. */
function pretendedGpu(name: string, ms: number): GPUDevice {
  const known = new Set<string>();
  let launched: string | null = null;
  let queue = Promise.resolve();
  const gpu = {
    createShaderModule: ({ label }: { label: string }) => ({ label }),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: ({ label }: { label: string }) => Promise.resolve({ label }),
    createBuffer: () => ({ destroy: () => undefined }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({
      beginComputePass: () => ({
        setPipeline: ({ label }: { label: string }) => (launched = label),
        setBindGroup: () => undefined,
        dispatchWorkgroupsIndirect: () => undefined,
        end: () => undefined,
      }),
      finish: () => ({}),
    }),
    queue: {
      submit: () => {
        const kernel = launched as string;
        if (known.has(kernel)) return;
        known.add(kernel);
        const isCached = cache.has(kernel);
        queue = queue.then(async () => {
          if (isCached) return;
          made.push([name, kernel]);
          await new Promise((resolve) => setTimeout(resolve, ms));
          cache.add(kernel);
        });
      },
      onSubmittedWorkDone: () => queue,
    },
    destroy: () => undefined,
  };
  return gpu as unknown as GPUDevice;
}

function contextOf(options: {
  ms: number;
  helpers: number;
  compilesAtLaunch?: boolean;
  openHelperAsync?: () => Promise<GPUDevice>;
}): { context: GpuContext; told: PipelineInfo[] } {
  const told: PipelineInfo[] = [];
  const { ms, helpers, compilesAtLaunch = true } = options;
  const context = {
    gpu: pretendedGpu('main', ms),
    adapter: { kind: 'lavapipe' },
    platform: {
      now: () => performance.now(),
      settle: <T>(promise: Promise<T>) => promise,
      compilesAtLaunch: () => compilesAtLaunch,
      compileHelpers: () => helpers,
    },
    observer: { pipeline: (info: PipelineInfo) => told.push(info) },
    openHelperAsync: options.openHelperAsync ?? (() => Promise.resolve(pretendedGpu('helper', ms))),
  };
  return { context: context as unknown as GpuContext, told };
}

/** Kernels k0 (the longest), k1, ... */
const kernels = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    name: `k${i}`,
    defines: {},
    code: 'x'.repeat(count - i),
    bindings: [],
    params: [],
    paramsSize: 0,
  }));

describe('Preparation', () => {
  beforeEach(() => {
    cache = new Set();
    made = [];
  });

  async function prepareAsync(context: GpuContext, count: number): Promise<string[]> {
    const ready: string[] = [];
    await new Preparation(context, ({ name }) => ready.push(name)).runAsync(
      kernels(count).reverse(),
    );
    return ready.sort();
  }

  it('makes every pipeline ready and compiles the longest first', async () => {
    const { context, told } = contextOf({ ms: 1, helpers: 0 });
    expect(await prepareAsync(context, 4)).to.deep.equal(['k0', 'k1', 'k2', 'k3']);
    expect(made.map(([, kernel]) => kernel)).to.deep.equal(['k0', 'k1', 'k2', 'k3']);
    expect(told.map(({ lane }) => lane)).to.deep.equal([0, 0, 0, 0]);
    expect(told[0]?.firstLaunchMs).to.be.a('number');
  });

  it('shares the work with a helper where the cache is cold', async () => {
    const { context, told } = contextOf({ ms: 150, helpers: 1 });
    expect(await prepareAsync(context, 6)).to.have.length(6);
    const count = (device: string): number => made.filter(([by]) => by === device).length;
    expect(count('main') + count('helper')).to.equal(6); // each once
    expect(count('helper')).to.be.within(2, 3);
    expect(told).to.have.length(6);
    expect(told.filter(({ lane }) => lane === 1)).to.have.length(count('helper'));
  });

  it('opens no helper where the cache answers', async () => {
    for (const { name } of kernels(6)) cache.add(name);
    const { context } = contextOf({
      ms: 150,
      helpers: 1,
      openHelperAsync: () => Promise.reject(new Error('opened')),
    });
    expect(await prepareAsync(context, 6)).to.have.length(6);
    expect(made).to.deep.equal([]);
  });

  it('does without a helper that cannot be opened', async () => {
    const { context } = contextOf({
      ms: 150,
      helpers: 1,
      openHelperAsync: () => Promise.reject(new Error('no memory')),
    });
    expect(await prepareAsync(context, 3)).to.have.length(3);
    expect(made.map(([by]) => by)).to.deep.equal(['main', 'main', 'main']);
  });

  it('launches nothing where drivers compile when a pipeline is created', async () => {
    const { context, told } = contextOf({ ms: 1, helpers: 1, compilesAtLaunch: false });
    expect(await prepareAsync(context, 3)).to.have.length(3);
    expect(made).to.deep.equal([]);
    expect(told.map(({ firstLaunchMs }) => firstLaunchMs)).to.deep.equal([null, null, null]);
  });
});
