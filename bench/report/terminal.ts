/** What the terminal shows while a run is under way. */
import process from 'node:process';
import type { CaseResult } from '../measure/case.js';
import type { Report } from './report.js';
import { caseHead, caseLines } from './table.js';

const isTerminal = (): boolean => process.stderr.isTTY === true;

/** What is going on: on a terminal one line of standard error that is written over. */
export function showProgress(text: string): void {
  if (isTerminal()) process.stderr.write(`\r\x1b[2K${text}`);
  else process.stderr.write(`${text}\n`);
}

/** A line on standard output. */
export function printLine(text: string): void {
  if (isTerminal()) process.stderr.write('\r\x1b[2K');
  process.stdout.write(`${text}\n`);
}

/** A finished case, the head of the table above the first. */
export function printCase(report: Report, result: CaseResult): void {
  const head = report.cases.length === 1 ? [[...caseHead]] : [];
  printLine(padded([...head, ...caseLines(report, result)]));
}

/** Columns of fixed width, since lines come one case at a time. */
function padded(rows: readonly string[][]): string {
  const widths = [32, 26, 26, 12, 8, 12];
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}
