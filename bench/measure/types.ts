/** What a benchmark run measures and stores. All times are milliseconds unless a name says otherwise. */

/** Median with quartiles of repeated samples. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  count: number;
}

/** Time of one unit of work. */
export interface Timing {
  /** First call, compilation included; null where it was not the first. */
  coldMs: number | null;
  wallMs: Spread;
  /** Processor time of the whole process divided by its cores: on a software adapter a load from other programs disturbs it least. */
  cpuMs: Spread;
  /** Per round, in the order in which contestants took turns: the basis of paired ratios. */
  rounds: { wallMs: number; cpuMs: number; othersMs?: number }[];
}

/** Which library did the work. */
export type Maker = 'aofd' | 'tfjs-webgpu' | 'onnxruntime-node' | 'onnxruntime-web' | 'ceiling';

/** One way of doing a case's work. */
export interface EntryResult {
  maker: Maker;
  /** Algorithm or back end: `direct`, `planned`, `wasm`. */
  variant: string;
  timing: Timing | null;
  /** Largest deviation from the float64 reference on the sampled outputs, over their root mean square. */
  error: number | null;
  /** What it is, why it was left out, or why it is not to be trusted. */
  note?: string;
  /** FLOPs, where it does other work than the case; 0: not to be held against the peak. */
  flops?: number;
}

/** What a case computes; peers build their side of it from this. */
export type Work =
  | { kind: 'conv'; pass: Pass; c: number; o: number; h: number; w: number }
  | { kind: 'linear'; pass: Pass; rows: number; inputs: number; outputs: number }
  | { kind: 'pool'; c: number; h: number; w: number }
  | { kind: 'softmax'; rows: number; columns: number }
  | { kind: 'stack'; pass: 'forward' | 'training'; side: number }
  | { kind: 'other' };

export type Pass = 'forward' | 'inputGradient' | 'weightGradient';

export interface CaseResult {
  group: string;
  name: string;
  /** Shapes in words. */
  shape: string;
  work: Work;
  /** Of the direct algorithm: 2 per multiply-add. */
  flops: number;
  /** Least traffic: inputs read once, outputs written once. */
  bytes: number;
  entries: EntryResult[];
}

/** A single figure about the machine or a whole job. */
export interface Figure {
  group: string;
  name: string;
  value: number;
  unit: string;
  spread?: Spread;
  note?: string;
}

export interface Environment {
  date: string;
  program: string;
  commit: string | null;
  adapter: { name: string; driver: string; kind: string; lanes: number };
  versions: Record<string, string>;
  system: string;
  processor: string;
  cores: number;
  memoryGb: number;
  /** One minute load averages at the start and the end of the run. */
  load: { start: number; end: number };
}

export interface Protocol {
  mode: 'quick' | 'full';
  repeats: number;
  only: string | null;
  seed: number;
  peers: boolean;
  /** Largest accepted deviation from the reference. */
  errorBound: number;
  rules: string[];
  durationMs: number;
}

/** Everything of one run, as it is written to `report.json`. */
export interface Report {
  format: 'aofd-bench/1';
  environment: Environment;
  protocol: Protocol;
  ceilings: Ceilings;
  figures: Figure[];
  cases: CaseResult[];
  /** Device time of one warm detection by kernel, the most expensive first. */
  kernels?: { name: string; count: number; totalMs: number }[];
}

/** What the machine can do at best through this API. */
export interface Ceilings {
  /** Multiply-adds of scalar f32, 10^9 FLOP per second by processor time (software) or wall time. */
  peakGflops: number;
  /** 10^9 bytes read and written per second by a buffer copy. */
  bandwidthGbs: number;
  /** FLOPs of one run of the peak, as it takes its turn in every round. */
  probeFlops: number;
}
