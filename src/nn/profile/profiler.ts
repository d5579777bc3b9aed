import { measurePeakAsync } from './peak.js';
import type { KernelCache } from '../kernel/pipeline.js';
import type { GpuContext } from '../gpu/context.js';
import { countingEncoder } from '../gpu/counting-encoder.js';
import type { ContextObserver, DispatchInfo, PipelineInfo, SubmitState } from '../gpu/observer.js';
import type { CounterSample, DeviceEvent, HostSpan, Profile, ProfileRow } from './profile.js';
import { Stamps, type StampBatch } from './stamps.js';

/** Single events that are kept for the trace; sums go on without end. */
const maxEvents = 200_000;

/** A launch or copy whose time is not known yet, with its queries in the batch. */
interface OpenEvent {
  event: DeviceEvent;
  from: number | null;
  to: number | null;
}

/**
 * Times every launch and copy of a context, by kernel and by layer, and what the host does meanwhile.
 *
 * Launches get a pass of their own with GPU timestamps at both ends; a copy lies between two
 * timestamps. Adapters without timestamp queries are measured by submitting each command alone and
 * noting when the host hears that it is done: coarse, and the profile says so (`method: 'wall'`).
 * A profiled run is a little slower than others; the times of its kernels are real.
 */
export class Profiler implements ContextObserver {
  readonly #context: GpuContext;
  readonly #stamps: Stamps | null;
  readonly #peakFlops: number;
  /** Host time minus device time. */
  #clockOffset = 0;
  #startMs = 0;
  #open: OpenEvent[] = [];
  /** Query at the end of the command recorded last in the open batch. */
  #lastEnd: number | null = null;
  #copyOpen: OpenEvent | null = null;
  /** Since when commands are being recorded, in the present turn of the event loop. */
  #recordStart: number | null = null;
  #lastDone = 0;
  readonly #arriving = new Set<Promise<void>>();
  readonly #kernels = new Map<string, ProfileRow>();
  readonly #layers = new Map<string, ProfileRow>();
  readonly #readbacks = new Map<string, { cause: string; count: number; bytes: number }>();
  readonly #host = new Map<string, Profile['host'][number]>();
  #pipelines: PipelineInfo[] = [];
  #uploads = { count: 0, staged: 0, bytes: 0, totalMs: 0 };
  #events: DeviceEvent[] = [];
  #spans: HostSpan[] = [];
  #counters: CounterSample[] = [];
  #submits = 0;
  #dropped = 0;

  private constructor(context: GpuContext, peakFlops: number) {
    this.#context = context;
    this.#peakFlops = peakFlops;
    this.#stamps = context.features.has('timestamp-query') ? new Stamps(context) : null;
  }

