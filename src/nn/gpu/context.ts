import type { Platform } from '../platform/types.js';
import type { AdapterSummary, ContextCounters } from './context-types.js';
import { BatchMemory, type BatchPlace } from './batch-memory.js';
import { debugLevelOf, debugReadbacks } from './debug.js';
import { NnError } from '../errors.js';
import { Faults } from './faults.js';
import { GpuMemory } from './memory.js';
import type { ContextObserver, DispatchInfo } from './observer.js';
import { UploadRing } from './upload-ring.js';

/** Commands of the first batch after a wait. */
const firstBatch = 12;
const uniformChunkBytes = 64 * 1024;
/** Uploads past the ring are written in pieces, for which Dawn uses memory again that it keeps. */
const writePieceBytes = 1024 * 1024;
/** Commands per submit. Software adapters start work only at submit, so batches stay moderate. */
const mostPerBatch = 96;

/** What is known of a device beyond what it says itself; all of it is fixed when it is opened. */
export interface ContextOptions {
  /** Tensors larger than this many bytes are bound in windows. Default and most: the device's limit. */
  bindingLimit?: number | undefined;
  /**
   * Whether WGSL here reads storage textures, which lane kernels do. A language feature that every
   * current implementation has; without it the kernels over plain buffers are used. Default true.
   */
  readsStorageTextures?: boolean | undefined;
  /** Opens another device on the same adapter, which compiles for this one. Default: none can be had. */
  openHelperAsync?: (() => Promise<GPUDevice>) | undefined;
}

/**
 * One WebGPU device with its queue: records commands, submits them in batches, waits and reads back.
 * Knows nothing of tensors or kernels.
 */
