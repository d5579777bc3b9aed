/** Plots of a report as SVG text: roofline, bars against peers, shares of the peak, time by kernel. */
import { barChart, scatterChart } from '../../src/aofd/eval/report/plot/index.js';
import { clockOf, entryOf, peakShare, ratioTo } from './summary.js';
import { short } from './text.js';
import type { CaseResult, Maker } from '../measure/case.js';
import type { Report } from './report.js';

/** Plots by file name, without the ending. Empty where the report has nothing for them. */
export function reportPlots(report: Report): Map<string, string> {
  const plots = new Map<string, string>();
  const add = (name: string, svg: string | null): void => {
    if (svg !== null) plots.set(name, svg);
  };
  add('roofline', roofline(report));
  add('peak-shares', shares(report));
  for (const maker of ['tfjs-webgpu', 'onnxruntime-node', 'onnxruntime-web'] as const) {
    add(`against-${maker}`, ratios(report, maker));
  }
  add('detect-kernels', kernelTimes(report));
  return plots;
}

const where = (report: Report): string =>
  `${report.environment.adapter.name}, ${report.environment.cores} cores, ${report.environment.date.slice(0, 10)}`;

function roofline(report: Report): string | null {
  const { peakGflops, bandwidthGbs } = report.ceilings;
  const clock = clockOf(report);
  const point = (result: CaseResult): { x: number; y: number; label?: string } | null => {
    const ms = entryOf(result, 'aofd', 'planned')?.timing?.[clock].median;
    // Without arithmetic the roofline is the bandwidth alone: shown at one operation per byte moved.
    if (ms === undefined || result.flops === 0) return null;
    return { x: result.flops / result.bytes, y: result.flops / ms / 1e6, label: result.name };
  };
  const groups = [...new Set(report.cases.map((c) => c.group))];
  const series = groups
    .map((name) => ({
      name,
      points: report.cases
        .filter((c) => c.group === name)
        .map(point)
        .filter((p) => p !== null),
    }))
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return null;
  const knee = peakGflops / bandwidthGbs;
  const [left, right] = [0.05, 4096];
  return scatterChart({
    title: 'Kernels under the roofline',
    subtitle: `${where(report)}; memory ${short(bandwidthGbs)} GB/s, peak ${short(peakGflops)} GFLOP/s. Winograd may pass the roof`,
    x: { label: 'FLOP per byte moved at least', scale: 'log', min: left, max: right },
    y: { label: 'GFLOP/s', scale: 'log' },
    series,
    lines: [
      {
        name: 'roofline',
        points: [
          [left, left * bandwidthGbs],
          [knee, peakGflops],
          [right, peakGflops],
        ],
      },
    ],
    height: 560,
  });
}

function shares(report: Report): string | null {
  const cases = report.cases.filter((c) => ['conv', 'linear', 'stack'].includes(c.group));
  if (cases.length === 0) return null;
  const variants = ['planned', 'direct'];
  return barChart({
    title: 'Share of the multiply-add peak',
    subtitle: `${where(report)}; median and quartiles of rounds, each with the peak of its own round`,
    categories: cases.map((c) => c.name),
    value: { label: 'share of the peak', min: 0 },
    isHorizontal: true,
    hasLabels: true,
    format: (v) => v.toFixed(2),
    height: 120 + 30 * cases.length,
    series: variants.map((variant) => {
      const spreads = cases.map((c) => {
        const entry = entryOf(c, 'aofd', variant);
        return entry ? peakShare(report, c, entry) : undefined;
      });
      return {
        name: variant,
        values: spreads.map((s) => s?.median ?? null),
        intervals: spreads.map((s) => (s ? ([s.low, s.high] as const) : null)),
      };
    }),
  });
}

function ratios(report: Report, maker: Maker): string | null {
  const rows = report.cases
    .map((result) => ({
      result,
      planned: ratioTo(result, maker),
      direct: ratioTo(result, maker, 'direct'),
    }))
    .filter(({ planned }) => planned !== undefined);
  if (rows.length === 0) return null;
  const hasDirect = rows.some(({ direct }) => direct);
  const bars = (name: string, key: 'planned' | 'direct') => ({
    name,
    values: rows.map((row) => row[key]?.median ?? null),
    intervals: rows.map(({ [key]: s }) => (s ? ([s.low, s.high] as const) : null)),
  });
  return barChart({
    title: `How many times faster than ${maker}`,
    subtitle: `${where(report)}; wall time, paired by round; above 1 we are faster`,
    categories: rows.map(({ result }) => result.name),
    value: { label: 'times as fast', min: 0 },
    isHorizontal: true,
    hasLabels: true,
    format: (v) => `${short(v)}x`,
    height: 120 + (hasDirect ? 34 : 22) * rows.length,
    series: [bars('planned', 'planned'), ...(hasDirect ? [bars('direct', 'direct')] : [])],
  });
}

function kernelTimes(report: Report): string | null {
  const rows = (report.kernels ?? []).slice(0, 20);
  if (rows.length === 0) return null;
  return barChart({
    title: 'Device time of one detection, by kernel',
    subtitle: `${where(report)}; lite at 640x480`,
    categories: rows.map((row) => row.name),
    value: { label: 'ms', min: 0 },
    isHorizontal: true,
    hasLabels: true,
    height: 120 + 24 * rows.length,
    series: [{ name: 'lite', values: rows.map((row) => row.totalMs) }],
  });
}
