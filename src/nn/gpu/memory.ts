import { NnError } from '../errors.js';
import { DerivedForms } from './derived.js';
import { HighWater } from './high-water.js';
import { Pool, trimTogether } from './pool.js';

const usageAll = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC
/** Released buffers and textures that are kept for reuse in any case, together. */
const pooledBytesCap = 1024 * 1024 * 1024;
/**
 * More is kept while it makes, with what is in use, no more than this share of what was in use at
 * once lately: a training step that needs 3 GB would otherwise make most of them again every time.
 */
const pooledShare = 1.25;
/** Submits that "lately" covers: several training steps. */
const recentSubmits = 500;

/** The buffers and textures of a device: those in use, those kept for reuse, and how many to keep. */
export class GpuMemory {
  readonly buffers = new Pool<GPUBuffer>(pooledBytesCap, (b) => b.destroy());
  readonly textures = new Pool<GPUTexture>(pooledBytesCap, (t) => t.destroy());
  /** Textures and copies that were made from buffers and hold as long as those keep their values. */
  readonly derived = new DerivedForms((form) => {
    if ('width' in form) this.releaseTexture(form);
    else this.releaseBuffer(form);
  });
  /** Buffers that readbacks go through. */
  readonly #readbacks = new Pool<GPUBuffer>(pooledBytesCap, (b) => b.destroy());
  /** Bytes of buffers and textures in use. */
  readonly #recent = new HighWater(recentSubmits);
  readonly #gpu: GPUDevice;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** @throws NnError `buffer-too-large` */
  acquireBuffer(bytes: number): GPUBuffer {
    const size = roundBytes(bytes);
    const { maxBufferSize } = this.#gpu.limits;
    if (size > maxBufferSize) {
      throw new NnError(
        'buffer-too-large',
        `a buffer of ${size} bytes exceeds this adapter's limit of ${maxBufferSize}.`,
        {
          kind: 'device',
          fix: 'use an adapter with a larger maxBufferSize, a smaller image or the lite preset.',
        },
      );
    }
    const buffer = this.buffers.acquire(String(size), size, () =>
      this.#gpu.createBuffer({ size, usage: usageAll }),
    );
    this.#recent.note(this.liveBytes);
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.derived.drop(buffer);
    this.buffers.release(String(buffer.size), buffer);
  }

  /**
   * A 2D-array texture, rgba32float, readable by kernels and a copy destination.
   * @throws NnError `texture-too-large`
   */
  acquireTexture(width: number, height: number, layers: number): GPUTexture {
    const { maxTextureDimension2D: side, maxTextureArrayLayers: most } = this.#gpu.limits;
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
      this.#gpu.createTexture({
        size: [width, height, layers],
        format: 'rgba32float',
        usage: 0x02 | 0x01 | 0x04 | 0x08, // COPY_DST | COPY_SRC | TEXTURE_BINDING | STORAGE_BINDING
      }),
    );
    this.#recent.note(this.liveBytes);
    return texture;
  }

  releaseTexture(texture: GPUTexture): void {
    this.textures.release(
      `${texture.width}x${texture.height}x${texture.depthOrArrayLayers}`,
      texture,
    );
  }

  /** A buffer that the host can map, of at least `bytes`. */
  acquireReadback(bytes: number): GPUBuffer {
    const size = roundBytes(bytes);
    return this.#readbacks.acquire(
      String(size),
      size,
      () => this.#gpu.createBuffer({ size, usage: 0x1 | 0x8 }), // MAP_READ | COPY_DST
    );
  }

  releaseReadback(buffer: GPUBuffer): void {
    this.#readbacks.release(String(buffer.size), buffer);
  }

  get liveBytes(): number {
    return this.buffers.stats.liveBytes + this.textures.stats.liveBytes;
  }

  /** After a submit: destroys what is kept beyond what lately was needed. */
  submitted(): void {
    this.#recent.turn(this.liveBytes);
    this.trim(Math.max(pooledBytesCap, pooledShare * this.#recent.most - this.liveBytes));
  }

  /** Destroys released buffers and textures beyond a cap; call only when nothing is recorded. */
  trim(capBytes: number): void {
    trimTogether([this.buffers, this.textures, this.#readbacks], capBytes);
  }

  /** After a failure to allocate: what is live now is not handed out again. */
  retireLive(): void {
    for (const pool of [this.buffers, this.textures, this.#readbacks]) pool.retireLive();
  }
}

function roundBytes(bytes: number): number {
  return Math.max(256, Math.ceil(bytes / 256) * 256);
}
