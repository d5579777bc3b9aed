/** Reading annotation files with errors that name the file. */
import { constants } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { checkRegularFile } from '../../../nn/io/files/index.js';
import { IoError } from '../../../nn/io/errors.js';
import { parseJsonText } from '../../../nn/json.js';
import { DataError } from '../../errors.js';

/** Longer texts than a JavaScript string holds are refused. */
const MOST_BYTES = constants.MAX_STRING_LENGTH;

/** Whole text; a byte order mark is removed. Throws DataError when it cannot be read or is too long. */
export function readText(file: string): string {
  try {
    const text = readAtMost(file, MOST_BYTES);
    if (text !== null) return text.toString('utf8').replace(/^\uFEFF/, '');
    throw new DataError('list-malformed', `is longer than ${MOST_BYTES} bytes.`, {
      where: file,
      fix: 'split it into several files, or check that it is a list at all',
    });
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      'file-missing',
      `annotation file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
      { where: file, fix: 'check the path of the data set' },
    );
  }
}

/**
 * Files that a folder's listing gave, which nobody named: a pipe among them would be waited for for ever.
 * @throws DataError for what is no regular file, or a link to nothing
 */
export function checkListed(file: string): void {
  try {
    checkRegularFile(file);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    throw new DataError('file-missing', `annotation file cannot be read: ${error.reason}`, {
      where: file,
      fix: 'remove it from the folder of labels, or copy the labels again',
      cause: error,
    });
  }
}

/** Content up to a length, also of pipes, whose length nobody knows before; null where there is more. */
function readAtMost(file: string, most: number): Buffer | null {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size > most) return null;
    const chunks: Buffer[] = [];
    for (let total = 0; ;) {
      const chunk = Buffer.allocUnsafe(Math.max(65536, Math.min(size - total + 1, 2 ** 26)));
      const count = readSync(fd, chunk, 0, chunk.length, null);
      if (count === 0) return Buffer.concat(chunks, total);
      chunks.push(chunk.subarray(0, count));
      if ((total += count) > most) return null;
    }
  } finally {
    closeSync(fd);
  }
}

/** Lines without their ends (LF or CRLF); a closing Ctrl-Z byte is removed. */
export function readLines(file: string): string[] {
  return readText(file)
    .replace(/\x1a\s*$/, '')
    .split(/\r\n|\n|\r/);
}

/** Parsed JSON; syntax errors name the file. */
export function readJson(file: string): unknown {
  const text = readText(file);
  try {
    return parseJsonText(text) as unknown;
  } catch (error) {
    throw new DataError('list-malformed', `not valid JSON (${(error as Error).message}).`, {
      where: file,
      fix: 'download or write the file again',
    });
  }
}

/** A decimal number or NaN; unlike Number(), empty text is NaN. */
export function parseNumber(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? NaN : Number(text);
}

/** The beginning of a value; documents may be nested deeper than JSON.stringify can follow. */
export function preview(value: unknown, depth = 3): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  if (depth === 0) return '...';
  if (Array.isArray(value)) {
    return `[${value
      .slice(0, 30)
      .map((item) => preview(item, depth - 1))
      .join(',')}]`;
  }
  const entries = Object.entries(value).slice(0, 10);
  return `{${entries.map(([key, item]) => `"${key}":${preview(item, depth - 1)}`).join(',')}}`;
}
