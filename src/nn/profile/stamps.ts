import type { GpuContext } from '../gpu/context.js';

/** Queries of one batch: 96 commands, a copy taking up to four. */
const capacity = 1024;

/** Timestamps of one submitted batch, on their way to the host. */
export interface StampBatch {
  querySet: GPUQuerySet;
  resolve: GPUBuffer;
  staging: GPUBuffer;
  used: number;
}

/**
 * Timestamp queries by batch: each encoder gets a query set, resolved at its end and read when the
 * device is done; sets are used again. Reading them counts as no readback.
 */
export class Stamps {
  readonly #context: GpuContext;
  readonly #free: StampBatch[] = [];
  readonly #all: StampBatch[] = [];
  #current: StampBatch | null = null;

  constructor(context: GpuContext) {
    this.#context = context;
  }

  get #open(): StampBatch {
    this.#current ??= this.#free.pop() ?? this.#make();
    return this.#current;
  }

  #make(): StampBatch {
    const { gpu } = this.#context;
    const size = capacity * 8;
    const batch = {
      querySet: gpu.createQuerySet({ type: 'timestamp', count: capacity }),
      resolve: gpu.createBuffer({ size, usage: 0x200 | 0x4 }), // QUERY_RESOLVE | COPY_SRC
      staging: gpu.createBuffer({ size, usage: 0x1 | 0x8 }), // MAP_READ | COPY_DST
      used: 0,
    };
    this.#all.push(batch);
    return batch;
  }

  /** Indices of `count` new queries in the open batch, or null when it is full. */
  take(count: number): number | null {
    const batch = this.#open;
    if (batch.used + count > capacity) return null;
    batch.used += count;
    return batch.used - count;
  }

  /** Where a pass writes its begin and end. */
  writes(begin: number | undefined, end: number | undefined): GPUComputePassDescriptor {
    return {
      timestampWrites: {
        querySet: this.#open.querySet,
        ...(begin === undefined ? {} : { beginningOfPassWriteIndex: begin }),
        ...(end === undefined ? {} : { endOfPassWriteIndex: end }),
      },
    };
  }

  /** Adds the commands that fetch the batch's stamps; returns the batch, or null without stamps. */
  close(encoder: GPUCommandEncoder): StampBatch | null {
    const batch = this.#current;
    if (!batch || batch.used === 0) return null;
    this.#current = null;
    encoder.resolveQuerySet(batch.querySet, 0, batch.used, batch.resolve, 0);
    encoder.copyBufferToBuffer(batch.resolve, 0, batch.staging, 0, batch.used * 8);
    return batch;
  }

  /** Times of a submitted batch in milliseconds of the device's clock; frees the batch. */
  async readAsync(batch: StampBatch): Promise<Float64Array> {
    const bytes = batch.used * 8;
    await batch.staging.mapAsync(1, 0, bytes);
    const ticks = new BigUint64Array(batch.staging.getMappedRange(0, bytes));
    const times = Float64Array.from(ticks, (t) => Number(t) / 1e6);
    batch.staging.unmap();
    batch.used = 0;
    this.#free.push(batch);
    return times;
  }

  destroy(): void {
    for (const batch of this.#all) {
      batch.querySet.destroy();
      batch.resolve.destroy();
      batch.staging.destroy();
    }
  }
}
