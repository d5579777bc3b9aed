/** What a report says about its cases: shares of the machine's ceiling, and ratios to peers. */
import { pairedRatio, rooflineMs, type Clock } from '../measure/stats.js';
import type { CaseResult, EntryResult, Maker } from '../measure/case.js';
import type { Report } from './report.js';
import type { Spread } from '../measure/stats.js';

/** Whether shares go by processor time (adapters that compute on the processor) or by wall time. */
export function clockOf(report: Pick<Report, 'environment'>): Clock {
  const { kind } = report.environment.adapter;
  return kind === 'lavapipe' || kind === 'swiftshader' ? 'cpuMs' : 'wallMs';
}

export function entryOf(
  result: CaseResult,
  maker: Maker,
  variant?: string,
): EntryResult | undefined {
  return result.entries.find(
    (entry) =>
      entry.maker === maker &&
      (variant === undefined || entry.variant === variant) &&
      entry.timing !== null,
  );
}

/** Share of the arithmetic peak, paired with the peak's own run of each round where there is one. */
export function peakShare(
  report: Report,
  result: CaseResult,
  entry: EntryResult,
): Spread | undefined {
  const { timing, flops: work = result.flops } = entry;
  if (!timing || work === 0) return undefined;
  const clock = clockOf(report);
  const probe = entryOf(result, 'ceiling', 'fma')?.timing;
  const flops = report.ceilings.probeFlops;
  if (probe && flops) {
    const ratio = pairedRatio(timing, probe, clock);
    const factor = work / flops;
    return {
      median: ratio.median * factor,
      low: ratio.low * factor,
      high: ratio.high * factor,
      count: ratio.count,
    };
  }
  const best = work / report.ceilings.peakGflops / 1e6;
  const { median, low, high, count } = timing[clock];
  return { median: best / median, low: best / high, high: best / low, count };
}

/** Share of the roofline: the least time that arithmetic and memory allow, over the time taken. */
export function rooflineShare(report: Report, result: CaseResult, entry: EntryResult): number {
  const taken = entry.timing?.[clockOf(report)].median ?? Number.NaN;
  return rooflineMs(result, report.ceilings) / taken;
}

/** How many times faster we are than `maker`, by wall time, round by round. */
export function ratioTo(
  result: CaseResult,
  maker: Maker,
  variant = 'planned',
  peerVariant?: string,
): Spread | undefined {
  const ours = entryOf(result, 'aofd', variant)?.timing;
  const theirs = entryOf(result, maker, peerVariant)?.timing;
  return ours && theirs ? pairedRatio(ours, theirs) : undefined;
}
