/** One benchmark run from options to files: what is printed meanwhile, what is written. */
import * as path from 'node:path';
import process from 'node:process';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { compareReports, type Comparison } from './report/compare.js';
import { benchAsync, readReport, writePlots, writeReport, type BenchOptions } from './harness.js';
import { alignRows, caseHead, caseLines, formatReport, short } from './report/table.js';
import type { Report } from './measure/types.js';

export interface BenchFlags {
  quick?: boolean;
  only?: string;
  device?: string;
  repeats?: number;
  out?: string;
  json?: string;
  compare?: string;
  pictures?: string[];
  plots?: boolean;
}

/** Runs, prints, writes. @returns whether something became slower than in `--compare`'s report */
export async function runBenchAsync(
  flags: BenchFlags,
  extra: Pick<BenchOptions, 'openPeersAsync'> & { defaultOut: string },
): Promise<{ report: Report; folder: string; isSlower: boolean }> {
  const before = flags.compare === undefined ? null : readReport(flags.compare);
  const only = flags.only === undefined ? undefined : patternOf(flags.only);
  let folder = flags.out ?? '';
  const report = await benchAsync({
    isQuick: flags.quick ?? false,
    ...(only ? { only } : {}),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    ...(flags.repeats === undefined ? {} : { repeats: flags.repeats }),
    ...(flags.pictures ? { pictures: flags.pictures } : {}),
    ...(extra.openPeersAsync ? { openPeersAsync: extra.openPeersAsync } : {}),
    print: (line) => {
      clearProgress();
      process.stdout.write(`${line}\n`);
    },
    progress: showProgress,
    onCase: (all, result) => {
      clearProgress();
      const isFirst = all.cases.length === 1;
      const lines = [...(isFirst ? [[...caseHead]] : []), ...caseLines(all, result)];
      process.stdout.write(`${padded(lines)}\n`);
    },
    save: (all) => {
      folder ||= path.join(extra.defaultOut, folderName(all));
      writeReport(folder, all);
    },
  });
  clearProgress();
  process.stdout.write(`\n${formatReport(report)}\n`);
  if (flags.json !== undefined) {
    if (flags.json === '-') process.stdout.write(`${JSON.stringify(report)}\n`);
    else atomicWriteFile(flags.json, `${JSON.stringify(report, null, 1)}\n`);
  }
  const names = flags.plots === false ? [] : writePlots(folder, report);
  process.stdout.write(
    `\nwrote ${path.join(folder, 'report.json')}${names.length > 0 ? ` and ${names.length} plots (SVG, PNG)` : ''}\n`,
  );
  if (!before) return { report, folder, isSlower: false };
  const comparison = compareReports(before, report);
  process.stdout.write(`\n${formatComparison(comparison)}\n`);
  return { report, folder, isSlower: comparison.changes.some((c) => c.verdict === 'slower') };
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (cause) {
    throw new Error(`--only "${text}" is no pattern. Fix: pass text or a regular expression.`, {
      cause,
    });
  }
}

/** "llvmpipe-2026-11-24". */
export function folderName({ environment: { adapter, date } }: Report): string {
  const name = adapter.name.toLowerCase().replace(/\(.*\)/, '');
  return `${name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}-${date.slice(0, 10)}`;
}

/** Columns of fixed width, since lines come one case at a time. */
function padded(rows: readonly string[][]): string {
  const widths = [32, 26, 26, 12, 8, 12];
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}

/** The comparison, changes first. */
export function formatComparison(comparison: Comparison): string {
  const { changes, missing, warnings } = comparison;
  const changed = changes.filter((c) => c.verdict !== 'same');
  changed.sort((a, b) => b.ratio - a.ratio);
  const rows = changed.map((c) => [
    `${c.case} ${c.variant}`,
    `${short(c.ratio)}x the time`,
    c.verdict,
    `(noise up to ${short(100 * c.threshold)} %)`,
  ]);
  return [
    'against the earlier report, times the peak of each run:',
    ...warnings.map((w) => `  warning: ${w}`),
    rows.length > 0 ? alignRows(rows) : '  nothing changed beyond noise',
    `  ${changes.length - changed.length} of ${changes.length} unchanged${missing.length > 0 ? `, ${missing.length} not measured this time` : ''}`,
  ].join('\n');
}

const isTerminal = (): boolean => process.stderr.isTTY === true;

function showProgress(text: string): void {
  if (isTerminal()) process.stderr.write(`\r\x1b[2K${text}`);
  else process.stderr.write(`${text}\n`);
}

function clearProgress(): void {
  if (isTerminal()) process.stderr.write('\r\x1b[2K');
}
