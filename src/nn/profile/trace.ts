import type { DeviceEvent, HostSpan, Profile } from './profile.js';

/** One entry of the Chrome trace event format; times in microseconds. */
interface TraceEvent {
  ph: 'X' | 'M' | 'C';
  name: string;
  pid: number;
  tid?: number;
  ts?: number;
  dur?: number;
  cat?: string;
  args?: Record<string, unknown>;
}

/** A document that Perfetto, chrome://tracing and speedscope open. */
export interface ChromeTrace {
  displayTimeUnit: 'ms';
  traceEvents: TraceEvent[];
}

const host = 1;
const device = 2;

/**
 * A profile as a trace: on the device's lane kernels and copies inside of their layers; on the host's
 * lanes its work, recording and submitting, waits, other threads' tasks, and pipelines; memory and
 * batch sizes as counters.
 */
export function traceOf(profile: Profile): ChromeTrace {
  const events: TraceEvent[] = [
    named('process_name', host, undefined, 'host'),
    named('process_name', device, undefined, profile.adapter || 'device'),
    named('thread_name', device, 1, `kernels in their layers (${profile.method})`),
    ...deviceLane(profile.events),
  ];
  let tid = 1;
  const kinds: readonly [HostSpan['kind'], string][] = [
    ['phase', 'main thread'],
    ['submit', 'recording and submitting'],
    ['task', 'other threads'],
    ['wait', 'waiting for the device'],
  ];
  for (const [kind, title] of kinds) {
    // Phases nest, so one lane shows them; others may overlap and take as many as they need.
    const spans = profile.spans.filter((span) => span.kind === kind);
    const lanes = kind === 'phase' ? [spans] : lanesOf(spans);
    for (const [i, lane] of lanes.entries()) {
      if (lane.length === 0) continue;
      events.push(named('thread_name', host, tid, i === 0 ? title : `${title} ${i + 1}`));
      for (const { name, startMs, endMs } of lane) {
        events.push(slice(host, tid, kind, name, startMs, endMs));
      }
      tid++;
    }
  }
  const pipelines = profile.pipelines.map((p) => ({
    kind: 'task' as const,
    name: `compile ${p.kernel}`,
    startMs: p.startMs,
    endMs: p.startMs + p.createMs + (p.firstLaunchMs ?? 0),
  }));
  for (const lane of lanesOf(pipelines)) {
    events.push(named('thread_name', host, tid, 'pipelines'));
    for (const { name, startMs, endMs } of lane) {
      events.push(slice(host, tid, 'pipeline', name, startMs, endMs));
    }
    tid++;
  }
  for (const { atMs, liveBytes, pooledBytes, commands } of profile.counters) {
    const ts = atMs * 1000;
    const mebibytes = { live: liveBytes / 2 ** 20, pooled: pooledBytes / 2 ** 20 };
    events.push({ ph: 'C', name: 'device memory (MiB)', pid: host, ts, args: mebibytes });
    events.push({ ph: 'C', name: 'commands in a submit', pid: host, ts, args: { commands } });
  }
  return { displayTimeUnit: 'ms', traceEvents: events };
}

function named(name: string, pid: number, tid: number | undefined, label: string): TraceEvent {
  return { ph: 'M', name, pid, ...(tid === undefined ? {} : { tid }), args: { name: label } };
}

function slice(
  pid: number,
  tid: number,
  cat: string,
  name: string,
  startMs: number,
  endMs: number,
  args?: Record<string, unknown>,
): TraceEvent {
  const [ts, dur] = [startMs * 1000, Math.max(0, endMs - startMs) * 1000];
  return { ph: 'X', name, pid, tid, cat, ts, dur, ...(args ? { args } : {}) };
}

/** Kernels one after the other, each run of the same layer inside of a slice of that layer. */
function deviceLane(events: readonly DeviceEvent[]): TraceEvent[] {
  const out: TraceEvent[] = [];
  for (let i = 0; i < events.length;) {
    const first = events[i] as DeviceEvent;
    let next = i;
    while (next < events.length && events[next]?.layer === first.layer) next++;
    const run = events.slice(i, next);
    const endMs = run.reduce((end, event) => Math.max(end, event.endMs), first.endMs);
    out.push(slice(device, 1, 'layer', first.layer || '(no layer)', first.startMs, endMs));
    for (const { kind, kernel, label, startMs, endMs: end, flops, bytes } of run) {
      const gflops = rate(flops, end - startMs);
      out.push(slice(device, 1, kind, label, startMs, end, { kernel, flops, gflops, bytes }));
    }
    i = next;
  }
  return out;
}

/** Billions per second. */
export function rate(count: number, ms: number): number {
  return ms > 0 ? count / ms / 1e6 : 0;
}

/** Spreads spans that may overlap over as few lanes as hold them. */
export function lanesOf<T extends { startMs: number; endMs: number }>(spans: readonly T[]): T[][] {
  const lanes: { end: number; spans: T[] }[] = [];
  for (const span of [...spans].sort((a, b) => a.startMs - b.startMs)) {
    let lane = lanes.find(({ end }) => end <= span.startMs);
    if (!lane) lanes.push((lane = { end: 0, spans: [] }));
    lane.end = span.endMs;
    lane.spans.push(span);
  }
  return lanes.map((lane) => lane.spans);
}
