/** The speed table of the README, drawn from reports: six rows, one column for each adapter. */
import { insertBetween } from '../../src/aofd/eval/report/between-markers.js';
import type { CaseResult, Maker } from '../measure/case.js';
import { geometricMean } from '../measure/stats.js';
import type { Report } from './report.js';
import { ratioTo } from './summary.js';
import { short } from './text.js';

export const BEGIN = '<!-- bench:begin -->';
export const END = '<!-- bench:end -->';

/** What a report has to say in a row; undefined where it did not measure that. */
type Cell = (report: Report) => string | undefined;

/** The rows: what a reader of the README wants to know. The reports have all the rest. */
const rows: readonly (readonly [what: string, cell: Cell])[] = [
  [
    'VGG16 convolutions from conv1_2 on, forward, direct algorithm, against TensorFlow.js (WebGPU, same adapter)',
    (report) => {
      const ratios = report.cases
        .filter(isForwardConvolution)
        .map((result) => ratioTo(result, 'tfjs-webgpu', 'direct')?.median)
        .filter((ratio) => ratio !== undefined);
      if (ratios.length === 0) return undefined;
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
      return `${short(low)} to ${short(high)}x (geometric mean ${short(geometricMean(ratios))}x)`;
    },
  ],
  [
    'all 13 of them with pools as we run them, 512x512, forward, against TensorFlow.js',
    (report) => stackRatio(report, 'tfjs-webgpu'),
  ],
  ['the same against onnxruntime (native, processor)', (r) => stackRatio(r, 'onnxruntime-node')],
  [
    'detection with `lite`, pictures of 640x480 a second, decoding and drawing included',
    (report) => figure(report, /^lite, 640x480: steady/),
  ],
  [
    "training step of `lite`, 4 pictures of 384x384; times its network's forward pass",
    (report) =>
      both(
        figure(report, /^lite, .*: training step$/),
        figure(report, /^lite, .*: step over network forward$/),
      ),
  ],
  [
    'training step of `paper`, one picture of 512x512; TensorFlow.js for its convolutions alone takes',
    (report) =>
      both(
        figure(report, /^paper, .*: training step$/),
        figure(report, /^training step of paper .* against tfjs-webgpu/),
      ),
  ],
];

function isForwardConvolution({ work, name }: CaseResult): boolean {
  return work.kind === 'conv' && work.pass === 'forward' && !name.startsWith('conv1_1');
}

function stackRatio(report: Report, maker: Maker): string | undefined {
  const stack = report.cases.find(({ work }) => work.kind === 'stack' && work.pass === 'forward');
  const ratio = stack && ratioTo(stack, maker);
  return ratio && `${short(ratio.median)}x`;
}

function figure(report: Report, name: RegExp): string | undefined {
  const found = report.figures.find((f) => name.test(f.name));
  if (!found) return undefined;
  const { value, unit } = found;
  if (unit === 'images/s') return short(value);
  return `${short(value)}${unit === 'x' ? '' : ' '}${unit}`;
}

const both = (first: string | undefined, second: string | undefined): string | undefined =>
  first && second ? `${first}; ${second}` : first;

const adapters: Readonly<Record<string, string>> = {
  lavapipe: 'lavapipe',
  swiftshader: 'SwiftShader',
};

/** The newest report of each adapter, those that measured most first. */
export function newestReports(reports: readonly Report[]): Report[] {
  const newest = new Map<string, Report>();
  for (const report of reports) {
    const { adapter, date } = report.environment;
    const other = newest.get(adapter.name);
    if (!other || other.environment.date < date) newest.set(adapter.name, report);
  }
  return [...newest.values()].sort((a, b) => b.cases.length - a.cases.length);
}

/** Markdown: where it was measured, and the table. A row that no report measured is left out. */
export function renderTable(reports: readonly Report[]): string {
  const names = reports.map(
    ({ environment: { adapter } }) => adapters[adapter.kind] ?? adapter.name,
  );
  const where = reports.map(({ environment: e, ceilings, protocol }, i) => {
    const peak = `${protocol.mode} run, peak ${short(ceilings.peakGflops)} GFLOP/s`;
    return `${names[i]}: ${e.adapter.driver}, ${e.cores} cores of ${e.processor}, ${e.date.slice(0, 10)}, commit ${e.commit ?? 'unknown'}, ${peak}.`;
  });
  const lines = rows
    .map(([what, cell]) => ({ what, cells: reports.map(cell) }))
    .filter(({ cells }) => cells.some((text) => text !== undefined))
    .map(({ what, cells }) => `| ${[what, ...cells.map((text) => text ?? '-')].join(' | ')} |`);
  return [
    ...where.map((line) => `- ${line}`),
    '',
    `| what | ${names.join(' | ')} |`,
    `| --- |${' --- |'.repeat(names.length)}`,
    ...lines,
  ].join('\n');
}

/**
 * Puts the table between the markers of a README.
 * @throws DataError when the markers are missing, repeated or in the wrong order
 */
export function insertTable(readme: string, reports: readonly Report[]): string {
  return insertBetween(readme, { begin: BEGIN, end: END }, renderTable(reports), 'the README');
}
