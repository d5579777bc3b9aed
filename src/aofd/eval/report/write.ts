/** Writes a report and what belongs to it into a folder; each file appears whole or not at all. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atomicWriteFile, FileSet } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { svgToPng } from './plot/png.js';
import type { DetectionSet, EvalImage } from '../protocol.js';
import { reportHtml } from './html.js';
import { reportJson, type ReportInput } from './model.js';
import { drawPlots } from './plots.js';
import { makeSheetsAsync } from './sheet.js';

const SHEET_NAMES = { 'false-positive': 'false-positives', missed: 'missed' } as const;

/** What `writeReportAsync` needs besides the report's data. */
export interface ReportParts {
  images: readonly EvalImage[];
  /** For detections.csv. */
  detections: DetectionSet;
  /** Files that were read, beside the pictures: they are not written over. */
  inputs?: readonly (string | undefined)[];
  /** Time of writing; tests give a fixed one. */
  created?: Date;
}

/**
 * Writes report.html, report.json, plots, sheets, detections.csv and the files of the protocol.
 * @returns names of the files, relative to the folder, report.html first
 * @throws DataError before anything is written where a file would replace one that was read
 */
export async function writeReportAsync(
  out: string,
  input: ReportInput,
  parts: ReportParts,
): Promise<string[]> {
  const { plots, drawn } = drawPlots(input);
  const sheets = await makeSheetsAsync(input.evaluation.findings, parts.images);
  const files = new Map<string, string | Uint8Array>();
  for (const { key, svg } of drawn) {
    files.set(join('plots', `${key}.svg`), svg);
    files.set(join('plots', `${key}.png`), svgToPng(svg));
  }
  for (const { kind, png } of sheets) {
    files.set(join('sheets', `${SHEET_NAMES[kind]}.png`), png);
  }
  files.set('detections.csv', detectionsCsv(parts.detections));
  for (const { name, content } of input.evaluation.files) files.set(name, content);
  const created = (parts.created ?? new Date()).toISOString();
  const names = ['report.html', 'report.json', ...files.keys()];
  const json = reportJson(input, plots, names, created);
  files.set('report.json', `${JSON.stringify(json, null, 1)}\n`);
  // Last, so that the page is there when all it speaks of is.
  files.set(
    'report.html',
    reportHtml(input, {
      plots: drawn,
      sheets: sheets.map(({ kind, count, jpeg }) => ({
        kind,
        count,
        base64: Buffer.from(jpeg).toString('base64'),
      })),
      created: `${created.slice(0, 16).replace('T', ' ')} UTC`,
    }),
  );
  refuseLosses(
    [...files.keys()].map((name) => join(out, name)),
    parts,
  );
  for (const [name, content] of files) {
    const file = join(out, name);
    mkdirSync(dirname(file), { recursive: true });
    atomicWriteFile(file, content);
  }
  return names;
}

function refuseLosses(outputs: readonly string[], { images, inputs = [] }: ReportParts): void {
  const replaced = outputs.filter((file) => existsSync(file));
  if (replaced.length === 0) return;
  const read = new FileSet(
    [...inputs, ...images.map(({ file }) => file)].filter((file) => file != null),
  );
  const lost = replaced.find((file) => read.has(file));
  if (lost === undefined) return;
  throw new DataError('option-invalid', 'was read, and would be written over.', {
    where: lost,
    fix: 'choose another folder for the report',
  });
}

/**
 * Detections as `image,x1,y1,x2,y2,score` with `category` and `occlusion` where there are some: what
 * `--detections` reads again.
 */
export function detectionsCsv(detections: DetectionSet): string {
  const faces = [...detections.byImage.values()].flat();
  const optional = (['category', 'occlusion'] as const).filter((name) =>
    faces.some((face) => face[name] !== undefined),
  );
  const lines = [['image', 'x1', 'y1', 'x2', 'y2', 'score', ...optional].join(',')];
  for (const [image, list] of detections.byImage) {
    for (const face of list) {
      const rest = optional.map((name) => face[name] ?? '');
      lines.push([csvCell(image), ...face.box, face.score, ...rest].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}

const csvCell = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