  /** Measures the device's peak, then watches everything that the device does. */
  static async startAsync(device: {
    context: GpuContext;
    kernels: KernelCache;
  }): Promise<Profiler> {
    const { context, kernels } = device;
    await context.settledAsync();
    const profiler = new Profiler(context, await measurePeakAsync(context, kernels));
    if (profiler.#stamps) await profiler.#calibrateAsync(profiler.#stamps);
    profiler.#startMs = context.platform.now();
    context.observe(profiler, profiler.#stamps ? undefined : 1);
    return profiler;
  }

  /** Finds what to add to device times to get the host's clock: both ends of short waits bound it. */
  async #calibrateAsync(stamps: Stamps): Promise<void> {
    const { gpu, platform } = this.#context;
    let low = -Infinity;
    let high = Infinity;
    for (let i = 0; i < 5; i++) {
      const encoder = gpu.createCommandEncoder();
      const at = stamps.take(1) as number;
      encoder.beginComputePass(stamps.writes(at, undefined)).end();
      const batch = stamps.close(encoder) as StampBatch;
      const before = platform.now();
      gpu.queue.submit([encoder.finish()]);
      await platform.settle(gpu.queue.onSubmittedWorkDone(), 0.05);
      const after = platform.now();
      const [time = 0] = await platform.settle(stamps.readAsync(batch), 0.05);
      low = Math.max(low, before - time);
      high = Math.min(high, after - time);
    }
    this.#clockOffset = (low + high) / 2;
  }

  dispatch(_encoder: GPUCommandEncoder, info: DispatchInfo): GPUComputePassDescriptor | undefined {
    const from = this.#begin({ kind: 'kernel', ...info, startMs: 0, endMs: 0 }, 2);
    if (from === null) return undefined;
    this.#lastEnd = from + 1;
    return this.#stamps?.writes(from, from + 1);
  }

  copy(encoder: GPUCommandEncoder, layer: string): GPUCommandEncoder {
    const event: DeviceEvent = {
      kind: 'copy',
      kernel: 'copy',
      label: 'copy',
      layer,
      startMs: 0,
      endMs: 0,
      flops: 0,
      bytes: 0,
    };
    const stamps = this.#stamps;
    if (stamps && this.#lastEnd === null) {
      this.#lastEnd = stamps.take(1);
      if (this.#lastEnd !== null) {
        encoder.beginComputePass(stamps.writes(undefined, this.#lastEnd)).end();
      }
    }
    const open = { event, from: this.#lastEnd, to: null };
    this.#recording();
    this.#open.push(open);
    this.#copyOpen = open;
    return countingEncoder(encoder, (label, bytes) => {
      event.label = label;
      event.bytes += bytes;
    });
  }

  recorded(encoder: GPUCommandEncoder): void {
    const open = this.#copyOpen;
    this.#copyOpen = null;
    if (!open || !this.#stamps) return;
    const end = this.#stamps.take(1);
    this.#lastEnd = end;
    if (end === null || open.from === null) return;
    open.to = end;
    encoder.beginComputePass(this.#stamps.writes(end, undefined)).end();
  }

  #begin(event: DeviceEvent, queries: number): number | null {
    this.#recording();
    const from = this.#stamps?.take(queries) ?? null;
    this.#open.push({ event, from, to: from === null ? null : from + 1 });
    return from;
  }

  /** Commands are recorded from now to the end of what runs without a pause, or to a submit. */
  #recording(): void {
    if (this.#recordStart !== null) return;
    this.#recordStart = this.#context.platform.now();
    queueMicrotask(() => this.#stopRecording(this.#context.platform.now()));
  }

  #stopRecording(now: number): void {
    if (this.#recordStart === null) return;
    this.span('submit', 'record', this.#recordStart, now);
    this.#recordStart = null;
  }

  submitting(encoder: GPUCommandEncoder, state: SubmitState): () => void {
    const { platform } = this.#context;
    const open = this.#open;
    this.#open = [];
    this.#lastEnd = null;
    this.#submits++;
    const before = platform.now();
    this.#stopRecording(before);
    if (this.#counters.length < maxEvents) {
      this.#counters.push({
        atMs: before - this.#startMs,
        liveBytes: state.buffers.liveBytes + state.textures.liveBytes,
        pooledBytes: state.buffers.pooledBytes + state.textures.pooledBytes,
        commands: state.commands,
      });
    }
    const batch = this.#stamps?.close(encoder) ?? null;
    return () => {
      const submitted = platform.now();
      this.span('submit', 'submit', before, submitted);
      this.#await(batch ? this.#stampedAsync(batch, open) : this.#timedAsync(open, submitted));
    };
  }

  async #stampedAsync(batch: StampBatch, open: OpenEvent[]): Promise<void> {
    const times = await (this.#stamps as Stamps).readAsync(batch);
    const at = (query: number | null): number => (query === null ? NaN : (times[query] ?? NaN));
    for (const { event, from, to } of open) {
      this.#arrived(event, at(from) + this.#clockOffset, at(to) + this.#clockOffset);
    }
  }

  async #timedAsync(open: OpenEvent[], submitted: number): Promise<void> {
    if (open.length === 0) return;
    await this.#context.gpu.queue.onSubmittedWorkDone();
    const done = this.#context.platform.now();
    const start = Math.max(submitted, this.#lastDone);
    this.#lastDone = done;
    for (const { event } of open) this.#arrived(event, start, done);
  }

  #await(work: Promise<void>): void {
    // A device that is lost meanwhile says so elsewhere; its last times are missing.
    const watched: Promise<void> = work
      .catch(() => undefined)
      .finally(() => this.#arriving.delete(watched));
    this.#arriving.add(watched);
  }

  #arrived(event: DeviceEvent, start: number, end: number): void {
    const ms = Math.max(0, end - start) || 0;
    const name = event.layer || '(no layer)';
    add(this.#kernels, `${event.kernel}\n${event.label}`, event.label, event, ms).kernel =
      event.kernel;
    add(this.#layers, name, name, event, ms);
    if (this.#events.length >= maxEvents || !Number.isFinite(start)) {
      this.#dropped++;
      return;
    }
    event.startMs = start - this.#startMs;
    event.endMs = event.startMs + ms;
    this.#events.push(event);
  }

  upload(startMs: number, bytes: number, isStaged: boolean): void {
    const now = this.#context.platform.now();
    this.#uploads.count++;
    if (isStaged) this.#uploads.staged++;
    this.#uploads.bytes += bytes;
    this.#uploads.totalMs += now - startMs;
  }

  pipeline(info: PipelineInfo): void {
    this.#pipelines.push({ ...info, startMs: info.startMs - this.#startMs });
  }

  readback(cause: string, bytes: number): void {
    const row = this.#readbacks.get(cause) ?? { cause, count: 0, bytes: 0 };
    row.count++;
    row.bytes += bytes;
    this.#readbacks.set(cause, row);
  }

  span(kind: HostSpan['kind'], name: string, startMs: number, endMs: number): void {
    const key = `${kind} ${name}`;
    const row = this.#host.get(key) ?? { kind, name, count: 0, totalMs: 0 };
    row.count++;
    row.totalMs += endMs - startMs;
    this.#host.set(key, row);
    if (this.#spans.length >= maxEvents) this.#dropped++;
    else {
      const begin = startMs - this.#startMs;
      this.#spans.push({ kind, name, startMs: begin, endMs: begin + endMs - startMs });
    }
  }

  /** Waits for the times that are under way, stops watching, and returns what was seen. */
  async stopAsync(): Promise<Profile> {
    const context = this.#context;
    await context.settledAsync();
    while (this.#arriving.size > 0) await context.platform.settle(Promise.all(this.#arriving));
    const wallMs = context.platform.now() - this.#startMs;
    context.observe(null);
    this.#stamps?.destroy();
    const kernels = sorted(this.#kernels);
    return {
      adapter: context.adapter.description || context.adapter.device,
      method: this.#stamps ? 'timestamps' : 'wall',
      peakFlops: this.#peakFlops,
      wallMs,
      deviceMs: kernels.reduce((sum, row) => sum + row.totalMs, 0),
      kernels,
      layers: sorted(this.#layers),
      readbacks: [...this.#readbacks.values()].sort((a, b) => b.count - a.count),
      uploads: this.#uploads,
      submits: this.#submits,
      pipelines: this.#pipelines,
      host: sorted(this.#host),
      events: this.#events.sort((a, b) => a.startMs - b.startMs),
      spans: this.#spans,
      counters: this.#counters,
      droppedEvents: this.#dropped,
    };
  }
}

function add(
  rows: Map<string, ProfileRow>,
  key: string,
  name: string,
  event: DeviceEvent,
  ms: number,
): ProfileRow {
  let row = rows.get(key);
  if (!row) rows.set(key, (row = { name, count: 0, totalMs: 0, flops: 0, bytes: 0 }));
  row.count++;
  row.totalMs += ms;
  row.flops += event.flops;
  row.bytes += event.bytes;
  return row;
}

function sorted<T extends { totalMs: number }>(rows: ReadonlyMap<string, T>): T[] {
  return [...rows.values()].sort((a, b) => b.totalMs - a.totalMs);
}
