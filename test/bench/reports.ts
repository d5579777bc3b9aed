/** Reports made by hand. */
import type { CaseResult, EntryResult, Maker } from '../../bench/measure/case.js';
import type { Clocked } from '../../bench/measure/clock.js';
import { timingOf } from '../../bench/measure/stats.js';
import type { Report } from '../../bench/report/report.js';

/** Rounds of so many milliseconds of wall time, half of it processor time. */
export const rounds = (...ms: number[]): Clocked[] =>
  ms.map((wallMs) => ({ wallMs, cpuMs: wallMs / 2 }));

/** An entry of these rounds. */
export function entry(maker: Maker, variant: string, ...ms: number[]): EntryResult {
  return { maker, variant, timing: timingOf(rounds(...ms), null), error: 0 };
}

/** A forward convolution 64->64. */
export function conv(name: string, entries: EntryResult[], flops = 2e9): CaseResult {
  const work = { kind: 'conv', pass: 'forward', c: 64, o: 64, h: 64, w: 64 } as const;
  return { group: 'conv', name, shape: '64->64', work, flops, bytes: 1e6, entries };
}

/** A report of a machine whose peak is 0.1 GFLOP in 1 ms of processor time. */
export function report(cases: CaseResult[], more: Partial<Report> = {}): Report {
  return {
    format: 'aofd-bench/1',
    environment: {
      date: '2026-01-02T03:04:05.000Z',
      program: '0.1.0',
      commit: 'abc',
      adapter: { name: 'llvmpipe', driver: 'Mesa', kind: 'lavapipe', lanes: 8 },
      versions: {},
      system: 'Linux',
      processor: 'x86',
      cores: 2,
      memoryGb: 8,
      load: { start: 0, end: 0 },
    },
    protocol: {
      mode: 'full',
      repeats: 3,
      only: null,
      seed: 1,
      peers: false,
      errorBound: 1e-4,
      rules: [],
      durationMs: 1,
    },
    ceilings: { peakGflops: 100, bandwidthGbs: 10, probeFlops: 1e8 },
    figures: [],
    cases,
    ...more,
  };
}

/** A training pass over the stack at 512x512. */
export const stack = (name: string, ...entries: EntryResult[]): CaseResult => ({
  ...conv(name, entries),
  group: 'stack',
  work: { kind: 'stack', pass: 'training', side: 512 },
});
