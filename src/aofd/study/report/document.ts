/** The machine-readable report of a study: everything in `report.html` but pictures, as plain data. */
import type { CodeVersions } from '../code-version.js';
import type { LoadedStudy } from '../load.js';
import { nodesOf, type Run } from '../plan.js';
import type { StudyResults } from '../results.js';

/** Stable name of the shape of report.json. */
const FORMAT = 'aofd-study/1';

export interface DocumentInput {
  loaded: LoadedStudy;
  runs: readonly Run[];
  results: StudyResults;
  code: CodeVersions;
  created: string;
  /** Whether photographs go into the page; default true. */
  hasPictures?: boolean;
}

/**
 * The report as JSON. What differs between two runs of the same study (times, machines, the moment) is
 * under `making`; all else is the same, however often the study was interrupted or split.
 */
export function studyDocument({ loaded, runs, results, code, created }: DocumentInput): unknown {
  const { study } = loaded;
  return {
    format: FORMAT,
    study,
    code,
    protocols: results.protocols,
    runs: results.runs,
    claims: results.claims.map(({ claim, label, result, note }) => ({
      name: claim.name,
      label,
      result,
      note,
    })),
    figures: results.figures.map((entry) =>
      entry.kind === 'curves'
        ? { name: entry.figure.name, plot: entry.plot, note: entry.note }
        : {
            name: entry.figure.name,
            shown: entry.shown.map(({ setting, shown }) => ({ setting, ...shown })),
            note: entry.note,
          },
    ),
    making: {
      created,
      otherCode: results.otherCode,
      totalMs: results.times.reduce((sum, { timeMs }) => sum + timeMs, 0),
      runs: runs.map((run) => ({ setting: run.setting, seed: run.seed, ...timesOf(run, results) })),
      adapters: [...new Set(results.times.map(({ adapter }) => adapter))].sort(),
    },
  };
}

/** Time of a run's own nodes and of those that it shares with other settings, ms. */
export function timesOf(run: Run, { times }: StudyResults): { ownMs: number; sharedMs: number } {
  const byId = new Map(times.map(({ node, timeMs }) => [node.id, timeMs]));
  let ownMs = 0;
  let sharedMs = 0;
  for (const node of nodesOf(run)) {
    const timeMs = byId.get(node.id) ?? 0;
    if (node.users.length > 1) sharedMs += timeMs;
    else ownMs += timeMs;
  }
  return { ownMs, sharedMs };
}
