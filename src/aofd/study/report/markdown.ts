/** The report of a study in Markdown: the tables, for a repository or an issue. */
import type { ReportTable } from '../../eval/protocol.js';
import { formatNumber } from '../../eval/report/model.js';
import type { DocumentInput } from './document.js';
import { boxTable, maskTable, scoreTables } from './picture-tables.js';
import { claimTable, durationText, figureTables, runTable } from './tables.js';

/** The summary; plots and pictures are in the page only. */
export function studyMarkdown({ loaded, runs, results, code, created }: DocumentInput): string {
  const { study } = loaded;
  const done = results.runs.filter(({ status }) => status.state === 'done').length;
  const total = results.times.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const untested = (study.untested ?? []).map(({ where, text, why }) => [where, text, why]);
  const tables = [
    claimTable(loaded, results),
    ...figureTables(loaded, results),
    maskTable(loaded, results),
    boxTable(loaded, results),
    ...scoreTables(loaded, results),
    untested.length > 0
      ? { title: 'Not tested', columns: ['where', 'what', 'why not'], rows: untested }
      : null,
    runTable(loaded, runs, results),
  ];
  return [
    `# ${study.title}`,
    '',
    `${done} of ${runs.length} runs complete (${study.settings.length} settings, seeds ${study.seeds.join(', ')}), ${durationText(total)}, ${created}. Code ${code.train} / ${code.detect}.`,
    ...(study.about ?? []).flatMap((text) => ['', text]),
    ...tables.flatMap((one) => (one ? ['', ...markdownTable(one)] : [])),
    '',
  ].join('\n');
}

function markdownTable({ title, columns, rows, digits, note }: ReportTable): string[] {
  const cell = (value: string | number | null): string =>
    (typeof value === 'string' ? value : formatNumber(value, digits))
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ');
  const line = (cells: readonly (string | number | null)[]): string =>
    `| ${cells.map(cell).join(' | ')} |`;
  return [
    `## ${title}`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    ...(note === undefined ? [] : ['', note]),
  ];
}
