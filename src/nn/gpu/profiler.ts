import type { GpuContext } from './context.js';
import { NnError } from './errors.js';

/** Time of the dispatches that share a label. */
export interface ProfileEntry {
  label: string;
  count: number;
  totalMs: number;
}

/**
 * Times every dispatch with GPU timestamps. Each dispatch then gets a pass of its own, so the sum
 * is a little more than an unprofiled run; copies are not timed.
 */
export class Profiler {
  readonly #context: GpuContext;
  readonly #capacity = 2048;
  readonly #querySet: GPUQuerySet;
  readonly #totals = new Map<string, ProfileEntry>();
  #labels: string[] = [];

  constructor(context: GpuContext) {
    if (!context.features.has('timestamp-query')) {
      throw new NnError('no-timestamps', 'this adapter has no timestamp queries.', {
        kind: 'device',
        fix: 'profile on another adapter.',
      });
    }
    this.#context = context;
    this.#querySet = context.gpu.createQuerySet({ type: 'timestamp', count: 2 * this.#capacity });
    context.profiler = this;
  }

  /** Called by the context for every dispatch. */
  begin(_encoder: GPUCommandEncoder, label: string): GPUComputePassDescriptor | undefined {
    const at = this.#labels.length;
    if (at >= this.#capacity) return undefined;
    this.#labels.push(label);
    return {
      timestampWrites: {
        querySet: this.#querySet,
        beginningOfPassWriteIndex: 2 * at,
        endOfPassWriteIndex: 2 * at + 1,
      },
    };
  }

  /** Reads the times of the dispatches since the last call and adds them to the totals. */
  async collectAsync(): Promise<void> {
    const context = this.#context;
    const labels = this.#labels;
    if (labels.length === 0) return;
    const bytes = labels.length * 16;
    const resolve = context.gpu.createBuffer({ size: bytes, usage: 0x200 | 0x4 }); // QUERY_RESOLVE | COPY_SRC
    context.copyEncoder().resolveQuerySet(this.#querySet, 0, labels.length * 2, resolve, 0);
    const times = new BigUint64Array(await context.readAsync(resolve, 0, bytes));
    resolve.destroy();
    this.#labels = [];
    labels.forEach((label, i) => {
      const ms = Number((times[2 * i + 1] ?? 0n) - (times[2 * i] ?? 0n)) / 1e6;
      const entry = this.#totals.get(label) ?? { label, count: 0, totalMs: 0 };
      entry.count++;
      entry.totalMs += ms;
      this.#totals.set(label, entry);
    });
  }

  /** Totals by label, the most expensive first. */
  entries(): ProfileEntry[] {
    return [...this.#totals.values()].sort((a, b) => b.totalMs - a.totalMs);
  }

  stop(): void {
    this.#context.profiler = null;
    // Passes that write to the query set may be recorded and not yet submitted.
    this.#context.flush();
    this.#querySet.destroy();
  }
}
