import { BatchMemory } from './batch-memory.js';

/** Uploads up to this size share chunks that `writeBuffer` fills. */
const smallBytes = 256 * 1024;
/** Larger ones than this are not staged: the caller submits and calls `writeBuffer`. */
const mostBytes = 16 * 1024 * 1024;
/** Mapped buffers that are kept for later uploads. */
const keptBytes = 64 * 1024 * 1024;

/** A buffer that is mapped for writing, or on its way through the queue. */
interface Slot {
  buffer: GPUBuffer;
  size: number;
}

/**
 * Where data wait for the copy that a batch makes of them, in memory that is used again and again.
 * Fresh memory is slow on software adapters: its pages cost more than 3 ms per MiB, so a picture's
 * upload took 16 ms where it takes 0.3 ms from a buffer that exists.
 *
 * Small data share chunks. Larger ones get a mapped buffer of their own, of a power of two bytes: it
 * is written, unmapped, read by one copy of the open batch, and mapped again once the host
 * has heard that the batch is done; nothing polls for that.
 */
export class UploadRing {
  readonly #gpu: GPUDevice;
  readonly #small: BatchMemory;
  readonly #mapped: Slot[] = [];
  /** Read by the batch that is being recorded. */
  #recorded: Slot[] = [];
  #submitted: { serial: number; slots: Slot[] }[] = [];
  #bytes = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#small = new BatchMemory(gpu, { usage: 0x4, chunkBytes: smallBytes, alignment: 16 }); // COPY_SRC
  }

  /**
   * A place that will hold `data` when the batch under way runs, to be copied from by that batch;
   * null for what is too large, no multiple of 4 bytes as copies must be, or finds no memory.
   */
  stage(data: Uint8Array): { buffer: GPUBuffer; offset: number } | null {
    const bytes = data.byteLength;
    if (bytes > mostBytes || bytes % 4 !== 0) return null;
    if (bytes <= smallBytes) {
      const place = this.#small.place(bytes);
      new Uint8Array(place.view.buffer, place.offset, bytes).set(data);
      return place;
    }
    const slot = this.#take(2 ** Math.ceil(Math.log2(bytes)));
    if (!slot) return null;
    new Uint8Array(slot.buffer.getMappedRange(0, slot.size), 0, bytes).set(data);
    slot.buffer.unmap();
    this.#recorded.push(slot);
    return { buffer: slot.buffer, offset: 0 };
  }

  /** A mapped slot; null where there is no memory for one. */
  #take(size: number): Slot | null {
    const at = this.#mapped.findIndex((slot) => slot.size === size);
    if (at >= 0) return this.#mapped.splice(at, 1)[0] as Slot;
    const usage = 0x2 | 0x4; // MAP_WRITE | COPY_SRC
    try {
      const buffer = this.#gpu.createBuffer({ size, usage, mappedAtCreation: true });
      this.#bytes += size;
      return { size, buffer };
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** Sends the small data; call right before the submit. */
  write(): void {
    this.#small.write();
  }

  /** The batch was submitted as number `serial`. */
  submitted(serial: number): void {
    if (this.#recorded.length === 0) return;
    this.#submitted.push({ serial, slots: this.#recorded });
    this.#recorded = [];
  }

  /** Everything up to submit number `serial` is done: its buffers may be written again. */
  done(serial: number): void {
    const finished = this.#submitted.filter((batch) => batch.serial <= serial);
    if (finished.length === 0) return;
    this.#submitted = this.#submitted.filter((batch) => batch.serial > serial);
    for (const slot of finished.flatMap(({ slots }) => slots)) {
      if (this.#bytes > keptBytes) this.#drop(slot);
      else {
        slot.buffer.mapAsync(0x2).then(
          () => this.#mapped.push(slot),
          () => this.#drop(slot), // the device is gone
        );
      }
    }
  }

  #drop(slot: Slot): void {
    this.#bytes -= slot.size;
    slot.buffer.destroy();
  }

  /** Gives back what is mapped and unused; call when nothing is recorded. */
  trim(): void {
    this.#small.trim();
    for (const slot of this.#mapped.splice(0)) this.#drop(slot);
  }
}
