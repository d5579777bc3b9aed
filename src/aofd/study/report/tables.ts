/** Tables of a study's report, for HTML and Markdown alike. */
import type { ReportTable } from '../../eval/protocol.js';
import { formatNumber } from '../../eval/report/model.js';
import type { LoadedStudy } from '../load.js';
import type { Run } from '../plan.js';
import { titleOf, type ClaimResult, type StudyResults } from '../results.js';
import { timesOf } from './document.js';

/** `+0.0123`, with a true minus. */
export function signed(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const text = value.toFixed(digits);
  return value >= 0 ? `+${text}` : text.replace('-', '−');
}

/** The claims with their words. */
export function claimTable(loaded: LoadedStudy, results: StudyResults): ReportTable {
  const level = Math.round(100 * (loaded.study.statistics?.level ?? 0.95));
  return {
    title: 'What the paper claims, and what came out',
    columns: ['claim', 'where', 'ahead / behind', 'figure', 'paper', `ours [${level} %]`, 'word'],
    rows: results.claims.map((entry) => {
      const { claim, result, note } = entry;
      return [
        claim.text,
        claim.where,
        `${titleOf(loaded, claim.better)} / ${titleOf(loaded, claim.worse)}`,
        `${protocolTitle(loaded, claim.protocol)}: ${entry.label}`,
        paperText(entry),
        result
          ? `${signed(result.difference)} [${signed(result.interval.low)}, ${signed(result.interval.high)}]`
          : '–',
        [result?.verdict ?? 'no result', ...(note === null ? [] : [note])].join('; '),
      ];
    }),
    note:
      'Ours: the mean over the seeds of the difference between the two settings on the same pictures, ' +
      'turned so that above 0 agrees with the paper. The interval counts the choice of pictures (paired ' +
      'bootstrap) and that of the seeds. Agrees: all of it above 0; disagrees: all below 0.',
  };
}

/** The paper's difference, turned like ours. */
function paperText({ claim: { paper, isLowerBetter } }: ClaimResult): string {
  if (!paper) return 'no number';
  const { better, worse, difference, note } = paper;
  const known =
    better !== undefined && worse !== undefined
      ? (better - worse) * (isLowerBetter ? -1 : 1)
      : difference;
  const pair =
    better !== undefined && worse !== undefined
      ? ` (${formatNumber(better)} against ${formatNumber(worse)})`
      : '';
  const text = known === undefined ? 'no number' : `${signed(known)}${pair}`;
  return note === undefined ? text : `${text}; ${note}`;
}

const protocolTitle = ({ study }: LoadedStudy, name: string): string =>
  study.protocols.find((protocol) => protocol.name === name)?.title ?? name;

/** Figures of every setting on each protocol's set. */
export function figureTables(loaded: LoadedStudy, results: StudyResults): ReportTable[] {
  return loaded.study.protocols.flatMap(({ name, measures }): ReportTable[] => {
    const protocol = results.protocols.find((one) => one.name === name);
    if (!protocol || protocol.problem !== null) return [];
    const rows = loaded.study.settings.map((setting) => [
      titleOf(loaded, setting.name),
      ...measures.map((key) => meanText(results, setting.name, name, key)),
    ]);
    return [
      {
        title: protocol.title,
        columns: ['setting', ...measures.map((key) => protocol.labels[key] ?? key)],
        rows,
        note: 'Mean over the seeds, with the least and the greatest.',
      },
    ];
  });
}

function meanText(
  { runs }: StudyResults,
  setting: string,
  protocol: string,
  key: string,
): string | null {
  const values = runs
    .filter((run) => run.setting === setting)
    .flatMap(({ figures }) => figures[protocol]?.[key] ?? [])
    .filter((value) => Number.isFinite(value));
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return formatNumber(mean);
  return `${formatNumber(mean)} [${formatNumber(Math.min(...values))}, ${formatNumber(Math.max(...values))}]`;
}

/** Every run with its state, time and what went wrong. */
export function runTable(
  loaded: LoadedStudy,
  runs: readonly Run[],
  results: StudyResults,
): ReportTable {
  return {
    title: 'Runs',
    columns: ['setting', 'seed', 'state', 'own time', 'shared time', 'what failed'],
    rows: runs.map((run, i) => {
      const { ownMs, sharedMs } = timesOf(run, results);
      const status = results.runs[i]?.status ?? { state: 'open', reasons: [] };
      return [
        titleOf(loaded, run.setting),
        String(run.seed),
        status.state,
        durationText(ownMs),
        durationText(sharedMs),
        status.reasons.join('; '),
      ];
    }),
    note: 'Shared: stages and detections that other settings of the seed use too; each was run once.',
  };
}

/** `2 h 05 min`, `3.4 min`, `12 s`. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 90) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 5400) return `${Number((seconds / 60).toPrecision(3))} min`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
