/** Plots of a study's report. */
import { barChart, lineChart } from '../../eval/report/plot/index.js';
import { drawPlot, type DrawnPlot } from '../../eval/report/plots.js';
import type { LoadedStudy } from '../load.js';
import { titleOf, type StudyResults } from '../results.js';

/** Differences of all claims with their intervals; null before there are any. */
export function claimPlot({ claims }: StudyResults): DrawnPlot | null {
  const known = claims.flatMap(({ claim, result }) => (result ? [{ claim, result }] : []));
  if (known.length === 0) return null;
  const title = 'Differences of the claims: above 0 agrees with the paper';
  const svg = barChart({
    title,
    id: 'claims',
    categories: known.map(({ claim }) => `${claim.where}: ${claim.name}`),
    value: { label: '' },
    series: [
      {
        name: 'ours',
        values: known.map(({ result }) => result.difference),
        intervals: known.map(({ result }) => [result.interval.low, result.interval.high] as const),
      },
    ],
    isHorizontal: true,
    hasLabels: true,
    height: 110 + 40 * known.length,
    format: (value) => value.toFixed(4),
  });
  return { key: 'claims', title, svg };
}

/** The curves of figures. */
export function figurePlots({ figures }: StudyResults): DrawnPlot[] {
  return figures.flatMap((entry) =>
    entry.kind === 'curves' && entry.plot
      ? [{ key: entry.plot.key, title: entry.plot.title, svg: drawPlot(entry.plot) }]
      : [],
  );
}

/** The weighted sum of losses of every run, a plot for each setting. */
export function trainingPlots(loaded: LoadedStudy, { runs }: StudyResults): DrawnPlot[] {
  return loaded.study.settings.flatMap(({ name }): DrawnPlot[] => {
    const series = runs
      .filter((run) => run.setting === name)
      .flatMap(({ seed, curves }) => {
        const isOurs = seed === loaded.study.seeds[0];
        // The generator's objective is another quantity: it has no place on the same axis.
        const points = curves.flatMap(({ points: all }) =>
          all.flatMap(({ step, losses }) => {
            const total = losses['total'];
            return total === undefined ? [] : [[step, total] as const];
          }),
        );
        const role = isOurs ? ('ours' as const) : ('peer' as const);
        return points.length > 0 ? [{ name: `seed ${seed}`, points, role }] : [];
      });
    if (series.length === 0) return [];
    const title = `Training loss: ${titleOf(loaded, name)}`;
    const svg = lineChart({
      title,
      id: `training-${name}`,
      x: { label: 'updates' },
      y: { label: 'sum of losses' },
      series,
      height: 300,
    });
    return [{ key: `training-${name}`, title, svg }];
  });
}
