import { GpuContext } from '../gpu/context.js';
import type { KernelText } from '../kernel/compile.js';
import type { Platform } from '../platform/index.js';
import { Device } from './device.js';

/**
 * A device that records and never computes: it has the limits, features and lanes of a real one, so
 * that operations choose the same kernels on it, but its GPU is a stub. Running a network on it once
 * tells which kernels the network needs, in milliseconds and without memory for maps; values that are
 * read are zeros.
 *
 * ```ts
 * const dry = new DryDevice(device);
 * forward(dry);                                    // parameters and inputs made on `dry`
 * await device.kernels.prepareAsync(dry.kernelsUsed());
 * ```
 */
export class DryDevice extends Device {
  constructor(real: Device) {
    const { platform, adapter } = real.context;
    // Nothing is ever pending here: promises resolve by themselves.
    const idle: Platform = {
      ...platform,
      settle: (promise) => promise,
      env: (name) => (name === 'DEBUG' ? undefined : platform.env(name)),
    };
    const { bindingLimit, readsStorageTextures } = real.context;
    super(
      new DryContext(idle, stubGpu(real.context.gpu), adapter, {
        bindingLimit,
        readsStorageTextures,
      }),
      { subgroupSize: real.subgroupSize },
    );
  }

  /** Every kernel that was asked for, with each set of defines. */
  kernelsUsed(): readonly KernelText[] {
    return this.kernels.requests();
  }
}

/** Has no memory to upload into. */
class DryContext extends GpuContext {
  override upload(buffer: GPUBuffer): void {
    this.writes(buffer);
  }
}

function stubGpu(real: GPUDevice): GPUDevice {
  const nothing = (): void => undefined;
  const soon = (): Promise<void> => Promise.resolve();
  const pass = {
    setPipeline: nothing,
    setBindGroup: nothing,
    dispatchWorkgroups: nothing,
    end: nothing,
  };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer: nothing,
    copyBufferToTexture: nothing,
    copyTextureToBuffer: nothing,
    clearBuffer: nothing,
    finish: () => ({}),
  };
  const gpu = {
    limits: real.limits,
    features: real.features,
    lost: new Promise(() => undefined),
    onuncapturederror: null,
    queue: { writeBuffer: nothing, submit: nothing, onSubmittedWorkDone: soon },
    createBuffer: ({ size }: { size: number }) => ({
      size,
      destroy: nothing,
      mapAsync: soon,
      unmap: nothing,
      getMappedRange: () => new ArrayBuffer(size),
    }),
    createTexture: ({ size }: { size: number[] }) => {
      const [width = 1, height = 1, depthOrArrayLayers = 1] = size;
      const createView = (): object => ({});
      return { width, height, depthOrArrayLayers, destroy: nothing, createView };
    },
    createCommandEncoder: () => encoder,
    createShaderModule: () => ({ getCompilationInfo: () => Promise.resolve({ messages: [] }) }),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipeline: () => ({}),
    createBindGroup: () => ({}),
    destroy: nothing,
  };
  return gpu as unknown as GPUDevice;
}
