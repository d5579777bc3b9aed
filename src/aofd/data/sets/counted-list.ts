/** Lists that give for each picture its name, the number of its faces, and a line per face. */
import { DataError } from '../../errors.js';
import { readLines } from './text-file.js';

/** One picture of such a list. */
export interface CountedEntry {
  name: string;
  /** File and line of the name. */
  where: string;
  /** How many lines of faces the list announces; there may be fewer. */
  count: number;
  /** The line of face `i` (from 0) with its file and line; no text past the end of the file. */
  row(i: number): { text: string | undefined; where: string };
}

/**
 * The pictures of a list in order; empty lines between them are passed over.
 * @param form what an entry consists of, for the advice of an error
 * @param filler what a line after a count of 0 looks like if it stands for no face
 * @throws DataError for a count that is none
 */
export function* countedEntries(
  file: string,
  form: string,
  filler?: RegExp,
): Generator<CountedEntry> {
  const lines = readLines(file);
  let at = 0;
  while (at < lines.length) {
    const name = (lines[at] ?? '').trim();
    if (name === '') {
      at++;
      continue;
    }
    const countText = (lines[at + 1] ?? '').trim();
    if (!/^\d+$/.test(countText)) {
      throw new DataError(
        'list-malformed',
        `expected the number of faces of "${name}", got "${countText}".`,
        { where: `${file}:${at + 2}`, fix: `each entry is: ${form}` },
      );
    }
    const count = Number(countText);
    const first = at + 2;
    yield {
      name,
      where: `${file}:${at + 1}`,
      count,
      row: (i) => ({ text: lines[first + i], where: `${file}:${first + i + 1}` }),
    };
    at = first + count;
    if (count === 0 && filler?.test(lines[at] ?? '')) at++;
  }
}
