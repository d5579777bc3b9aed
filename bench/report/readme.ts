/** The performance table of the README, drawn from a report. */
import { bestOf, clockOf, entryOf, peakShare, ratioTo } from './summary.js';
import { geometricMean } from '../measure/stats.js';
import { short } from './table.js';
import type { CaseResult, Maker, Report, Spread } from '../measure/types.js';

export const BEGIN = '<!-- bench:begin -->';
export const END = '<!-- bench:end -->';

/** End of the name of figures that the table leaves out: a part of the process's memory. */
const deviceMemory = 'most memory on the device';

export interface MarkRow {
  what: string;
  /** Measured, in words. */
  reached: string;
}

const convs = (report: Report, pass: string): CaseResult[] =>
  report.cases.filter((c) => c.work.kind === 'conv' && c.work.pass === pass);

function least(values: readonly (number | undefined)[]): number {
  return Math.min(...values.filter((v): v is number => v !== undefined && Number.isFinite(v)));
}

function range(values: readonly (number | undefined)[]): string {
  const known = values.filter((v): v is number => v !== undefined && Number.isFinite(v));
  if (known.length === 0) return '-';
  const [low, high] = [least(known), Math.max(...known)];
  return known.length === 1 ? short(low) : `${short(low)} to ${short(high)}`;
}

const times = (spread: Spread | undefined): string => (spread ? `${short(spread.median)}x` : '');

/** Ratios to peers, where the report has them. */
function peerRows(report: Report): MarkRow[] {
  const rows: MarkRow[] = [];
  const add = (what: string, reached: string): void => {
    if (reached !== '' && reached !== '-' && !reached.startsWith('-x'))
      rows.push({ what, reached });
  };
  const peers: [Maker, string][] = [
    ['tfjs-webgpu', 'tfjs WebGPU, same adapter'],
    ['onnxruntime-node', 'onnxruntime on the processor, native'],
    ['onnxruntime-web', 'onnxruntime-web (WebAssembly)'],
  ];
  for (const [maker, label] of peers) {
    const list = convs(report, 'forward').filter((c) => !c.name.startsWith('conv1_1'));
    for (const variant of ['direct', 'planned']) {
      const ratios = list.map((c) => ratioTo(c, maker, variant)?.median);
      const known = ratios.filter((r): r is number => r !== undefined);
      if (known.length === 0) continue;
      add(
        `VGG16 convolutions from conv1_2 on, forward, ${variant}, against ${label}`,
        `${range(known)}x (geometric mean ${short(geometricMean(known))}x)`,
      );
    }
    for (const work of ['forward', 'training'] as const) {
      const stack = report.cases.find((c) => c.work.kind === 'stack' && c.work.pass === work);
      if (stack)
        add(`${stack.name}, ${stack.shape}, against ${label}`, times(ratioTo(stack, maker)));
    }
    for (const result of report.cases) {
      if (!['linear', 'pool', 'softmax'].includes(result.work.kind)) continue;
      add(`${result.name}, ${result.shape}, against ${label}`, times(ratioTo(result, maker)));
    }
  }
  return rows;
}

/** Shares of the machine's arithmetic peak. */
function shareRows(report: Report): MarkRow[] {
  const rows: MarkRow[] = [];
  const clock = clockOf(report);
  const shareOf = (result: CaseResult): number | undefined => {
    const entry = entryOf(result, 'aofd', 'planned') ?? bestOf(result, clock);
    return entry && peakShare(report, result, entry)?.median;
  };
  for (const [pass, label] of [
    ['forward', 'forward'],
    ['inputGradient', 'input gradient'],
    ['weightGradient', 'weight gradient'],
  ] as const) {
    const list = convs(report, pass).filter((c) => c.work.kind === 'conv' && c.work.c > 3);
    const isSmall = (c: CaseResult): boolean => c.work.kind === 'conv' && c.work.h <= 32;
    const [large, small] = [list.filter((c) => !isSmall(c)), list.filter(isSmall)];
    if (large.length > 0)
      rows.push({
        what: `VGG16 convolutions, ${label}, share of the multiply-add peak`,
        reached: range(large.map(shareOf)),
      });
    if (small.length > 0)
      rows.push({
        what: `the same on 32x32 maps, ${label}`,
        reached: range(small.map(shareOf)),
      });
  }
  for (const result of report.cases.filter((c) => c.group === 'linear')) {
    rows.push({
      what: `${result.name}, ${result.shape}, share of the peak`,
      reached: short(shareOf(result) ?? Number.NaN),
    });
  }
  return rows;
}

/** Every mark of the report, in the order of the table. */
export function markRows(report: Report): MarkRow[] {
  return [
    ...peerRows(report),
    ...shareRows(report),
    ...report.figures
      .filter(({ group }) => group === 'detect' || group === 'train' || group === 'peers')
      .filter(({ name }) => !name.endsWith(deviceMemory))
      .map(({ name, value, unit }) => ({ what: name, reached: `${short(value)} ${unit}`.trim() })),
  ];
}

/** Markdown: where it was measured, and the table. */
export function renderTable(report: Report): string {
  const { environment: e, protocol } = report;
  const rows = markRows(report);
  const head = `${e.adapter.name} (${e.adapter.driver}), ${e.cores} cores of ${e.processor}, ${e.date.slice(0, 10)}, commit ${e.commit ?? 'unknown'}, ${protocol.mode} run, peak ${short(report.ceilings.peakGflops)} GFLOP/s.`;
  const lines = rows.map(({ what, reached }) => `| ${what} | ${reached} |`);
  return [head, '', '| what | measured |', '| --- | --- |', ...lines].join('\n');
}

/**
 * Puts the table between the markers of a README.
 * @throws Error when the markers are missing or in the wrong order
 */
export function insertTable(readme: string, report: Report): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) {
    throw new Error(
      `the README has no "${BEGIN}" before "${END}". Fix: add both lines where the table belongs.`,
    );
  }
  return `${readme.slice(0, from + BEGIN.length)}\n\n${renderTable(report)}\n\n${readme.slice(to)}`;
}
