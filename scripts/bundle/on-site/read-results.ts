/** What the parts' files say, for the summary. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { formatReport } from '../../../bench/report/table.js';
import type { Report } from '../../../bench/report/report.js';
import { clockOf, entryOf, peakShare, rooflineShare } from '../../../bench/report/summary.js';
import type { DoctorReport } from '../../../src/aofd/cli/doctor/report.js';
import { atomicWriteFile } from '../../../src/nn/io/files/index.js';
import { median } from '../../../src/nn/ops/tuning/quantile.js';
import type { TuningTable } from '../../../src/nn/ops/tuning/index.js';
import type { Findings } from './part.js';
import type { KernelResults, TrainingRate } from './results.js';

const nothing = (what: string): Findings => ({ said: [`no ${what} was written`], isEmpty: true });

function readJson<T>(file: string): T | null {
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as T) : null;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function readDoctor(folder: string): DoctorReport | null {
  return readJson<DoctorReport>(path.join(folder, 'doctor.json'));
}

export function doctorFindings(folder: string): Findings {
  const report = readDoctor(folder);
  if (!report) return nothing('report');
  const { adapter, selfTest, speed, findings } = report;
  const said = [
    adapter
      ? `adapter: ${adapter.name} (${adapter.kind}${adapter.isSoftware ? ', software' : ''})`
      : 'no adapter',
  ];
  if (selfTest) {
    const passed = selfTest.filter((row) => row.passed).length;
    said.push(`self-test of the kernels: ${passed} of ${selfTest.length} passed`);
  }
  if (speed) {
    const { peakGflops, bandwidthGbs, detection } = speed;
    said.push(
      `${peakGflops.toFixed(0)} GFLOP/s, ${bandwidthGbs.toFixed(0)} GB/s; lite on ` +
        `${detection.width}x${detection.height}: ${detection.timeMs.toFixed(1)} ms`,
    );
  }
  for (const { level, text } of findings) if (level === 'problem') said.push(`problem: ${text}`);
  return {
    said,
    values: {
      adapter: adapter?.name ?? null,
      isSoftware: adapter?.isSoftware ?? null,
      passed: report.passed,
      peakGflops: speed?.peakGflops ?? null,
      bandwidthGbs: speed?.bandwidthGbs ?? null,
      detectMs: speed?.detection.timeMs ?? null,
    },
  };
}

export function kernelFindings(folder: string): Findings {
  const results = readJson<KernelResults>(path.join(folder, 'kernels.json'));
  if (!results) return nothing('result');
  const { planned, passed, skipped, failures, adapter } = results;
  const done = passed + skipped + failures.length;
  const said = [
    `${passed} checks passed, ${failures.length} failed, ${skipped} not for this adapter, ` +
      `${planned - done} of ${planned} not reached, on ${adapter}`,
    ...failures
      .slice(0, 20)
      .map(({ name, message }) => `failed: ${name}: ${message.slice(0, 200)}`),
  ];
  return {
    said,
    values: { planned, passed, skipped, failed: failures.length },
    isBad: failures.length > 0,
  };
}

/** Writes the whole table beside the report, which a run that was stopped has not printed. */
export function benchFindings(folder: string): Findings {
  const report = readJson<Report>(path.join(folder, 'report.json'));
  if (!report) return nothing('report');
  atomicWriteFile(path.join(folder, 'table.txt'), `${formatReport(report)}\n`);
  const { peakGflops, bandwidthGbs } = report.ceilings;
  const said = [
    `peak ${peakGflops.toFixed(0)} GFLOP/s, memory ${bandwidthGbs.toFixed(0)} GB/s; the whole table is in table.txt`,
  ];
  const values: Findings['values'] = { peakGflops, bandwidthGbs, cases: report.cases.length };
  const clock = clockOf(report);
  for (const result of report.cases) {
    const entry = entryOf(result, 'aofd', 'planned') ?? entryOf(result, 'aofd');
    if (!entry?.timing) continue;
    const isMap = result.group === 'maps' || result.flops === 0;
    const share = isMap
      ? rooflineShare(report, result, entry)
      : (peakShare(report, result, entry)?.median ?? Number.NaN);
    const name = `${result.group}/${result.name}`;
    values[name] = share;
    said.push(
      `${name} (${result.shape}): ${entry.timing[clock].median.toPrecision(3)} ms, ` +
        `${percent(share)} of ${isMap ? 'what memory allows' : 'the peak'}`,
    );
  }
  for (const { name, value, unit } of report.figures) {
    if (/ceiling/.test(name)) continue;
    said.push(`${name}: ${value.toPrecision(4)} ${unit}`.trimEnd());
  }
  return { said, values };
}

