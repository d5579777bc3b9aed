import type { GpuContext } from '../gpu/context.js';
import type { AdapterSummary, ContextCounters } from '../gpu/context-types.js';
import type { AdapterKind } from '../platform/index.js';
import { NnError } from '../errors.js';
import { openContextAsync, type OpenOptions } from '../gpu/open.js';
import { dispatch, type BindingResource } from '../kernel/dispatch.js';
import { KernelCache } from '../kernel/pipeline.js';
import { probeLanesAsync } from '../kernel/probe-lanes.js';
import { Scope } from './scope.js';
import { formatShape, packC4, sizeOf, storedSize, type Shape } from './shape.js';
import {
  Tensor,
  type DispatchSpec,
  type Recorder,
  type TensorDevice,
  type TensorOptions,
} from './tensor.js';

export type DeviceOptions = OpenOptions;

export interface DeviceStats extends ContextCounters {
  liveTensors: number;
  liveBytes: number;
  pooledBytes: number;
  peakBytes: number;
  /** Readbacks by what they were for. */
  readbackCauses: Record<string, number>;
}

/** A WebGPU device with kernels, memory scopes and at most one recording tape. */
export class Device implements TensorDevice {
  readonly context: GpuContext;
  readonly kernels: KernelCache;
  /** One line for the person at the terminal about the adapter choice, or null. */
  readonly notice: string | null;
  /** The tape that records operations at the moment. */
  tape: Recorder | null = null;
  /** Lane count of subgroup kernels, or 0 when they cannot be used here. */
  readonly subgroupSize: number;
  #epoch = 0;
  #scope: Scope | null = null;
  readonly #live = new Set<Tensor>();

  constructor(
    context: GpuContext,
    options: { notice?: string | null; subgroupSize?: number; kernels?: KernelCache } = {},
  ) {
    this.context = context;
    this.kernels = options.kernels ?? new KernelCache(context);
    this.notice = options.notice ?? null;
    this.subgroupSize = options.subgroupSize ?? 0;
  }

  /** Opens the adapter of that name, or the best one. Throws NnError with how to get a driver. */
  static async createAsync(options: DeviceOptions = {}): Promise<Device> {
    const { context, notice } = await openContextAsync(options);
    const kernels = new KernelCache(context);
    const subgroupSize = await probeLanesAsync(context, kernels);
    return new Device(context, { notice, subgroupSize, kernels });
  }

  get adapter(): AdapterSummary {
    return this.context.adapter;
  }

  get kind(): AdapterKind {
    return this.context.adapter.kind;
  }

  /** Counts the failures after which what was computed before may be incomplete. */
  get epoch(): number {
    return this.#epoch;
  }

