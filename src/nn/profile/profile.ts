/** What a profile consists of: plain data, ready for JSON. All times in milliseconds. */
import type { PipelineInfo } from '../gpu/observer.js';

/** A launch or copy on the device. */
export interface DeviceEvent {
  kind: 'kernel' | 'copy';
  kernel: string;
  label: string;
  layer: string;
  startMs: number;
  endMs: number;
  flops: number;
  bytes: number;
}

/** A stretch of time of the host. */
export interface HostSpan {
  /** phase: host work, nested; wait: for the device; task: other threads; submit: recording. */
  kind: 'phase' | 'wait' | 'task' | 'submit';
  name: string;
  startMs: number;
  endMs: number;
}

/** Memory and batch size at a submit. */
export interface CounterSample {
  atMs: number;
  liveBytes: number;
  pooledBytes: number;
  commands: number;
}

/** Sums of what shares a name. */
export interface ProfileRow {
  name: string;
  /** Kernel of the row, where rows are by kernel. */
  kernel?: string;
  count: number;
  totalMs: number;
  flops: number;
  bytes: number;
}

/** Everything that was seen between start and stop. */
export interface Profile {
  adapter: string;
  /** How device times were measured. */
  method: 'timestamps' | 'wall';
  /** Mul+add peak of the device in operations per second. */
  peakFlops: number;
  wallMs: number;
  /** Sum of all launches and copies. */
  deviceMs: number;
  /** By label; copies by what they copy. */
  kernels: ProfileRow[];
  layers: ProfileRow[];
  readbacks: { cause: string; count: number; bytes: number }[];
  uploads: { count: number; staged: number; bytes: number; totalMs: number };
  submits: number;
  pipelines: PipelineInfo[];
  /** Host time by name; waits and tasks may overlap. */
  host: { kind: HostSpan['kind']; name: string; count: number; totalMs: number }[];
  /** Single events for the trace, the first `maxEvents` of each kind. */
  events: DeviceEvent[];
  spans: HostSpan[];
  counters: CounterSample[];
  /** Events that were summed up but are not in the lists. */
  droppedEvents: number;
}