export function tuneFindings(folder: string): Findings {
  const files = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((file) => file.endsWith('.json'))
    : [];
  if (files.length === 0) return nothing('table');
  const said: string[] = [];
  const values: Findings['values'] = {};
  for (const file of files) {
    const table = readJson<TuningTable>(path.join(folder, file));
    const chosen = Object.values(table?.layers ?? {}).flatMap((layer) => Object.values(layer));
    const counts = new Map<string, number>();
    for (const { algorithm, tile } of chosen) {
      const name = tile === undefined ? algorithm : `${algorithm} ${tile}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const words = [...counts].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name}: ${n}`);
    said.push(`${file}: ${chosen.length} passes timed (${words.join(', ')})`);
    values[file] = chosen.length;
  }
  return { said, values };
}

export function rateFindings(folder: string): Findings {
  const rate = readJson<TrainingRate>(path.join(folder, 'rate.json'));
  if (!rate) return nothing('figure');
  const { preset, images, width, height, coldMs, stepMs, peakMegabytes } = rate;
  const what = `${preset}, ${images} x ${width}x${height}, random weights`;
  if (stepMs.length === 0) {
    const first = coldMs === null ? 'not even the first' : `only the first (${seconds(coldMs)})`;
    return { said: [`${what}: ${first} update was finished`], values: { coldMs } };
  }
  const ms = median(stepMs);
  const rateText = ((1000 * images) / ms).toPrecision(3);
  return {
    said: [
      `${what}: ${rateText} images a second (median of ${stepMs.length} updates of ${ms.toFixed(0)} ms; ` +
        `the first took ${seconds(coldMs ?? 0)}); ${peakMegabytes.toFixed(0)} MB on the device`,
    ],
    values: { imagesPerSecond: (1000 * images) / ms, stepMs: ms, coldMs, peakMegabytes },
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

interface Progress {
  kind: string;
  step: number;
  msPerStep?: number;
  dataShare?: number;
  losses?: Record<string, number>;
}

/** Of the last start alone: a run that is gone on with has earlier ones in its file. */
export function trainFindings(folder: string): Findings {
  const file = path.join(folder, 'metrics.jsonl');
  if (!fs.existsSync(file)) return nothing('update');
  const all = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Progress);
  const from = Math.max(0, all.map(({ kind }) => kind).lastIndexOf('start'));
  const begun = all[from]?.kind === 'start' ? all[from].step : 0;
  const progress = all.slice(from).filter(({ kind }) => kind === 'progress');
  const [first, last] = [progress[0], progress.at(-1)];
  if (!first || !last) return nothing('update');
  const { train } = readJson<{ train: { batch: number } }>(path.join(folder, 'config.json')) ?? {
    train: { batch: Number.NaN },
  };
  // Reports after the first: compilation is in that one.
  const later = progress.length > 1 ? progress.slice(1) : progress;
  const ms = median(later.map(({ msPerStep }) => msPerStep ?? Number.NaN));
  const rate = (1000 * train.batch) / ms;
  const total = ({ losses = {} }: Progress): number =>
    losses.total ?? Object.values(losses).reduce((sum, value) => sum + value, 0);
  const wait = median(later.map(({ dataShare }) => dataShare ?? 0));
  return {
    said: [
      `${last.step - begun} updates; ${rate.toPrecision(3)} images a second (${ms.toFixed(0)} ms an update, ` +
        `${percent(wait)} of it waiting for data)`,
      `loss ${total(first).toPrecision(3)} at update ${first.step}, ${total(last).toPrecision(3)} at update ${last.step}`,
    ],
    values: {
      updates: last.step - begun,
      lastUpdate: last.step,
      imagesPerSecond: rate,
      msPerUpdate: ms,
      dataShare: wait,
      firstLoss: total(first),
      lastLoss: total(last),
    },
  };
}
