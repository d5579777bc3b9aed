import { NnError } from '../errors.js';
import type { AdapterSummary } from '../gpu/context-types.js';
import type { GpuContext } from '../gpu/context.js';
import type { BufferSlice } from '../kernel/dispatch.js';
import type { KernelCache } from '../kernel/pipeline.js';
import type { Defines } from '../kernel/preprocess.js';
import type { AdapterKind } from '../platform/types.js';
import type { Scope } from './scope.js';
import {
  formatShape,
  sizeOf,
  storedSize,
  unpackC4,
  type DType,
  type Layout,
  type Shape,
} from './shape.js';

/** How a tensor is made. */
export interface TensorOptions {
  dtype?: DType;
  layout?: Layout;
  name?: string;
}

/** One kernel launch; see RawDispatch. Tensors are bound whole. */
export interface DispatchSpec {
  kernel: string;
  defines?: Defines;
  bindings: Readonly<Record<string, Tensor | BufferSlice | GPUTextureView>>;
  params?: Readonly<Record<string, number | readonly number[]>>;
  workgroups: readonly [number, number?, number?];
  label?: string;
  /** For profiles; see RawDispatch. */
  flops?: number;
  bytes?: number;
}

/** What a device needs to know of the tape that is recording. */
export interface Recorder {
  readonly device: TensorDevice;
}

/** The device that a tensor lives on, as tensors and operations use it; `Device` implements it. */
export interface TensorDevice {
  readonly context: GpuContext;
  readonly kernels: KernelCache;
  readonly adapter: AdapterSummary;
  readonly kind: AdapterKind;
  readonly subgroupSize: number;
  tape: Recorder | null;
  scope(): Scope;
  adopt(tensor: Tensor): void;
  release<T extends Tensor>(tensor: T): T;
  forget(tensor: Tensor): void;
  empty(shape: Shape, options?: TensorOptions): Tensor;
  tensor(data: ArrayLike<number>, shape: Shape, options?: TensorOptions): Tensor;
  zeros(shape: Shape, options?: TensorOptions): Tensor;
  write(tensor: Tensor, data: ArrayLike<number>): void;
  copy(source: Tensor, target: Tensor): void;
  dispatch(spec: DispatchSpec): void;
}

/** Values on the host. */
export type TensorData = Float32Array | Int32Array | Uint32Array;

let nextId = 1;

/**
 * An n-dimensional array in GPU memory. Its shape is always logical (maps are N, C, H, W); how the
 * elements lie in the buffer is `layout`. Memory belongs to the scope in which it was made, or to
 * whoever holds it when made outside every scope; `dispose` returns it to the pool.
 */
export class Tensor {
  readonly id = nextId++;
  readonly device: TensorDevice;
  readonly shape: Shape;
  readonly layout: Layout;
  readonly dtype: DType;
  name: string;
  /** Whether backward passes compute a gradient for this leaf. */
  requiresGrad = false;
  /** Gradient of a leaf after `Tape.backward`; owned by this tensor. */
  grad: Tensor | null = null;
  #buffer: GPUBuffer | null;
  /** Every tensor over this buffer: this one and its views (made by reshape). */
  readonly #sharers: Set<Tensor>;

  constructor(
    device: TensorDevice,
    buffer: GPUBuffer,
    shape: Shape,
    layout: Layout,
    dtype: DType,
    name: string,
    sharers = new Set<Tensor>(),
  ) {
    this.device = device;
    this.#buffer = buffer;
    this.shape = shape;
    this.layout = layout;
    this.dtype = dtype;
    this.name = name;
    this.#sharers = sharers;
    sharers.add(this);
  }

  /** The memory itself. */
  get buffer(): GPUBuffer {
    if (!this.#buffer) {
      throw new NnError('use-after-free', `tensor ${this.describe()} was already freed.`, {
        fix: 'keep it with scope.keep(tensor), or use it before the scope that made it ends.',
      });
    }
    return this.#buffer;
  }

  /** Number of logical elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Number of stored 4-byte elements, with the padding of the layout. */
  get storedSize(): number {
    return storedSize(this.shape, this.layout);
  }

  get byteLength(): number {
    return this.storedSize * 4;
  }

  get disposed(): boolean {
    return this.#buffer === null;
  }

  /** "conv1.weight 64x3x3x3 f32". */
  describe(): string {
    return `${this.name || `#${this.id}`} ${formatShape(this.shape)} ${this.dtype}${this.layout === 'c4' ? ' c4' : ''}`;
  }

  /** A second tensor over the same memory; both must be freed. */
  view(shape: Shape, name = this.name): Tensor {
    if (this.layout !== 'row' || sizeOf(shape) !== this.size) {
      throw new NnError('shape', `cannot view ${this.describe()} as ${formatShape(shape)}.`, {
        fix: 'the element counts must agree and the layout must be row (use toRow first).',
      });
    }
    const made = new Tensor(
      this.device,
      this.buffer,
      [...shape],
      'row',
      this.dtype,
      name,
      this.#sharers,
    );
    this.device.adopt(made);
    return made;
  }

  /** The texture mirror of this form, made by `make` when it does not exist yet. */
  cachedTexture(form: string, make: () => GPUTexture): GPUTexture {
    return this.device.context.memory.derived.get(this.buffer, this.#formName(form), make);
  }

  /** The buffer that holds the values in this form, made by `make` when it does not exist yet. */
  cachedBuffer(form: string, make: () => GPUBuffer): GPUBuffer {
    return this.device.context.memory.derived.get(this.buffer, this.#formName(form), make);
  }

  /** Whether a texture mirror of this form exists. */
  hasTexture(form: string): boolean {
    return this.device.context.memory.derived.has(this.buffer, this.#formName(form));
  }

  /**
   * Gives back the memory of texture mirrors and reordered copies, where the caller knows that nobody
   * asks for them again soon. Only a matter of memory: whatever writes the tensor drops them anyway.
   */
  freeDerived(): void {
    if (this.#buffer) this.device.context.memory.derived.drop(this.#buffer);
  }

  /** Views of one buffer have forms of their own. */
  #formName(form: string): string {
    return `${form} ${this.shape.join('x')}`;
  }

  /**
   * Values in logical row-major order.
   * @param cause what they are for: readbacks are counted by it (`device.stats().readbackCauses`)
   */
  async readAsync(cause = this.name || 'unnamed tensor'): Promise<TensorData> {
    const { context } = this.device;
    const bytes = await context.readAsync(this.buffer, 0, this.byteLength, cause);
    if (this.dtype === 'i32') return new Int32Array(bytes);
    if (this.dtype === 'u32') return new Uint32Array(bytes);
    const stored = new Float32Array(bytes);
    return this.layout === 'c4' ? unpackC4(stored, this.shape) : stored;
  }

  /** Frees the memory (and that of the gradient). Freeing twice is harmless. */
  dispose(): void {
    if (!this.#buffer) return;
    this.#sharers.delete(this);
    if (this.#sharers.size === 0) this.device.context.releaseBuffer(this.#buffer);
    this.#buffer = null;
    this.device.forget(this);
    this.grad?.dispose();
    this.grad = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
