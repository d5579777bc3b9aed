import type { Platform } from '../platform/types.js';
import type { AdapterSummary, ContextCounters } from './context-types.js';
import { BatchMemory, type BatchPlace } from './batch-memory.js';
import { debugLevelOf, debugReadbacks } from './debug.js';
import { NnError, deviceLostError, outOfMemoryError } from '../errors.js';
import type { ContextObserver, DispatchInfo } from './observer.js';
import { HighWater } from './high-water.js';
import { Pool, trimTogether } from './pool.js';
import { UploadRing } from './upload-ring.js';

const usageAll = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC
/** Commands of the first batch after a wait. */
const firstBatch = 12;
const uniformChunkBytes = 64 * 1024;
/** Uploads past the ring are written in pieces, for which Dawn uses memory again that it keeps. */
const writePieceBytes = 1024 * 1024;
/** Released buffers and textures that are kept for reuse in any case, together. */
const pooledBytesCap = 1024 * 1024 * 1024;
/**
 * More is kept while it makes, with what is in use, no more than this share of what was in use at
 * once lately: a training step that needs 3 GB would else make most of them anew every time.
 */
const pooledShare = 1.25;
/** Submits that "lately" covers: several training steps. */
const recentSubmits = 500;

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
  readonly counters: ContextCounters = {
    ...{ dispatches: 0, submits: 0, readbacks: 0, pipelines: 0, uploads: 0, stagedUploads: 0 },
  };
  /** Readbacks by what they were for. */
  readonly readbackCauses = new Map<string, number>();
  readonly buffers: Pool<GPUBuffer>;
  readonly textures: Pool<GPUTexture>;
  /** Commands per submit. Software adapters start work only at submit, so batches stay moderate. */
  maxBatch = 96;
  /** Commands of the next batch: few where the device may be waiting for work, then twice as many. */
  #batch = firstBatch;
  /** Larger tensors are bound in windows of at most this many bytes (tests lower it). */
  bindingLimit: number;
  /**
   * Whether WGSL here reads storage textures, which lane kernels do. A language feature that every
   * current implementation has; without it the kernels over plain buffers are used.
   */
  readsStorageTextures = true;
  lost: NnError | null = null;
  /** Failures to allocate, whoever `check` told of them. */
  memoryFailures: { readonly count: number; readonly last: NnError | null } = {
    count: 0,
    last: null,
  };
  /** Opens another device on the same adapter, which compiles for this one; null where unknown. */
  openHelperAsync: (() => Promise<GPUDevice>) | null = null;

  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #pending = 0;
  readonly #uniforms: BatchMemory;
  readonly #ring: UploadRing;
  /** Buffers that readbacks go through. */
  readonly #readbacks = new Pool<GPUBuffer>(pooledBytesCap, (b) => b.destroy());
  /** Bytes of buffers and textures in use. */
  readonly #recent = new HighWater(recentSubmits);
  #uncaptured: NnError | null = null;
  /** Sees everything that happens here; null unless a profiler is attached. */
  observer: ContextObserver | null = null;
  /** The layer whose commands are being recorded; see `label`. */
  layer = '';

  constructor(platform: Platform, gpu: GPUDevice, adapter: AdapterSummary) {
    this.platform = platform;
    this.gpu = gpu;
    this.adapter = adapter;
    this.limits = gpu.limits;
    this.features = new Set(gpu.features as unknown as Iterable<string>);
    this.#uniforms = new BatchMemory(gpu, {
      usage: 0x40, // UNIFORM
      chunkBytes: uniformChunkBytes,
      alignment: Math.max(16, gpu.limits.minUniformBufferOffsetAlignment),
    });
    this.#ring = new UploadRing(gpu);
    this.bindingLimit = gpu.limits.maxStorageBufferBindingSize;
    this.buffers = new Pool(pooledBytesCap, (b) => b.destroy());
    this.textures = new Pool(pooledBytesCap, (t) => t.destroy());
    void gpu.lost.then((info) => {
      if (info.reason === 'destroyed') return;
      this.lost = deviceLostError(info.message || info.reason);
    });
    gpu.onuncapturederror = (event) => {
      // It is thrown by the next check; without this the implementation prints it as well.
      event.preventDefault();
      const { message } = event.error;
      if (event.error.constructor.name !== 'GPUOutOfMemoryError') {
        this.#uncaptured ??= new NnError('gpu-error', message, { kind: 'internal' });
        return;
      }
      const error = outOfMemoryError(message, [this.buffers.stats, this.textures.stats]);
      this.memoryFailures = { count: this.memoryFailures.count + 1, last: error };
      this.#uncaptured ??= error;
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
    const buffer = this.buffers.acquire(String(size), size, () =>
      this.gpu.createBuffer({ size, usage: usageAll }),
    );
    this.#recent.note(this.#liveBytes);
    return buffer;
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
    const texture = this.textures.acquire(`${width}x${height}x${layers}`, bytes, () =>
      this.gpu.createTexture({
        size: [width, height, layers],
        format: 'rgba32float',
        usage: 0x02 | 0x01 | 0x04 | 0x08, // COPY_DST | COPY_SRC | TEXTURE_BINDING | STORAGE_BINDING
      }),
    );
    this.#recent.note(this.#liveBytes);
    return texture;
  }

  releaseTexture(texture: GPUTexture): void {
    this.textures.release(
      `${texture.width}x${texture.height}x${texture.depthOrArrayLayers}`,
      texture,
    );
  }

  /**
   * Copies data into a buffer, ordered after everything that was recorded before. Offset and size are
   * multiples of 4 bytes.
   */
  upload(buffer: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    const start = this.observer ? this.platform.now() : 0;
    const bytes = data.byteLength;
    this.counters.uploads++;
    // writeBuffer runs before commands that are recorded but not submitted, and the buffer may
    // come from the pool with such commands still to read it. So data are copied by a command of
    // the batch, from memory that nothing else reads.
    const place = this.#ring.stage(new Uint8Array(data.buffer, data.byteOffset, bytes));
    if (place) {
      this.copyEncoder().copyBufferToBuffer(place.buffer, place.offset, buffer, offset, bytes);
      this.counters.stagedUploads++;
      this.recorded();
    } else {
      if (this.#pending > 0) this.flush();
      const memory = data.buffer as ArrayBuffer;
      for (let at = 0; at < bytes; at += writePieceBytes) {
        const size = Math.min(writePieceBytes, bytes - at);
        this.gpu.queue.writeBuffer(buffer, offset + at, memory, data.byteOffset + at, size);
      }
    }
    this.observer?.upload(start, bytes, place !== null);
  }

  /** A place of `bytes` in this batch's uniform memory, to be filled by the caller. */
  uniform(bytes: number): BatchPlace {
    return this.#uniforms.place(bytes);
  }

  /**
   * Runs `work`, whose commands belong to the layer `name`: profiles are kept by layer. The innermost
   * label counts; a tape's backward functions run under the label of their forward ones.
   */
  label<T>(name: string, work: () => T): T {
    const outer = this.layer;
    this.layer = name;
    try {
      return work();
    } finally {
      this.layer = outer;
    }
  }

  /** Runs `work`, synchronous host work of the kind `name`, which shows in profiles. */
  phase<T>(name: string, work: () => T): T {
    const { observer } = this;
    if (!observer) return work();
    const start = this.platform.now();
    try {
      return work();
    } finally {
      observer.span('phase', name, start, this.platform.now());
    }
  }

  /** The open compute pass; with an observer, one for this launch alone. */
  pass(describe: () => Omit<DispatchInfo, 'layer'>): GPUComputePassEncoder {
    if (this.observer) {
      this.#endPass();
      const encoder = this.encoder();
      const info = { ...describe(), layer: this.layer };
      this.#pass = encoder.beginComputePass(this.observer.dispatch(encoder, info));
    }
    this.#pass ??= this.encoder().beginComputePass();
    return this.#pass;
  }

  /** The open command encoder, for copies; closes the open pass. Call `recorded` afterwards. */
  copyEncoder(): GPUCommandEncoder {
    this.#endPass();
    const encoder = this.encoder();
    return this.observer ? this.observer.copy(encoder, this.layer) : encoder;
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
    if (this.observer) {
      this.#endPass();
      this.observer.recorded(this.encoder());
    }
    if (this.#pending >= Math.min(this.#batch, this.maxBatch)) {
      this.#batch = Math.min(2 * this.#batch, this.maxBatch);
      this.flush();
    }
  }

  /** Submits everything that was recorded. */
  flush(): void {
    this.#endPass();
    const encoder = this.#encoder;
    if (encoder) {
      const { observer, buffers, textures } = this;
      const submitted = observer?.submitting(encoder, {
        commands: this.#pending,
        buffers: buffers.stats,
        textures: textures.stats,
      });
      this.#uniforms.write();
      this.#ring.write();
      this.gpu.queue.submit([encoder.finish()]);
      this.counters.submits++;
      this.#ring.submitted(this.counters.submits);
      this.#encoder = null;
      this.#pending = 0;
      submitted?.();
    }
    this.#recent.turn(this.#liveBytes);
    this.trimPools(Math.max(pooledBytesCap, pooledShare * this.#recent.most - this.#liveBytes));
  }

  get #liveBytes(): number {
    return this.buffers.stats.liveBytes + this.textures.stats.liveBytes;
  }

  /** Destroys released buffers and textures beyond a cap; call only when nothing is recorded. */
  trimPools(capBytes: number): void {
    trimTogether([this.buffers, this.textures, this.#readbacks], capBytes);
    if (capBytes > 0) return;
    this.#ring.trim();
    this.#uniforms.trim();
  }

  /**
   * After a failure to allocate: gives back everything that is kept for reuse, waits for the device,
   * and forgets the failure with all that followed from it.
   */
  async giveBackAsync(): Promise<void> {
    this.flush();
    for (const pool of [this.buffers, this.textures, this.#readbacks]) pool.retireLive();
    this.trimPools(0);
    await this.#settleAsync(this.gpu.queue.onSubmittedWorkDone(), 'out of memory');
    this.#uncaptured = null;
  }

  /**
   * Throws what failed in the calls up to now, allocations for one. Does not wait for the device to
   * work, only to have looked at the calls: some 0.02 ms.
   */
  async reportedAsync(): Promise<void> {
    // Errors arrive in the order of the calls, and that of an empty scope comes after all before it.
    this.gpu.pushErrorScope('validation');
    await this.platform.settle(this.gpu.popErrorScope());
    this.check();
  }

  /** Waits until the device has done everything that was recorded. */
  async settledAsync(): Promise<void> {
    this.flush();
    await this.#settleAsync(this.gpu.queue.onSubmittedWorkDone(), 'all work');
    this.check();
  }

  /** Awaits a promise of the device; a rejection becomes the error that explains it. */
  async #settleAsync(promise: Promise<unknown>, what: string): Promise<void> {
    const start = this.observer ? this.platform.now() : 0;
    const serial = this.counters.submits;
    try {
      await this.platform.settle(promise);
      this.#batch = firstBatch;
      this.#ring.done(serial);
      this.observer?.span('wait', what, start, this.platform.now());
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

  /**
   * Copies a part of a buffer to the host.
   * @param cause what the values are for; counted, and shown by profiles and `DEBUG`
   */
  async readAsync(
    buffer: GPUBuffer,
    offset: number,
    bytes: number,
    cause = 'unnamed buffer',
  ): Promise<ArrayBuffer> {
    if (bytes === 0) return new ArrayBuffer(0);
    const size = roundBytes(bytes);
    const staging = this.#readbacks.acquire(
      String(size),
      size,
      () => this.gpu.createBuffer({ size, usage: 0x1 | 0x8 }), // MAP_READ | COPY_DST
    );
    this.copyEncoder().copyBufferToBuffer(buffer, offset, staging, 0, Math.ceil(bytes / 4) * 4);
    this.recorded();
    this.flush();
    this.counters.readbacks++;
    this.readbackCauses.set(cause, (this.readbackCauses.get(cause) ?? 0) + 1);
    this.observer?.readback(cause, bytes);
    try {
      await this.#settleAsync(staging.mapAsync(1), `read ${cause}`);
      this.check();
      const values = staging.getMappedRange(0, size).slice(0, bytes);
      staging.unmap();
      this.#readbacks.release(String(size), staging);
      return values;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  async destroyAsync(): Promise<void> {
    if (debugLevelOf(this.platform) >= 1) debugReadbacks(this.readbackCauses);
    try {
      if (!this.lost) await this.settledAsync();
    } finally {
      this.trimPools(0);
      this.gpu.destroy();
    }
  }
}

function roundBytes(bytes: number): number {
  return Math.max(256, Math.ceil(bytes / 256) * 256);
}
