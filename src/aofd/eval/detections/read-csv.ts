/** Detections as comma-separated values. */
import { CsvError, parse, type Info } from 'csv-parse/sync';
import { parseNumber, readText } from '../../data/sets/text-file.js';
import { DataError } from '../../errors.js';
import type { Detection } from '../protocol.js';
import type { DetectionCollector } from './collect.js';

const NEEDED = ['image', 'x1', 'y1', 'x2', 'y2', 'score'] as const;
const OPTIONAL = ['category', 'occlusion'] as const;

/** A row and the line on which it ends. */
interface Row {
  cells: string[];
  line: number;
}

/** Whether a first line is a header that {@link readCsvDetections} takes. */
export function isCsvHeader(line: string): boolean {
  const header = headerOf(line);
  return header.includes('image') && header.includes('score');
}

/** Names of the columns; none where the line is no csv. */
function headerOf(line: string): string[] {
  try {
    return (rowsOf(line, '')[0]?.cells ?? []).map((name) => name.toLowerCase());
  } catch {
    return [];
  }
}

/**
 * Reads a table with the header `image,x1,y1,x2,y2,score` and optionally `category` (a number) and
 * `occlusion` (covered share, 0..1), columns in any order, one detection a line, corners in
 * continuous pixels of the stored picture. Names with commas stand in double quotes.
 * @throws DataError naming file and line of a missing column or a bad or repeated row
 */
export function readCsvDetections(file: string, into: DetectionCollector): void {
  // Some programs of DOS and Windows end a text with the byte Ctrl-Z.
  const [head, ...rows] = rowsOf(readText(file).replace(/\x1a\s*$/, ''), file);
  const got = head?.cells.join(',') ?? '';
  const header = (head?.cells ?? []).map((name) => name.toLowerCase());
  const column = new Map(header.map((name, i) => [name, i]));
  const missing = NEEDED.filter((name) => !column.has(name));
  if (missing.length > 0 || column.size !== header.length) {
    throw new DataError(
      'list-malformed',
      missing.length > 0
        ? `the header lacks ${missing.join(', ')} (got "${got}").`
        : `the header names a column twice (got "${got}").`,
      { where: `${file}:1`, fix: `start the file with the line ${NEEDED.join(',')}` },
    );
  }
  const known: readonly string[] = [...NEEDED, ...OPTIONAL];
  const others = header.filter((name) => !known.includes(name));
  if (others.length > 0) {
    into.addWarning(
      `${file}: columns that mean nothing here were passed over: ${others.join(', ')}.`,
    );
  }
  for (const { cells, line } of rows) addRow(cells, column, `${file}:${line}`, into);
}

/** Rows with their lines; blank lines are passed over, cells trimmed. */
function rowsOf(text: string, file: string): Row[] {
  try {
    const rows = parse(text, {
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
    }) as unknown as { record: string[]; info: Info }[];
    return rows.map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError('list-malformed', `not a csv (${error.message}).`, {
      where: `${file}:${String(error['lines'] ?? 1)}`,
      fix: 'put names with commas or quotes in double quotes, and double the quotes inside',
    });
  }
}

function addRow(
  cells: readonly string[],
  column: ReadonlyMap<string, number>,
  where: string,
  into: DetectionCollector,
): void {
  if (cells.length !== column.size) {
    throw new DataError(
      'list-malformed',
      `expected ${column.size} values, got ${cells.length} ("${cells.join(',').slice(0, 80)}").`,
      { where, fix: 'one value per column of the header; put names with commas in double quotes' },
    );
  }
  const number = (name: string): number => {
    const text = cells[column.get(name)!] as string;
    const value = parseNumber(text);
    if (Number.isFinite(value)) return value;
    throw new DataError('list-malformed', `${name} is not a finite number (got "${text}").`, {
      where,
      fix: 'correct or remove this row',
    });
  };
  const detection: Detection = {
    box: [number('x1'), number('y1'), number('x2'), number('y2')],
    score: number('score'),
  };
  for (const name of OPTIONAL) {
    if ((cells[column.get(name) ?? -1] ?? '') !== '') detection[name] = number(name);
  }
  const image = into.resolve(cells[column.get('image')!] as string, where);
  if (image !== null) into.add(image, detection, where, { duplicates: 'error' });
}
