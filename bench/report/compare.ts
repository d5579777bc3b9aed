/** Two reports of the same machine, case by case: what became slower, and is it more than noise? */
import { clockOf } from './summary.js';
import { alignRows, short } from './text.js';
import { relativeSpread } from '../measure/stats.js';
import type { CaseResult, EntryResult } from '../measure/case.js';
import type { Report } from './report.js';

export interface Change {
  case: string;
  variant: string;
  /** New time over old time, both times the peak of their own run: 1 = the same, 2 = half as fast. */
  ratio: number;
  /** A ratio within [1 / (1 + threshold), 1 + threshold] is noise. */
  threshold: number;
  verdict: 'slower' | 'faster' | 'same';
}

export interface Comparison {
  changes: Change[];
  /** Cases of the old report that the new one lacks. */
  missing: string[];
  /** Why the two should not be compared, such as another adapter. */
  warnings: string[];
}

/** Least threshold: changes below it are not believed, however quiet the samples. */
const LEAST_THRESHOLD = 0.08;

/**
 * FMA peak that a case's times are normalised with: that of its own rounds where it took part, since
 * a shared machine changes speed within a run, else that of the run.
 */
function peakOf(report: Report, result: CaseResult): number {
  const probe = result.entries.find((e) => e.maker === 'ceiling' && e.timing)?.timing;
  const ms = probe?.[clockOf(report)].median;
  return ms ? report.ceilings.probeFlops / ms / 1e6 : report.ceilings.peakGflops;
}

function ownEntries(report: Report): Map<string, { result: CaseResult; entry: EntryResult }> {
  const found = new Map<string, { result: CaseResult; entry: EntryResult }>();
  for (const result of report.cases) {
    for (const entry of result.entries) {
      if (entry.maker !== 'aofd' || !entry.timing) continue;
      found.set(`${result.group}/${result.name}/${result.shape}/${entry.variant}`, {
        result,
        entry,
      });
    }
  }
  return found;
}

/**
 * Compares our entries of two reports. Times are multiplied by the arithmetic peak measured beside
 * them; the threshold is three times the joined relative interquartile ranges over sqrt(samples), at
 * least 8 %.
 */
export function compareReports(before: Report, after: Report): Comparison {
  const warnings: string[] = [];
  const [a, b] = [before.environment, after.environment];
  if (a.adapter.name !== b.adapter.name)
    warnings.push(`adapters differ: ${a.adapter.name} and ${b.adapter.name}`);
  if (a.cores !== b.cores) warnings.push(`cores differ: ${a.cores} and ${b.cores}`);
  if (a.adapter.driver !== b.adapter.driver)
    warnings.push(`drivers differ: ${a.adapter.driver} and ${b.adapter.driver}`);
  const clock = clockOf(after);
  const old = ownEntries(before);
  const now = ownEntries(after);
  const changes: Change[] = [];
  for (const [key, { result, entry }] of now) {
    const earlier = old.get(key);
    const [was, is] = [earlier?.entry.timing?.[clock], entry.timing?.[clock]];
    if (!earlier || !was || !is) continue;
    const ratio =
      (is.median * peakOf(after, result)) / (was.median * peakOf(before, earlier.result));
    const noise =
      relativeSpread(was) / Math.sqrt(was.count) + relativeSpread(is) / Math.sqrt(is.count);
    const threshold = Math.max(LEAST_THRESHOLD, 3 * noise);
    const verdict =
      ratio > 1 + threshold ? 'slower' : ratio < 1 / (1 + threshold) ? 'faster' : 'same';
    changes.push({ case: result.name, variant: entry.variant, ratio, threshold, verdict });
  }
  const missing = [...old.keys()].filter((key) => !now.has(key));
  return { changes, missing, warnings };
}

/** The comparison as text, changes first. */
export function formatComparison({ changes, missing, warnings }: Comparison): string {
  const changed = changes.filter(({ verdict }) => verdict !== 'same');
  changed.sort((a, b) => b.ratio - a.ratio);
  const rows = changed.map((c) => [
    `${c.case} ${c.variant}`,
    `${short(c.ratio)}x the time`,
    c.verdict,
    `(noise up to ${short(100 * c.threshold)} %)`,
  ]);
  const gone = missing.length > 0 ? `, ${missing.length} not measured this time` : '';
  return [
    'against the earlier report, times the peak of each run:',
    ...warnings.map((warning) => `  warning: ${warning}`),
    rows.length > 0 ? alignRows(rows) : '  nothing changed beyond noise',
    `  ${changes.length - changed.length} of ${changes.length} unchanged${gone}`,
  ].join('\n');
}
