/**
 * Box tables of Face_Counting: `Name,width,height,xmin,ymin,xmax,ymax`, a line per face, 0-based
 * corners of which xmax and ymax are exclusive.
 */
import { parse } from 'csv-parse/sync';
import { DataError } from '../../errors.js';
import { pathInside } from './inside.js';
import { checkedBox, newLoadReport, type LoadReport, type Sample } from '../sample.js';
import { parseNumber, readText } from './text-file.js';

const COLUMNS = ['Name', 'width', 'height', 'xmin', 'ymin', 'xmax', 'ymax'] as const;

export interface CountingCsvOptions {
  imageRoot: string;
  source: string;
  report?: LoadReport;
}

/** Loads a table; pictures in order of their first line. Throws DataError naming file and line. */
export function loadCountingCsv(file: string, options: CountingCsvOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const rows = rowsOf(file);
  const header = rows[0]?.cells.join(',');
  if (header !== COLUMNS.join(',')) {
    throw malformed(
      `${file}:1`,
      `the header is "${header ?? ''}", expected "${COLUMNS.join(',')}"`,
    );
  }
  const samples = new Map<string, Sample>();
  for (const { cells, line } of rows.slice(1)) {
    const where = `${file}:${line}`;
    const [name = '', ...texts] = cells;
    const numbers = texts.map(parseNumber);
    if (name === '' || cells.length !== COLUMNS.length || !numbers.every(Number.isFinite)) {
      throw malformed(where, `expected a name and six numbers, got "${cells.join(',')}"`);
    }
    const [width, height, x1, y1, x2, y2] = numbers as [
      ...[number, number, number],
      ...[number, number, number],
    ];
    const known = samples.get(name);
    if (known && (known.width !== width || known.height !== height)) {
      throw malformed(where, `${name} is ${width}x${height} here and another size above`);
    }
    const sample: Sample = known ?? {
      id: name,
      file: pathInside(options.imageRoot, name, where),
      width,
      height,
      faces: [],
      source: options.source,
    };
    samples.set(name, sample);
    const box = checkedBox([x1, y1, x2 - x1, y2 - y1], { width, height }, where, report);
    if (box) sample.faces.push({ box, ignore: false, invalid: false });
  }
  return [...samples.values()];
}

function rowsOf(file: string): { cells: string[]; line: number }[] {
  try {
    const records = parse(readText(file), {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw malformed(file, (error as Error).message);
  }
}

function malformed(where: string, what: string): DataError {
  return new DataError('list-malformed', `${what}.`, { where, fix: 'copy the table again' });
}
