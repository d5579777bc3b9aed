/** `aofd reproduce`: runs a study, such as the paper's, and writes one report. */
import * as path from 'node:path';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import type { NodeEvent } from '../study/nodes/context.js';
import type { Run, StudyNode, TrainNode } from '../study/plan.js';
import type { NodeState, StudyStore } from '../study/store.js';
import { collectLessOften } from './collector.js';
import {
  addDeviceOption,
  collect,
  packageVersion,
  printLine,
  printNotice,
  withInterrupt,
} from './common.js';
import { InterruptedError } from './errors.js';
import { checkOutFolder, refuseOverwriting } from './outputs.js';
import { describeRun, Progress } from './eval-progress.js';

interface ReproduceFlags {
  study: string;
  out: string;
  set: string[];
  only?: string[];
  shard?: { index: number; count: number };
  merge?: string[];
  plan?: boolean;
  report?: boolean;
  reportTo?: string;
  pictures: boolean;
  retry?: boolean;
  anyCode?: boolean;
  device?: string;
}

/** What a study writes beside the folders of its parts, and what its report consists of. */
const NOTES = ['lock', 'hashes.json'];
const REPORTS = ['report.html', 'report.md', 'report.json'];

/** Adds the command. */
export function register(program: Command): void {
  const command = program
    .command('reproduce')
    .description(
      'Run a study (settings, seeds, protocols, claims) and report which claims hold. What is done is kept: the same command goes on where it was stopped.',
    )
    .requiredOption('--study <file>', 'the study, e.g. configs/studies/aofd-lite.json')
    .requiredOption('--out <folder>', 'results and report; the same folder resumes')
    .option('--set <path=value>', 'change one setting of all runs (repeatable)', collect, [])
    .option('--only <names...>', 'run only these settings (NAME, or NAME@SEED)')
    .option('--shard <i/n>', 'run only part i of n, e.g. on n machines', parseShard)
    .option('--merge <folders...>', 'use the results in these --out folders too')
    .option('--plan', 'only say what is done, what is open, and how long that may take')
    .option('--report', 'only write the report of what is done')
    .option('--report-to <folder>', 'write the report there (default: the --out folder)')
    .option('--no-pictures', 'leave photographs out of the report: numbers and plots only')
    .option('--retry', 'try again what failed')
    .option('--any-code', 'accept results that other versions of the code made');
  addDeviceOption(command).action(async () => {
    collectLessOften();
    await withInterrupt((signal) => reproduceAsync(command.opts<ReproduceFlags>(), signal));
  });
}

/** Reads `2/3`. */
function parseShard(text: string): { index: number; count: number } {
  const [, index = '', count = ''] = /^(\d+)\/(\d+)$/.exec(text.trim()) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== '' && shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new InvalidArgumentError(`Expected a part such as 1/3, got "${text}".`);
}

async function reproduceAsync(flags: ReproduceFlags, signal: AbortSignal): Promise<void> {
  const { openStudyAsync, selectRuns } = await import('../study/open.js');
  const { StudyStore, lockStudy } = await import('../study/store.js');
  const { study, out, only, shard, merge, anyCode } = flags;
  checkOutputs(flags);
  const opened = await openStudyAsync(study, out, flags.set);
  const runs = selectRuns(opened.plan, {
    ...(only ? { only } : {}),
    ...(shard ? { shard } : {}),
  });
  const store = new StudyStore(out, { merge: merge ?? [], anyCode: anyCode ?? false });
  await printPlanAsync(runs, store);
  if (flags.plan) return;
  using _lock = lockStudy(out);
  const progress = new Progress(process.stderr);
  let isInterrupted = false;
  if (!flags.report) {
    const { executeAsync } = await import('../study/execute.js');
    const result = await executeAsync({
      ...opened,
      store,
      runs,
      signal,
      version: packageVersion(),
      retry: flags.retry ?? false,
      ...(flags.device === undefined ? {} : { adapter: flags.device }),
      onEvent: (event) => show(event, progress),
    });
    progress.close();
    ({ isInterrupted } = result);
    if (result.failed + result.blocked > 0) {
      printNotice(`${result.failed} failed, ${result.blocked} wait for them: see the report`);
    }
  }
  if (isInterrupted) {
    throw new InterruptedError('interrupted', 'stopped; the same command goes on where it was');
  }
  const { collectResultsAsync } = await import('../study/results.js');
  const { writeStudyReport } = await import('../study/report/write.js');
  const { codeVersions } = await import('../study/code-version.js');
  const results = await collectResultsAsync({
    ...opened,
    store,
    onProgress: (done, total) => progress.show(`scoring ${done} of ${total}`, done === total),
  });
  progress.close();
  const page = writeStudyReport(flags.reportTo ?? out, {
    hasPictures: flags.pictures,
    loaded: opened.loaded,
    runs: opened.plan.runs,
    results,
    code: codeVersions(),
    created: new Date().toISOString(),
  });
  for (const { claim, result, note } of results.claims) {
    const word = result?.verdict ?? `no result (${note ?? 'nothing to compare'})`;
    printLine(`${claim.where}, ${claim.name}: ${word}`);
  }
  printNotice(`wrote ${page} (and report.md, report.json beside it)`);
}

