/** A report as text for the terminal. */
import { clockOf, entryOf, peakShare, ratioTo, rooflineShare } from './summary.js';
import { alignRows, short, shortSpread } from './text.js';
import { pairedRatio } from '../measure/stats.js';
import type { CaseResult, Maker } from '../measure/case.js';
import type { Figure } from '../measure/figure.js';
import type { Report } from './report.js';

const PEERS: readonly Maker[] = ['tfjs-webgpu', 'onnxruntime-node', 'onnxruntime-web'];

/** Lines of one case, for printing as soon as it is done. */
export function caseLines(report: Report, result: CaseResult): string[][] {
  return result.entries
    .filter((entry) => entry.maker !== 'ceiling')
    .map((entry, i) => {
      const { timing } = entry;
      const head = [i === 0 ? result.name : '', `${entry.maker} ${entry.variant}`];
      if (!timing) return [...head, '', '', '', '', entry.note ?? ''];
      const own = entryOf(result, 'aofd', 'planned')?.timing;
      return [
        ...head,
        shortSpread(timing.wallMs),
        short(timing.cpuMs.median),
        result.flops > 0 && result.group !== 'maps'
          ? short(peakShare(report, result, entry)?.median ?? Number.NaN)
          : '-',
        entry.maker === 'aofd' && entry.flops === undefined
          ? short(rooflineShare(report, result, entry))
          : '-',
        [
          entry.maker !== 'aofd' && own ? `ours ${short(pairedRatio(own, timing).median)}x` : '',
          entry.note ?? '',
        ]
          .filter((text) => text !== '')
          .join('; '),
      ];
    });
}

export const caseHead = [
  'case',
  'by',
  'wall ms',
  'cpu ms/core',
  'of peak',
  'of roofline',
  '',
] as const;

export function figureLines(figures: readonly Figure[]): string[][] {
  return figures.map(({ name, value, unit, spread, note }) => [
    name,
    spread && spread.count > 1 ? shortSpread(spread) : short(value),
    unit,
    note ?? '',
  ]);
}

/** The whole report as text. */
export function formatReport(report: Report): string {
  const { environment: e, ceilings } = report;
  const parts = [
    `${e.adapter.name} (${e.adapter.kind}), ${e.cores} cores, ${e.date}`,
    `peak ${short(ceilings.peakGflops)} GFLOP/s, memory ${short(ceilings.bandwidthGbs)} GB/s, shares by ${
      clockOf(report) === 'cpuMs' ? 'processor' : 'wall'
    } time`,
  ];
  for (const group of new Set(report.figures.map((f) => f.group))) {
    const lines = figureLines(report.figures.filter((f) => f.group === group));
    parts.push(`\n${group}\n${alignRows(lines)}`);
  }
  const lines = report.cases.flatMap((result) => caseLines(report, result));
  if (lines.length > 0) parts.push(`\n${alignRows([[...caseHead], ...lines], 2)}`);
  const peers = PEERS.filter((maker) => report.cases.some((c) => ratioTo(c, maker)));
  if (peers.length > 0) parts.push(`\nratios above 1: we are faster (${peers.join(', ')})`);
  return parts.join('\n');
}
