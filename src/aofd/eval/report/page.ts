/** Parts of report pages: the frame, sections, tables, lists of facts. HTML text that needs nothing beside it. */
import type { Fact, ReportTable } from '../protocol.js';
import { REPORT_CSS } from './css.js';
import { formatNumber } from './model.js';
import { darkPlotCss, escapeXml } from './plot/index.js';

/** A whole page without scripts; parts without content are left out. */
export function page(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(title)}</title>`,
    `<style>\n${REPORT_CSS}\n@media screen and (prefers-color-scheme: dark) {\n${darkPlotCss('figure')}\n}\n</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...body.filter((part) => part !== ''),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** A section of the parts that have content; nothing without any. */
export function section(title: string, parts: readonly string[]): string {
  const content = parts.filter((part) => part !== '');
  if (content.length === 0) return '';
  return `<section>\n<h2>${escapeXml(title)}</h2>\n${content.join('\n')}\n</section>`;
}

/** Text that stands for numbers: with intervals, signs, percent. */
const NUMBERS = /^[\s\d.,+−–[\]<>%-]+$/;

/** A table; nothing for null. */
export function table(given: ReportTable | null): string {
  if (!given) return '';
  const { title, columns, rows, digits, note } = given;
  const cellsOf = (i: number): (string | number)[] => rows.flatMap((row) => row[i] ?? []);
  const isNumeric = columns.map((_, i) =>
    cellsOf(i).every((value) => typeof value === 'number' || NUMBERS.test(value)),
  );
  const isWhole = columns.map((_, i) =>
    cellsOf(i).every((value) => typeof value === 'number' && Number.isInteger(value)),
  );
  const cell = (value: string | number | null, i: number, tag: 'td' | 'th'): string => {
    const text = typeof value === 'string' ? value : formatNumber(value, isWhole[i] ? 0 : digits);
    return `<${tag}${isNumeric[i] && i > 0 ? ' class="n"' : ''}>${escapeXml(text)}</${tag}>`;
  };
  const line = (row: readonly (string | number | null)[], tag: 'td' | 'th'): string =>
    `<tr>${row.map((value, i) => cell(value, i, tag)).join('')}</tr>`;
  return [
    `<h3>${escapeXml(title)}</h3>`,
    '<div class="table"><table>',
    `<thead>${line(columns, 'th')}</thead>`,
    `<tbody>\n${rows.map((row) => line(row, 'td')).join('\n')}\n</tbody>`,
    '</table></div>',
    note ? `<p class="note">${escapeXml(note)}</p>` : '',
  ].join('\n');
}

/** Named lines. */
export function facts(title: string, list: readonly Fact[]): string {
  if (list.length === 0) return '';
  const rows = list.map(
    ({ name, value }) => `<div><dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd></div>`,
  );
  return `<h3>${escapeXml(title)}</h3>\n<dl>\n${rows.join('\n')}\n</dl>`;
}
