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

/**
 * The weighted sum of losses over the updates: one plot of the stages that all settings share, then a small
 * one for each setting's own stages.
 */
export function trainingPlots(
  loaded: LoadedStudy,
  { runs }: StudyResults,
): { shared: DrawnPlot | null; own: DrawnPlot[] } {
  const shared = sharedStages(runs);
  const settings = loaded.study.settings.map(({ name }) => name);
  const [first = ''] = settings;
  return {
    shared:
      shared.size > 0
        ? trainingPlot(loaded, runs, first, {
            key: 'training',
            title: 'Training loss: what all settings share',
            has: (stage) => shared.has(stage),
            width: 880,
          })
        : null,
    own: settings.flatMap((name) => {
      const plot = trainingPlot(loaded, runs, name, {
        key: `training-${name}`,
        title: titleOf(loaded, name),
        has: (stage) => !shared.has(stage),
        width: 520,
      });
      return plot ? [plot] : [];
    }),
  };
}

/** Stages whose curves are the same in all settings of a seed; none where there is one setting. */
function sharedStages(runs: StudyResults['runs']): Set<string> {
  const curves = new Map<string, Set<string>>();
  const settings = new Map<string, number>();
  for (const run of runs) {
    for (const { stage, points } of run.curves) {
      const key = `${stage} ${run.seed}`;
      curves.set(key, (curves.get(key) ?? new Set()).add(JSON.stringify(points)));
      settings.set(key, (settings.get(key) ?? 0) + 1);
    }
  }
  const isShared = (key: string, own: Set<string>): boolean =>
    own.size === 1 && settings.get(key) === Math.max(...settings.values());
  const stageOf = (key: string): string => key.slice(0, key.lastIndexOf(' '));
  const most = Math.max(0, ...settings.values());
  if (most < 2) return new Set();
  const all = [...curves].map(([key, own]) => ({ stage: stageOf(key), is: isShared(key, own) }));
  const others = new Set(all.filter(({ is }) => !is).map(({ stage }) => stage));
  return new Set(all.map(({ stage }) => stage).filter((stage) => !others.has(stage)));
}

interface TrainingPlot {
  key: string;
  title: string;
  has: (stage: string) => boolean;
  width: number;
}

function trainingPlot(
  { study }: LoadedStudy,
  runs: StudyResults['runs'],
  setting: string,
  { key, title, has, width }: TrainingPlot,
): DrawnPlot | null {
  const series = runs
    .filter((run) => run.setting === setting)
    .flatMap(({ seed, curves }) => {
      // The generator's objective is another quantity: it has no place on the same axis.
      const points = curves
        .filter(({ stage }) => has(stage))
        .flatMap(({ points: all }) =>
          all.flatMap(({ step, losses }) => {
            const total = losses['total'];
            return total === undefined ? [] : [[step, total] as const];
          }),
        );
      const role = seed === study.seeds[0] ? ('ours' as const) : ('peer' as const);
      return points.length > 0 ? [{ name: `seed ${seed}`, points, role }] : [];
    });
  if (series.length === 0) return null;
  const svg = lineChart({
    title,
    id: key,
    x: { label: 'updates' },
    y: { label: 'sum of losses' },
    series,
    width,
    height: 300,
  });
  return { key, title, svg };
}
