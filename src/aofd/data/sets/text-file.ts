/** Reading annotation files with errors that name the file. */
import { readFileSync } from 'node:fs';
import { DataError } from '../../errors.js';

/** Whole text; a byte order mark is removed. Throws DataError when it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new DataError(
      'file-missing',
      `annotation file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
      { where: file, fix: 'check the path of the data set' },
    );
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
    return JSON.parse(text) as unknown;
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
