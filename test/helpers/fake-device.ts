import { GpuContext } from '../../src/nn/gpu/context.js';
import type { Platform } from '../../src/nn/platform/index.js';
import { Device } from '../../src/nn/tensor/device.js';
import { Tensor, type DispatchSpec } from '../../src/nn/tensor/tensor.js';

/** A buffer of the pretended GPU. */
export interface FakeBuffer {
  size: number;
  bytes: Uint8Array;
  destroyed: boolean;
}

/** What a kernel is here: a function over the bound words. */
type HostKernel = (bound: Record<string, Float32Array>, params: Record<string, number>) => void;

const hostKernels: Record<string, HostKernel> = {
  'elementwise/add': ({ a, b, y }, { n = 0, alpha = 0, beta = 0 }) => {
    for (let i = 0; i < n; i++) y![i] = alpha * a![i]! + beta * b![i]!;
  },
  'elementwise/scale': ({ x, y }, { n = 0, factor = 0 }) => {
    for (let i = 0; i < n; i++) y![i] = factor * x![i]!;
  },
  'elementwise/mul': ({ a, b, y }, { n = 0 }) => {
    for (let i = 0; i < n; i++) y![i] = a![i]! * b![i]!;
  },
};

/**
 * A Device over a GPU that is pretended in memory: buffers are arrays, commands run at submit, in
 * order; the elementwise kernels that the tape uses are host functions. For tests of memory and
 * differentiation, which are about order and ownership and need no GPU.
 */
export class FakeDevice extends Device {
  /** Every buffer that was made and not destroyed. */
  readonly allocated: Set<FakeBuffer>;

  constructor() {
    const allocated = new Set<FakeBuffer>();
    super(new GpuContext(fakePlatform, fakeGpu(allocated), fakeAdapter));
    this.allocated = allocated;
  }

  override dispatch(spec: DispatchSpec): void {
    const kernel = hostKernels[spec.kernel];
    if (!kernel) throw new Error(`the pretended GPU has no kernel ${spec.kernel}`);
    const bound = Object.entries(spec.bindings).map(([name, value]) => {
      const slice =
        value instanceof Tensor
          ? { buffer: value.buffer, offset: 0, size: value.buffer.size }
          : (value as { buffer: GPUBuffer; offset: number; size: number });
      const { bytes } = slice.buffer as unknown as FakeBuffer;
      const words = new Float32Array(bytes.buffer, slice.offset, Math.floor(slice.size / 4));
      return [name, words] as const;
    });
    const { context } = this;
    const encoder = context.copyEncoder() as unknown as FakeEncoder;
    encoder.commands.push(() => {
      const params = { ...spec.params } as Record<string, number>;
      // Where an invocation takes four neighbours, n counts quads.
      if (spec.defines?.['QUADS'] === true) params['n'] = 4 * (params['n'] ?? 0);
      kernel(Object.fromEntries(bound), params);
    });
    context.counters.dispatches++;
    context.recorded();
  }
}

interface FakeEncoder {
  commands: (() => void)[];
}

const fakePlatform = {
  name: 'node',
  now: () => 0,
  env: () => undefined,
  settle: <T>(promise: Promise<T>) => promise,
} as unknown as Platform;

const fakeAdapter = {
  vendor: 'test',
  architecture: '',
  device: '',
  description: 'pretended',
  kind: 'unknown' as const,
  isSoftware: true,
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
};

function fakeGpu(allocated: Set<FakeBuffer>): GPUDevice {
  const makeBuffer = ({ size }: { size: number }): FakeBuffer => {
    const buffer = {
      size,
      bytes: new Uint8Array(size),
      destroyed: false,
      destroy(): void {
        buffer.destroyed = true;
        allocated.delete(buffer);
      },
      mapAsync: () => Promise.resolve(),
      getMappedRange: () => buffer.bytes.buffer,
      unmap: () => undefined,
    };
    allocated.add(buffer);
    return buffer;
  };
  const gpu = {
    limits: {
      maxBufferSize: 2 ** 20,
      maxStorageBufferBindingSize: 2 ** 20,
      minUniformBufferOffsetAlignment: 256,
      maxTextureDimension2D: 64,
      maxTextureArrayLayers: 4,
    },
    features: new Set<string>(),
    lost: new Promise(() => undefined),
    onuncapturederror: null,
    createBuffer: makeBuffer,
    createTexture: ({ size }: { size: number[] }) => {
      const [width = 1, height = 1, layers = 1] = size;
      const texture = makeBuffer({ size: width * height * layers * 16 });
      return Object.assign(texture, { width, height, depthOrArrayLayers: layers });
    },
    createCommandEncoder: () => {
      const commands: (() => void)[] = [];
      return {
        commands,
        finish: () => commands,
        clearBuffer: (b: FakeBuffer, from = 0, size = b.size) =>
          commands.push(() => b.bytes.fill(0, from, from + size)),
        copyBufferToBuffer: (a: FakeBuffer, from: number, b: FakeBuffer, to: number, n: number) =>
          commands.push(() => b.bytes.set(a.bytes.subarray(from, from + n), to)),
      };
    },
    queue: {
      writeBuffer: (
        b: FakeBuffer,
        at: number,
        data: ArrayBuffer,
        from = 0,
        size = data.byteLength,
      ) => b.bytes.set(new Uint8Array(data, from, size), at),
      submit: (lists: (() => void)[][]) => {
        for (const command of lists.flat()) command();
      },
      onSubmittedWorkDone: () => Promise.resolve(),
    },
    pushErrorScope: () => undefined,
    popErrorScope: () => Promise.resolve(null),
    destroy: () => undefined,
  };
  return gpu as unknown as GPUDevice;
}
