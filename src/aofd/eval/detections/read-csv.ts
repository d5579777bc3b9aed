/** Detections as comma-separated values. */
import { DataError } from '../../errors.js';
import { parseNumber, readLines } from '../../data/sets/text-file.js';
import type { DetectionCollector } from './collect.js';
import type { Detection } from '../protocol.js';

const NEEDED = ['image', 'x1', 'y1', 'x2', 'y2', 'score'] as const;
const OPTIONAL = ['category', 'occlusion'] as const;

/** Whether a first line is a header that {@link readCsvDetections} takes. */
export function isCsvHeader(line: string): boolean {
  const columns = splitRow(line).map((name) => name.toLowerCase());
  return columns.includes('image') && columns.includes('score');
}

/**
 * Reads a table with the header `image,x1,y1,x2,y2,score` and optionally `category` (a number) and
 * `occlusion` (covered share, 0..1), columns in any order, one detection a line, corners in
 * continuous pixels of the stored picture. Names with commas stand in double quotes.
 * @throws DataError naming file and line of a missing column or a bad or repeated row
 */
export function readCsvDetections(file: string, into: DetectionCollector): void {
  const lines = readLines(file);
  const header = splitRow(lines[0] ?? '').map((name) => name.toLowerCase());
  const column = new Map(header.map((name, i) => [name, i]));
  const missing = NEEDED.filter((name) => !column.has(name));
  if (missing.length > 0 || column.size !== header.length) {
    throw new DataError(
      'list-malformed',
      missing.length > 0
        ? `the header lacks ${missing.join(', ')} (got "${lines[0] ?? ''}").`
        : `the header names a column twice (got "${lines[0]}").`,
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
  for (let i = 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    readRow(lines[i]!, header.length, column, `${file}:${i + 1}`, into);
  }
}

function readRow(
  line: string,
  width: number,
  column: ReadonlyMap<string, number>,
  where: string,
  into: DetectionCollector,
): void {
  const cells = splitRow(line);
  if (cells.length !== width) {
    throw new DataError(
      'list-malformed',
      `expected ${width} values, got ${cells.length} ("${line.slice(0, 80)}").`,
      { where, fix: 'one value per column of the header; put names with commas in double quotes' },
    );
  }
  const number = (name: string): number => {
    const text = cells[column.get(name)!] as string;
    const value = parseNumber(text);
    if (!Number.isFinite(value)) {
      throw new DataError('list-malformed', `${name} is not a finite number (got "${text}").`, {
        where,
        fix: 'correct or remove this row',
      });
    }
    return value;
  };
  const isGiven = (name: string): boolean => {
    const at = column.get(name);
    return at !== undefined && cells[at] !== '';
  };
  const face: Detection = {
    box: [number('x1'), number('y1'), number('x2'), number('y2')],
    score: number('score'),
    ...(isGiven('category') ? { category: number('category') } : {}),
    ...(isGiven('occlusion') ? { occlusion: number('occlusion') } : {}),
  };
  const image = into.resolve(cells[column.get('image')!] as string, where);
  if (image !== null) into.add(image, face, where, { duplicates: 'error' });
}

/** Cells of a line, trimmed; a cell in double quotes may hold commas and doubled quotes. */
function splitRow(line: string): string[] {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  const cells: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/gy;
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line);
    // Text after a closing quote: leave it as one cell, the column count then tells.
    if (!match) return [...cells, line];
    cells.push(match[1] === undefined ? match[2]!.trim() : match[1].replaceAll('""', '"'));
    if (pattern.lastIndex === line.length && line.endsWith(',')) cells.push('');
  }
  return cells;
}