export class GpuContext {
  readonly platform: Platform;
  readonly gpu: GPUDevice;
  readonly adapter: AdapterSummary;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly counters: ContextCounters = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    pipelines: 0,
    uploads: 0,
    stagedUploads: 0,
  };
  /** Readbacks by what they were for. */
  readonly readbackCauses = new Map<string, number>();
  readonly memory: GpuMemory;
  readonly faults: Faults;
  readonly bindingLimit: number;
  readonly readsStorageTextures: boolean;
  readonly storesThroughBuffers: boolean; // and then copies: lavapipe stores into textures slowly
  readonly openHelperAsync: (() => Promise<GPUDevice>) | null;

  /** Commands of the next batch: few where the device may be waiting for work, then twice as many. */
  #batch = firstBatch;
  #mostPerBatch = mostPerBatch;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #pending = 0;
  readonly #uniforms: BatchMemory;
  readonly #ring: UploadRing;
  #observer: ContextObserver | null = null;
  #layer = '';

  constructor(
    platform: Platform,
    gpu: GPUDevice,
    adapter: AdapterSummary,
    options: ContextOptions = {},
  ) {
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
    const { maxStorageBufferBindingSize: most } = gpu.limits;
    this.bindingLimit = Math.min(most, options.bindingLimit ?? most);
    this.readsStorageTextures = options.readsStorageTextures ?? true;
    this.storesThroughBuffers = adapter.kind === 'lavapipe';
    this.openHelperAsync = options.openHelperAsync ?? null;
    this.memory = new GpuMemory(gpu);
    this.faults = new Faults(gpu, [this.memory.buffers.stats, this.memory.textures.stats]);
  }

  /** Throws the first error that the device reported since the last check. */
  check(): void {
    this.faults.check();
  }

  /** Sees everything that happens here; null unless a profiler is attached. */
  get observer(): ContextObserver | null {
    return this.#observer;
  }

  /**
   * Attaches an observer, or with null takes it off.
   * @param commandsPerSubmit 1 where the time of a submit is to be that of one command
   */
  observe(observer: ContextObserver | null, commandsPerSubmit = mostPerBatch): void {
    this.#observer = observer;
    this.#mostPerBatch = commandsPerSubmit;
  }

  /** Commands that are submitted at once, at most. */
  get commandsPerSubmit(): number {
    return this.#mostPerBatch;
  }

  /** The layer whose commands are being recorded; see `label`. */
  get layer(): string {
    return this.#layer;
  }

  // Memory for tensors and operations, which need not know of pools (memory.ts).

  acquireBuffer(bytes: number): GPUBuffer {
    return this.memory.acquireBuffer(bytes);
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.memory.releaseBuffer(buffer);
  }

  acquireTexture(width: number, height: number, layers: number): GPUTexture {
    return this.memory.acquireTexture(width, height, layers);
  }

  releaseTexture(texture: GPUTexture): void {
    this.memory.releaseTexture(texture);
  }

  /** The values of a buffer change with what is recorded next. */
  writes(buffer: GPUBuffer): void {
    this.memory.derived.drop(buffer);
  }

  /** Copies `bytes` bytes between two buffers, in order with the launches. */
  copy(
    source: GPUBuffer,
    fromByte: number,
    target: GPUBuffer,
    toByte: number,
    bytes: number,
  ): void {
    this.writes(target);
    this.copyEncoder().copyBufferToBuffer(source, fromByte, target, toByte, bytes);
    this.recorded();
  }

  /** Fills a buffer, or its first `bytes` bytes, with zeros. */
  clear(buffer: GPUBuffer, bytes = buffer.size): void {
    this.writes(buffer);
    this.copyEncoder().clearBuffer(buffer, 0, bytes);
    this.recorded();
  }

  /**
   * Copies data into a buffer, ordered after everything that was recorded before. Offset and size are
   * multiples of 4 bytes.
   */
  upload(buffer: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    this.writes(buffer);
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
    const outer = this.#layer;
    this.#layer = name;
    try {
      return work();
    } finally {
      this.#layer = outer;
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
    if (this.#pending >= Math.min(this.#batch, this.#mostPerBatch)) {
      this.#batch = Math.min(2 * this.#batch, this.#mostPerBatch);
      this.flush();
    }
  }

  /** Submits everything that was recorded. */
  flush(): void {
    this.#endPass();
    const encoder = this.#encoder;
    if (encoder) {
      const { observer, memory } = this;
      const submitted = observer?.submitting(encoder, {
        commands: this.#pending,
        buffers: memory.buffers.stats,
        textures: memory.textures.stats,
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
    this.memory.submitted();
  }

  /** Destroys what is kept for reuse beyond a cap, all of it at 0; call only when nothing is recorded. */
  trimPools(capBytes: number): void {
    this.memory.trim(capBytes);
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
    this.memory.retireLive();
    this.trimPools(0);
    await this.#settleAsync(this.gpu.queue.onSubmittedWorkDone(), 'out of memory');
    this.faults.forgive();
  }

  /**
   * Throws what failed in the calls up to now, allocations for one. Does not wait for the device to
   * work, only to have looked at the calls: some 0.02 ms.
   */
  async reportedAsync(): Promise<void> {
    // Errors arrive in the order of the calls, and that of an empty scope comes after all before it.
    this.gpu.pushErrorScope('validation');
    await this.#heardAsync(this.gpu.popErrorScope());
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
    await this.#heardAsync(promise);
    this.#batch = firstBatch;
    this.#ring.done(serial);
    this.observer?.span('wait', what, start, this.platform.now());
  }

  async #heardAsync(promise: Promise<unknown>): Promise<void> {
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
    const staging = this.memory.acquireReadback(bytes);
    this.copyEncoder().copyBufferToBuffer(buffer, offset, staging, 0, Math.ceil(bytes / 4) * 4);
    this.recorded();
    this.flush();
    this.counters.readbacks++;
    this.readbackCauses.set(cause, (this.readbackCauses.get(cause) ?? 0) + 1);
    this.observer?.readback(cause, bytes);
    try {
      await this.#settleAsync(staging.mapAsync(1), `read ${cause}`);
      this.check();
      const values = staging.getMappedRange(0, staging.size).slice(0, bytes);
      staging.unmap();
      this.memory.releaseReadback(staging);
      return values;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  async destroyAsync(): Promise<void> {
    if (debugLevelOf(this.platform) >= 1) debugReadbacks(this.readbackCauses);
    try {
      if (!this.faults.lost) await this.settledAsync();
    } catch (error) {
      // What is closed may be lost already: nobody waits for its work any more.
      if (!(error instanceof NnError && error.code === 'device-lost')) throw error;
    } finally {
      this.trimPools(0);
      this.faults.expectLoss();
      this.gpu.destroy();
      this.faults.close();
    }
  }
}
