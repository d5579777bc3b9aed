/** An evaluation with everything that its report says, as plain data. */
import type { Evaluation, Fact, PlotSeries, ReportPlot, ReportTable } from '../protocol.js';
import type { Headline, PairedDifference } from '../statistics/measures.js';

/** A detector as a report names it. */
export interface ReportDetector {
  name: string;
  facts: readonly Fact[];
  warnings: readonly string[];
}

/** Another detector, evaluated with the same code. */
export interface ReportPeer extends ReportDetector {
  evaluation: Evaluation;
}

/** What a report is made of. */
export interface ReportInput {
  protocol: { name: string; summary: string };
  set: { name: string; images: number; facts: readonly Fact[]; warnings: readonly string[] };
  /** Options of the protocol as they were given, and of the intervals. */
  options: readonly Fact[];
  detector: ReportDetector;
  evaluation: Evaluation;
  peers: readonly ReportPeer[];
  paired: { other: ReportDetector; differences: readonly PairedDifference[] } | null;
}

/** Stable name of the shape of report.json. */
export const REPORT_FORMAT = 'aofd-eval/1';

/** The plots of an evaluation with the curves of the peers in them. */
export function plotsWithPeers(evaluation: Evaluation, peers: readonly ReportPeer[]): ReportPlot[] {
  return evaluation.plots.map((plot) => {
    const added = peers.flatMap((peer) => {
      const same = peer.evaluation.plots.find(({ key }) => key === plot.key);
      const ours = (same?.series ?? []).filter(({ role }) => role === 'ours');
      return ours.map((series): PlotSeries => ({
        ...series,
        name: peerSeriesName(peer.name, series.name, ours.length),
        role: 'peer',
      }));
    });
    return { ...plot, series: [...plot.series, ...added] };
  });
}

function peerSeriesName(peer: string, series: string, count: number): string {
  if (series.includes(peer)) return series;
  return count === 1 ? peer : `${peer}: ${series}`;
}

/** A number as tables print it; whole numbers from 2 up have no decimals. */
export function formatNumber(value: number | null, digits = 4): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) >= 2) return String(value);
  return value.toFixed(digits);
}

/** A cell of a table; numbers that do not exist are null. */
export function numberOrNull<T extends string | number>(value: T): T | null {
  return typeof value === 'number' && Number.isNaN(value) ? null : value;
}

/** `0.8412 [0.8301, 0.8510]`. */
export function formatHeadline({ value, interval }: Pick<Headline, 'value' | 'interval'>): string {
  const ends = interval ? ` [${formatNumber(interval.low)}, ${formatNumber(interval.high)}]` : '';
  return `${formatNumber(value)}${ends}`;
}

/** A p value; a permutation test cannot show that it is 0. */
export function formatP(p: number): string {
  if (!Number.isFinite(p)) return '–';
  return p < 0.0001 ? '< 0.0001' : p.toFixed(p < 0.01 ? 4 : 3);
}

/** Headlines by detector, ours first: one row for each key. */
export function comparisonTable(input: ReportInput): ReportTable | null {
  if (input.peers.length === 0) return null;
  const all = [{ name: input.detector.name, evaluation: input.evaluation }, ...input.peers];
  return {
    title: 'Beside other detectors',
    columns: ['', ...all.map(({ name }) => name)],
    rows: input.evaluation.headlines.map(({ key, label }) => [
      label,
      ...all.map(({ evaluation }) => {
        const same = evaluation.headlines.find((headline) => headline.key === key);
        return same ? formatHeadline(same) : null;
      }),
    ]),
    note: 'All columns are computed by the same code from result files on the same pictures.',
  };
}

/** The paired test as a table. */
export function pairedTable({ paired, detector }: ReportInput): ReportTable | null {
  if (!paired) return null;
  const [a, b] = [detector.name, paired.other.name];
  return {
    title: `${a} against ${b}`,
    columns: ['', a, b, 'difference', 'interval', 'p'],
    rows: paired.differences.map((row) => [
      row.label,
      row.a,
      row.b,
      signed(row.difference),
      `[${signed(row.interval.low)}, ${signed(row.interval.high)}]`,
      formatP(row.p),
    ]),
    note: 'Intervals: bootstrap over pictures, both detectors drawn together. p: two-sided permutation test that swaps the detectors picture by picture.',
  };
}

function signed(value: number): string {
  const text = formatNumber(value);
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

/**
 * The machine-readable report. Keys are stable within `format`; numbers that do not exist are null.
 * @param plots with the peers' curves
 * @param files names of all files beside it
 */
export function reportJson(
  input: ReportInput,
  plots: readonly ReportPlot[],
  files: readonly string[],
  created: string,
): unknown {
  const { evaluation } = input;
  return {
    format: REPORT_FORMAT,
    created,
    protocol: input.protocol.name,
    set: input.set,
    options: input.options,
    detector: input.detector,
    headlines: evaluation.headlines,
    peers: input.peers.map(({ name, facts, warnings, evaluation: { headlines } }) => ({
      name,
      facts,
      warnings,
      headlines,
    })),
    paired: input.paired,
    facts: evaluation.facts,
    warnings: evaluation.warnings,
    tables: evaluation.tables,
    plots: plots.map(({ key, title, x, y, series }) => ({ key, title, x, y, series })),
    findings: evaluation.findings.slice(0, 200),
    files,
  };
}
