/** Medians, quartiles and ratios of repeated times. */
import { median, quantile } from '../../src/nn/ops/tuning/quantile.js';
import type { Clocked } from './clock.js';

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
  /** Processor time of the process over its cores: other programs disturb it least on a software adapter. */
  cpuMs: Spread;
  /** Per round, in the order in which contestants took turns: the basis of paired ratios. */
  rounds: Clocked[];
}

export function spreadOf(samples: readonly number[]): Spread {
  return {
    median: median(samples),
    low: quantile(samples, 0.25),
    high: quantile(samples, 0.75),
    count: samples.length,
  };
}

/** Interquartile range over the median: how noisy the samples are. 0 for fewer than two. */
export function relativeSpread(spread: Spread): number {
  return spread.count < 2 ? 0 : (spread.high - spread.low) / spread.median;
}

export function timingOf(rounds: readonly Clocked[], coldMs: number | null): Timing {
  return {
    coldMs,
    wallMs: spreadOf(rounds.map((r) => r.wallMs)),
    cpuMs: spreadOf(rounds.map((r) => r.cpuMs)),
    rounds: [...rounds],
  };
}

/** Which clock a figure goes by. */
export type Clock = 'wallMs' | 'cpuMs';

/** Fewer common rounds than this say nothing of drift. */
const LEAST_PAIRS = 3;

/**
 * How many times faster `ours` is than `theirs`: the median over rounds of their time by ours, both
 * of the same round, so that a slow minute hits both. A contestant too slow for three rounds is
 * compared by medians; the interval is then that of both sides' quartiles.
 */
export function pairedRatio(ours: Timing, theirs: Timing, clock: Clock = 'wallMs'): Spread {
  const count = Math.min(ours.rounds.length, theirs.rounds.length);
  const [own, other] = [ours[clock], theirs[clock]];
  if (count < LEAST_PAIRS && count < Math.max(ours.rounds.length, theirs.rounds.length)) {
    return {
      median: other.median / own.median,
      low: other.low / own.high,
      high: other.high / own.low,
      count,
    };
  }
  const ratios: number[] = [];
  for (let i = 0; i < count; i++) {
    const [a, b] = [ours.rounds[i]?.[clock] ?? 0, theirs.rounds[i]?.[clock] ?? 0];
    if (a > 0 && b > 0) ratios.push(b / a);
  }
  return spreadOf(ratios);
}

/** exp(mean(log)); NaN for none. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}

/**
 * Least time that the machine's ceilings allow for a piece of work, by the roofline: whichever of
 * arithmetic and memory takes longer.
 * @returns milliseconds
 */
export function rooflineMs(
  work: { flops: number; bytes: number },
  ceilings: { peakGflops: number; bandwidthGbs: number },
): number {
  return Math.max(work.flops / ceilings.peakGflops, work.bytes / ceilings.bandwidthGbs) / 1e6;
}
