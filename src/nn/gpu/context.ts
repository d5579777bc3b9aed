import type { AdapterKind, Platform } from '../platform/types.js';
import { NnError } from './errors.js';
import { Pool } from './pool.js';

export interface AdapterSummary {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  kind: AdapterKind;
  isSoftware: boolean;
  subgroupMinSize: number;
  subgroupMaxSize: number;
}

export interface ContextCounters {
  dispatches: number;
  submits: number;
  readbacks: number;
  pipelines: number;
}

const usageAll = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC
const uniformChunkBytes = 64 * 1024;

/**
 * One WebGPU device with its queue: records commands, submits them in batches, owns the pools.
 * Knows nothing of tensors or kernels.
 */
export class GpuContext {
  readonly platform: Platform;
  readonly gpu: GPUDevice;
  readonly adapter: AdapterSummary;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly counters: ContextCounters = { dispatches: 0, submits: 0, readbacks: 0, pipelines: 0 };
  readonly buffers: Pool<GPUBuffer>;
  readonly textures: Pool<GPUTexture>;
  /** Commands per submit. Software adapters start work only at submit, so batches stay moderate. */
  maxBatch = 96;
  /** Larger tensors are bound in windows of at most this many bytes (tests lower it). */
  bindingLimit: number;
  /**
   * Whether WGSL here reads storage textures, which lane kernels do. A language feature that every
   * current implementation has; without it the kernels over plain buffers are used.
   */
  readsStorageTextures = true;
  lost: NnError | null = null;

  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #pending = 0;
  #uniformChunks: { buffer: GPUBuffer; data: ArrayBuffer; view: DataView; used: number }[] = [];
  #uniformChunk = 0;
  readonly #alignment: number;
  #uncaptured: NnError | null = null;
  /** Called for every dispatch and copy when a profiler is attached. */
  profiler: {
    begin(encoder: GPUCommandEncoder, label: string): GPUComputePassDescriptor | undefined;
  } | null = null;

  constructor(platform: Platform, gpu: GPUDevice, adapter: AdapterSummary) {
    this.platform = platform;
    this.gpu = gpu;
    this.adapter = adapter;
    this.limits = gpu.limits;
    this.features = new Set(gpu.features as unknown as Iterable<string>);
    this.#alignment = Math.max(16, gpu.limits.minUniformBufferOffsetAlignment);
    this.bindingLimit = gpu.limits.maxStorageBufferBindingSize;
    const cap = 1024 * 1024 * 1024;
    this.buffers = new Pool(cap, (b) => b.destroy());
    this.textures = new Pool(cap, (t) => t.destroy());
    void gpu.lost.then((info) => {
      if (info.reason === 'destroyed') return;
      this.lost = new NnError(
        'device-lost',
        `the GPU device was lost: ${info.message || info.reason}.`,
        {
          kind: 'device',
          fix: 'close other programs that use the GPU or lower the image size, then run again (training resumes with --resume).',
        },
      );
    });
    gpu.onuncapturederror = (event) => {
      // It is thrown by the next check; without this the implementation prints it as well.
      event.preventDefault();
      const message = event.error.message;
      const isMemory = event.error.constructor.name === 'GPUOutOfMemoryError';
      this.#uncaptured ??= isMemory
        ? new NnError('out-of-memory', `the GPU is out of memory: ${message}`, {
            kind: 'device',
            fix: 'lower the image size or the batch.',
          })
        : new NnError('gpu-error', message, { kind: 'internal' });
    };
  }

  /** Throws the first error that the device reported since the last check. */
  check(): void {
    if (this.lost) throw this.lost;
    const error = this.#uncaptured;
    this.#uncaptured = null;
    if (error) throw error;
  }

  acquireBuffer(bytes: number): GPUBuffer {
    const size = roundBytes(bytes);
    if (size > this.limits.maxBufferSize) {
      throw new NnError(
        'buffer-too-large',
        `a buffer of ${size} bytes exceeds this adapter's limit of ${this.limits.maxBufferSize}.`,
        {
          kind: 'device',
          fix: 'use an adapter with a larger maxBufferSize, a smaller image or the lite preset.',
        },
      );
    }
    return this.buffers.acquire(String(size), size, () =>
      this.gpu.createBuffer({ size, usage: usageAll }),
    );
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.buffers.release(String(buffer.size), buffer);
  }

  /** A 2D-array texture, rgba32float, readable by kernels and a copy destination. */
  acquireTexture(width: number, height: number, layers: number): GPUTexture {
    const { maxTextureDimension2D: side, maxTextureArrayLayers: most } = this.limits;
    if (width > side || height > side || layers > most) {
      throw new NnError(
        'texture-too-large',
        `a texture of ${width}x${height}x${layers} exceeds this adapter's limits (${side}x${side}x${most}).`,
        {
          kind: 'device',
          fix: 'use a smaller image or batch, or set AOFD_ALGORITHM=naive.',
        },
      );
    }
    const bytes = width * height * layers * 16;
    return this.textures.acquire(`${width}x${height}x${layers}`, bytes, () =>
      this.gpu.createTexture({
        size: [width, height, layers],
        format: 'rgba32float',
        usage: 0x02 | 0x01 | 0x04 | 0x08, // COPY_DST | COPY_SRC | TEXTURE_BINDING | STORAGE_BINDING
      }),
    );
  }