/** @throws UsageError where the report would replace the study, or cannot be written */
function checkOutputs({ study, out, reportTo = out }: ReproduceFlags): void {
  checkOutFolder(out);
  checkOutFolder(reportTo, '--report-to');
  for (const [folder, names, option] of [
    [out, NOTES, '--out'],
    [reportTo, REPORTS, reportTo === out ? '--out' : '--report-to'],
  ] as const) {
    const files = names.map((name) => path.join(folder, name));
    refuseOverwriting([study], files, option);
  }
}

/** What is done and open, with the time that is left, as far as it can be told. */
async function printPlanAsync(runs: readonly Run[], store: StudyStore): Promise<void> {
  const { distinctNodes } = await import('../study/plan.js');
  const { durationText } = await import('../study/report/tables.js');
  const { timeLeft } = await import('../study/estimate.js');
  const nodes = distinctNodes(runs);
  const states = new Map(nodes.map((node) => [node, store.state(node)]));
  const count = (state: NodeState['state']): number =>
    [...states.values()].filter((one) => one.state === state).length;
  const problems = runs.filter(({ problem }) => problem !== null);
  printNotice(
    `${runs.length} runs, ${nodes.length} pieces of work: ${count('done')} done, ${count('open')} open, ` +
      `${count('failed')} failed${problems.length > 0 ? `; ${problems.length} runs cannot begin` : ''}`,
  );
  for (const text of new Set(problems.map(({ problem }) => problem))) {
    const same = problems.filter(({ problem }) => problem === text);
    const names = [...new Set(same.map(({ setting }) => setting))].join(', ');
    printNotice(`${names}: ${text}`);
  }
  const left = timeLeft(states);
  if (count('open') === 0) return;
  printNotice(
    left === null
      ? 'time left: not known before a stage was trained'
      : `time left: about ${durationText(left)} (from what is done)`,
  );
}

function show(event: NodeEvent, progress: Progress): void {
  const { node } = event;
  switch (event.kind) {
    case 'begin':
      progress.close();
      printNotice(`[${event.index}/${event.count}] ${nameOf(node)}`);
      break;
    case 'training':
      if (event.event.kind === 'progress') {
        const { stageStep, msPerStep } = event.event;
        const { steps } = (node as TrainNode).stage;
        progress.show(
          `${nameOf(node)}: update ${stageStep} of ${steps}, ${Math.round(msPerStep)} ms each`,
        );
      } else if (event.event.kind === 'notice') printNotice(event.event.text);
      break;
    case 'detecting':
      progress.show(`${nameOf(node)}: ${describeRun(event.progress)}`);
      break;
    case 'done':
      progress.close();
      break;
    case 'failed':
      progress.close();
      printNotice(`failed: ${event.reason}`);
  }
}

/** A node as people call it. */
function nameOf(node: StudyNode): string {
  const [first = '', ...others] = node.users;
  const users = others.length > 0 ? `${first} and ${others.length} more` : first;
  const what =
    node.kind === 'train'
      ? node.stage.name
      : node.kind === 'detect'
        ? `on ${node.protocol.name}`
        : `figure ${node.figure.name}`;
  return `${users}, seed ${node.seed}: ${what}`;
}