  scope(): Scope {
    const scope = new Scope(this.#scope, (ended) => {
      if (this.#scope !== ended) {
        throw new NnError(
          'scope-order',
          'a scope ended while one that was opened later is still open.',
          {
            fix: 'end scopes in the reverse order of their start: await one operation before you start the next one on this device, or open a second device.',
          },
        );
      }
      this.#scope = ended.parent;
    });
    this.#scope = scope;
    return scope;
  }

  /** Registers a tensor with the innermost scope. */
  adopt(tensor: Tensor): void {
    this.#live.add(tensor);
    this.#scope?.add(tensor);
  }

  /** Takes a tensor out of every scope; its holder frees it. */
  release<T extends Tensor>(tensor: T): T {
    return this.#scope ? this.#scope.release(tensor) : tensor;
  }

  forget(tensor: Tensor): void {
    this.#live.delete(tensor);
    for (let scope = this.#scope; scope; scope = scope.parent) scope.remove(tensor);
  }

  /** Names of every tensor that is alive, for leak reports. */
  liveTensors(): string[] {
    return [...this.#live].map((t) => t.describe());
  }

  /**
   * Frees the texture mirrors and reordered copies of every tensor, which are made again when they
   * are needed, and begins an epoch: whoever keeps other values that were computed computes them anew.
   */
  dropDerived(): void {
    this.#epoch++;
    this.context.memory.derived.dropAll();
  }

  /** A tensor whose contents are undefined until a kernel writes them. */
  empty(shape: Shape, options: TensorOptions = {}): Tensor {
    const { dtype = 'f32', layout = 'row', name = '' } = options;
    if (layout === 'c4' && (shape.length !== 4 || dtype !== 'f32')) {
      throw new NnError(
        'layout',
        `layout c4 needs a rank 4 f32 tensor, got ${formatShape(shape)} ${dtype}.`,
      );
    }
    if (shape.some((d) => !Number.isInteger(d) || d < 0)) {
      throw new NnError('shape', `a shape holds whole numbers >= 0, got [${shape.join(', ')}].`);
    }
    const bytes = storedSize(shape, layout) * 4;
    const made = new Tensor(
      this,
      this.context.acquireBuffer(bytes),
      [...shape],
      layout,
      dtype,
      name,
    );
    this.adopt(made);
    return made;
  }

  /** A tensor with these values, given in logical row-major order. */
  tensor(data: ArrayLike<number>, shape: Shape, options: TensorOptions = {}): Tensor {
    if (data.length !== sizeOf(shape)) {
      throw new NnError(
        'shape',
        `${data.length} values do not fill shape ${formatShape(shape)} (${sizeOf(shape)}).`,
      );
    }
    const made = this.empty(shape, options);
    this.write(made, data);
    return made;
  }

  zeros(shape: Shape, options: TensorOptions = {}): Tensor {
    const made = this.empty(shape, options);
    this.context.clear(made.buffer);
    return made;
  }

  /** A trainable leaf, outside of every scope. */
  parameter(name: string, data: ArrayLike<number>, shape: Shape): Tensor {
    const made = this.release(this.tensor(data, shape, { name }));
    made.requiresGrad = true;
    return made;
  }

  /** Replaces a tensor's values, given in logical row-major order. */
  write(tensor: Tensor, data: ArrayLike<number>): void {
    if (data.length !== tensor.size) {
      throw new NnError('shape', `${data.length} values do not fill ${tensor.describe()}.`);
    }
    if (tensor.size === 0) return;
    let stored: Float32Array | Int32Array | Uint32Array;
    if (tensor.layout === 'c4') stored = packC4(data, tensor.shape);
    else if (tensor.dtype === 'i32')
      stored = data instanceof Int32Array ? data : Int32Array.from(data);
    else if (tensor.dtype === 'u32')
      stored = data instanceof Uint32Array ? data : Uint32Array.from(data);
    else stored = data instanceof Float32Array ? data : Float32Array.from(data);
    this.context.upload(tensor.buffer, stored);
  }

  /** Copies a tensor's buffer; same shape and layout. */
  copy(source: Tensor, target: Tensor): void {
    this.context.copy(source.buffer, 0, target.buffer, 0, source.byteLength);
  }

  dispatch(spec: DispatchSpec): void {
    const bindings: Record<string, BindingResource> = {};
    for (const [name, value] of Object.entries(spec.bindings)) {
      bindings[name] =
        value instanceof Tensor
          ? { buffer: value.buffer, offset: 0, size: Math.max(16, value.byteLength) }
          : value;
    }
    dispatch(this.context, this.kernels, { ...spec, bindings });
  }

  flush(): void {
    this.context.flush();
  }

  /** Gives back all memory that is only kept for reuse; what comes next allocates anew. */
  freeIdle(): void {
    this.context.flush();
    this.context.trimPools(0);
  }

  settledAsync(): Promise<void> {
    return this.context.settledAsync();
  }

  async destroyAsync(): Promise<void> {
    await this.context.destroyAsync();
  }

  stats(): DeviceStats {
    const { memory, counters } = this.context;
    const { buffers, textures } = memory;
    return {
      liveTensors: this.#live.size,
      liveBytes: buffers.stats.liveBytes + textures.stats.liveBytes,
      pooledBytes: buffers.stats.pooledBytes + textures.stats.pooledBytes,
      peakBytes: buffers.stats.peakBytes + textures.stats.peakBytes,
      ...counters,
      readbackCauses: Object.fromEntries(this.context.readbackCauses),
    };
  }
}
