/** A piece of device memory whose contents are given now and arrive before the next submit. */
export interface BatchPlace {
  buffer: GPUBuffer;
  /** Where the piece begins, in the buffer and in `view`. */
  offset: number;
  view: DataView;
}

interface Chunk {
  buffer: GPUBuffer;
  view: DataView;
  used: number;
}

/**
 * Memory for data that the commands of one batch read: uniform blocks, and uploads on their way to
 * their buffers. Pieces are filled on the host; `write` sends each chunk with one `writeBuffer`
 * just before the submit. `writeBuffer` overtakes recorded commands, but nothing that was submitted
 * before, and no recorded command reads a piece that a later one was given: so chunks are used again
 * in the next batch.
 */
export class BatchMemory {
  readonly #gpu: GPUDevice;
  readonly #usage: number;
  readonly #chunkBytes: number;
  readonly #alignment: number;
  readonly #chunks: Chunk[] = [];
  #current = 0;

  constructor(gpu: GPUDevice, options: { usage: number; chunkBytes: number; alignment: number }) {
    this.#gpu = gpu;
    this.#usage = options.usage | 0x8; // COPY_DST
    this.#chunkBytes = options.chunkBytes;
    this.#alignment = options.alignment;
  }

  /** A place of at most `chunkBytes` bytes, to be filled by the caller before the next submit. */
  place(bytes: number): BatchPlace {
    const size = Math.ceil(bytes / this.#alignment) * this.#alignment;
    let chunk = this.#chunks[this.#current];
    if (chunk && chunk.used + size > this.#chunkBytes) {
      this.#current++;
      chunk = this.#chunks[this.#current];
    }
    if (!chunk) {
      const buffer = this.#gpu.createBuffer({ size: this.#chunkBytes, usage: this.#usage });
      chunk = { buffer, view: new DataView(new ArrayBuffer(this.#chunkBytes)), used: 0 };
      this.#chunks.push(chunk);
    }
    const offset = chunk.used;
    chunk.used += size;
    return { buffer: chunk.buffer, offset, view: chunk.view };
  }

  /** Sends everything that was filled in since the last call; call right before the submit. */
  write(): void {
    for (let i = 0; i <= this.#current; i++) {
      const chunk = this.#chunks[i];
      if (!chunk || chunk.used === 0) continue;
      this.#gpu.queue.writeBuffer(chunk.buffer, 0, chunk.view.buffer as ArrayBuffer, 0, chunk.used);
      chunk.used = 0;
    }
    this.#current = 0;
  }
  /** Gives all memory back; call when nothing is recorded. */
  trim(): void {
    for (const { buffer } of this.#chunks.splice(0)) buffer.destroy();
    this.#current = 0;
  }
}
