/** Plots of shares over shares: precision over recall and the like. */
import type { PlotSeries, ReportPlot } from '../protocol.js';

/** A plot whose axes both go from 0 to 1. */
export const sharePlot = (
  key: string,
  title: string,
  [x, y]: readonly [x: string, y: string],
  series: readonly PlotSeries[],
): ReportPlot => ({
  key,
  title,
  x: { label: x, min: 0, max: 1 },
  y: { label: y, min: 0, max: 1 },
  series,
});

/** Axes of a precision-recall curve. */
export const RECALL_PRECISION = ['recall', 'precision'] as const;

/** Points of a curve in a report at most, about. */
const MOST_POINTS = 1500;

/** Places of a curve's points that are shown: evenly thinned where there are many, with the last. */
export function shownPlaces(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / MOST_POINTS));
  return Array.from({ length: count }, (_, i) => i).filter(
    (i) => i % step === 0 || i === count - 1,
  );
}
