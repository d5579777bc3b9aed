/** What is measured: a case is one piece of work, its contestants are the ways of doing it. */
import type { Timing } from './stats.js';

/** Which library did the work; `ceiling` is the machine's arithmetic peak. */
export type Maker = 'aofd' | 'tfjs-webgpu' | 'onnxruntime-node' | 'onnxruntime-web' | 'ceiling';

export const passes = ['forward', 'inputGradient', 'weightGradient'] as const;
export type Pass = (typeof passes)[number];

/** Names of the passes in tables. */
export const passNames: Record<Pass, string> = {
  forward: 'forward',
  inputGradient: 'dX',
  weightGradient: 'dW',
};

/** What a case computes; other libraries build their side of it from this. */
export type Work =
  | { kind: 'conv'; pass: Pass; c: number; o: number; h: number; w: number }
  | { kind: 'linear'; pass: Pass; rows: number; inputs: number; outputs: number }
  | { kind: 'pool'; c: number; h: number; w: number }
  | { kind: 'softmax'; rows: number; columns: number }
  | { kind: 'stack'; pass: 'forward' | 'training'; side: number }
  | { kind: 'other' };

/** What a report says of a case besides its times. */
interface About {
  /** `conv`, `linear`, `maps` or `stack`. */
  group: string;
  name: string;
  /** Shapes in words. */
  shape: string;
  work: Work;
  /** Of the direct algorithm: 2 per multiply-add. */
  flops: number;
  /** Least traffic: inputs read once, outputs written once. */
  bytes: number;
}

export interface BenchCase extends About {
  contestants: Contestant[];
  /** Accepted deviation, where it is not the run's. */
  errorBound?: number;
}

export interface Contestant {
  maker: Maker;
  /** Algorithm or back end: `direct`, `planned`, `wasm`. */
  variant: string;
  prepareAsync(): Promise<Prepared>;
  /** What the table should say beside it. */
  note?: string;
  /** FLOPs, where it does other work than the case says; 0: no share of the peak is formed. */
  flops?: number;
}

/** A contestant with its data in place. */
export interface Prepared {
  /** The work, complete when the promise resolves. */
  runAsync(): Promise<void>;
  /** Untimed preparation of every run. */
  beforeAsync?(): Promise<void>;
  /** Deviation of the last run's result from the reference. Called once, before timing. */
  checkAsync?(): Promise<number>;
  /** Several runs with one wait at the end; for work so short that waiting would count. */
  runManyAsync?(count: number): Promise<void>;
  disposeAsync(): Promise<void>;
}

/** A measured case, as it stands in the report. */
export interface CaseResult extends About {
  entries: EntryResult[];
}

/** A measured contestant. */
export interface EntryResult extends Pick<Contestant, 'maker' | 'variant' | 'flops'> {
  timing: Timing | null;
  /** Largest deviation from the float64 reference on the sampled outputs, over their root mean square. */
  error: number | null;
  /** What it is, why it was left out, or why it is not to be trusted. */
  note?: string;
}
