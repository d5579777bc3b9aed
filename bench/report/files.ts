/** Reports and their plots on the disk. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { atomicWriteFile } from '../../src/nn/io/files/index.js';
import { svgToPng } from '../../src/aofd/eval/report/plot/png.js';
import { reportPlots } from './plots.js';
import type { Report } from './report.js';

/** Name of a run's folder: "llvmpipe-2026-11-24". */
export function folderName({ environment: { adapter, date } }: Report): string {
  const name = adapter.name.toLowerCase().replace(/\(.*\)/, '');
  return `${name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}-${date.slice(0, 10)}`;
}

/** Writes `report.json`. @returns its path */
export function writeReport(folder: string, report: Report): string {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'report.json');
  atomicWriteFile(file, `${JSON.stringify(report, null, 1)}\n`);
  return file;
}

/** Writes every plot as SVG and PNG. @returns their names */
export function writePlots(folder: string, report: Report): string[] {
  const names: string[] = [];
  for (const [name, svg] of reportPlots(report)) {
    atomicWriteFile(path.join(folder, `${name}.svg`), svg);
    atomicWriteFile(path.join(folder, `${name}.png`), svgToPng(svg));
    names.push(name);
  }
  return names;
}

/**
 * Reads a report.
 * @throws Error that names the file when it is none
 */
export function readReport(file: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file}: cannot be read as JSON. Fix: pass the report.json of a run.`, {
      cause,
    });
  }
  if ((value as Partial<Report> | null)?.format !== 'aofd-bench/1') {
    throw new Error(`${file}: not a benchmark report. Fix: pass the report.json of a run.`);
  }
  return value as Report;
}

/** The report of every run that is kept below a folder, `FOLDER/RUN/report.json`. */
export function readReports(folder: string): Report[] {
  return fs
    .readdirSync(folder)
    .sort()
    .map((run) => path.join(folder, run, 'report.json'))
    .filter((file) => fs.existsSync(file))
    .map(readReport);
}