  releaseTexture(texture: GPUTexture): void {
    this.textures.release(
      `${texture.width}x${texture.height}x${texture.depthOrArrayLayers}`,
      texture,
    );
  }

  /** Copies data into a buffer, ordered after everything that was recorded before. */
  upload(buffer: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    // writeBuffer runs before commands that are recorded but not submitted, and the buffer may
    // come from the pool with such commands still to read it.
    if (this.#pending > 0) this.flush();
    this.gpu.queue.writeBuffer(
      buffer,
      offset,
      data.buffer as ArrayBuffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /** A place of `bytes` in this batch's uniform memory, to be filled by the caller. */
  uniform(bytes: number): { buffer: GPUBuffer; offset: number; view: DataView } {
    const size = Math.ceil(bytes / this.#alignment) * this.#alignment;
    let chunk = this.#uniformChunks[this.#uniformChunk];
    if (chunk && chunk.used + size > uniformChunkBytes) {
      this.#uniformChunk++;
      chunk = this.#uniformChunks[this.#uniformChunk];
    }
    if (!chunk) {
      const data = new ArrayBuffer(uniformChunkBytes);
      chunk = {
        buffer: this.gpu.createBuffer({ size: uniformChunkBytes, usage: 0x40 | 0x8 }), // UNIFORM | COPY_DST
        data,
        view: new DataView(data),
        used: 0,
      };
      this.#uniformChunks.push(chunk);
    }
    const offset = chunk.used;
    chunk.used += size;
    return { buffer: chunk.buffer, offset, view: chunk.view };
  }

  /** The open compute pass. */
  pass(label: string): GPUComputePassEncoder {
    if (this.profiler) {
      this.#endPass();
      const encoder = this.encoder();
      this.#pass = encoder.beginComputePass(this.profiler.begin(encoder, label));
    }
    this.#pass ??= this.encoder().beginComputePass();
    return this.#pass;
  }

  /** The open command encoder, for copies; closes the open pass. */
  copyEncoder(): GPUCommandEncoder {
    this.#endPass();
    return this.encoder();
  }

  private encoder(): GPUCommandEncoder {
    this.#encoder ??= this.gpu.createCommandEncoder();
    return this.#encoder;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** Counts one recorded command and submits when the batch is full. */
  recorded(): void {
    this.#pending++;
    if (this.#pending >= this.maxBatch) this.flush();
  }

  /** Submits everything that was recorded. */
  flush(): void {
    this.#endPass();
    if (this.#encoder) {
      for (let i = 0; i <= this.#uniformChunk; i++) {
        const chunk = this.#uniformChunks[i];
        if (!chunk || chunk.used === 0) continue;
        this.gpu.queue.writeBuffer(chunk.buffer, 0, chunk.data, 0, chunk.used);
        chunk.used = 0;
      }
      this.#uniformChunk = 0;
      this.gpu.queue.submit([this.#encoder.finish()]);
      this.counters.submits++;
      this.#encoder = null;
      this.#pending = 0;
    }
    this.buffers.trim();
    this.textures.trim();
  }

  /** Waits until the device has done everything that was recorded. */
  async settledAsync(): Promise<void> {
    this.flush();
    await this.#settleAsync(this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Awaits a promise of the device; a rejection becomes the error that explains it. */
  async #settleAsync(promise: Promise<unknown>): Promise<void> {
    try {
      await this.platform.settle(promise);
    } catch (cause) {
      // The reason arrives on another promise or event, a turn of the event loop later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.check();
      throw new NnError('device-lost', 'the GPU device stopped answering or was closed.', {
        kind: 'device',
        cause,
        fix: 'open a new device; if you did not close it, run `aofd doctor`.',
      });
    }
  }

  /** Copies a part of a buffer to the host. */
  async readAsync(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    if (bytes === 0) return new ArrayBuffer(0);
    const size = roundBytes(bytes);
    const staging = this.gpu.createBuffer({ size, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
    this.copyEncoder().copyBufferToBuffer(buffer, offset, staging, 0, Math.ceil(bytes / 4) * 4);
    this.#pending++;
    this.flush();
    this.counters.readbacks++;
    try {
      await this.#settleAsync(staging.mapAsync(1));
      this.check();
      return staging.getMappedRange(0, size).slice(0, bytes);
    } finally {
      staging.destroy();
    }
  }

  async destroyAsync(): Promise<void> {
    try {
      if (!this.lost) await this.settledAsync();
    } finally {
      this.buffers.trim(0);
      this.textures.trim(0);
      this.gpu.destroy();
    }
  }
}

function roundBytes(bytes: number): number {
  return Math.max(256, Math.ceil(bytes / 256) * 256);
}
