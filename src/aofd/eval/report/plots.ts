/** The plots of a report. */
import { barChart, lineChart } from './plot/index.js';
import type { BarSeries } from './plot/index.js';
import type { ReportPlot } from '../protocol.js';
import { plotsWithPeers, type ReportInput } from './model.js';

/** A drawn plot. */
export interface DrawnPlot {
  /** Name of its files, without extension. */
  key: string;
  title: string;
  svg: string;
}

/** Headlines in one bar plot at most. */
const MOST_BARS = 8;

/** Every plot of the evaluation, with the peers' curves, and bars of the headlines beside theirs. */
export function drawPlots(input: ReportInput): { plots: ReportPlot[]; drawn: DrawnPlot[] } {
  const plots = plotsWithPeers(input.evaluation, input.peers);
  const drawn = plots.map((plot) => ({ key: plot.key, title: plot.title, svg: drawPlot(plot) }));
  const bars = headlineBars(input);
  return { plots, drawn: bars ? [bars, ...drawn] : drawn };
}

/** One plot of curves. */
export function drawPlot(plot: ReportPlot): string {
  return lineChart({
    title: plot.title,
    id: plot.key,
    x: plot.x,
    y: plot.y,
    series: plot.series,
    height: plot.series.length > 24 ? 540 : 480,
  });
}

/** Headline shares of all detectors side by side; null where there is nobody to compare with. */
function headlineBars({ detector, evaluation, peers }: ReportInput): DrawnPlot | null {
  if (peers.length === 0) return null;
  const shown = evaluation.headlines
    .filter(({ value }) => value >= 0 && value <= 1)
    .slice(0, MOST_BARS);
  if (shown.length === 0) return null;
  const all = [{ name: detector.name, evaluation, isOurs: true }].concat(
    peers.map((peer) => ({ name: peer.name, evaluation: peer.evaluation, isOurs: false })),
  );
  const series = all.map(({ name, evaluation: { headlines }, isOurs }): BarSeries => {
    const same = shown.map(({ key }) => headlines.find((headline) => headline.key === key));
    return {
      name,
      role: isOurs ? 'ours' : 'peer',
      values: same.map((headline) => headline?.value ?? null),
      intervals: same.map((headline) =>
        headline?.interval ? [headline.interval.low, headline.interval.high] : null,
      ),
    };
  });
  const title = 'Headline figures, with their intervals';
  const svg = barChart({
    title,
    id: 'headlines',
    categories: shown.map(({ label }) => label),
    value: { label: '', min: 0, max: 1 },
    series,
    isHorizontal: true,
    hasLabels: true,
    height: 110 + shown.length * (18 + 20 * all.length),
    format: (value) => value.toFixed(3),
  });
  return { key: 'headlines', title, svg };
}
