import { DataError } from '../../errors.js';

/** Two lines of a text, comments in Markdown, between which something generated stands. */
export interface Markers {
  begin: string;
  end: string;
}

/**
 * Puts something generated between two markers of a text, in place of what stood there.
 * @param name how errors call the text, e.g. `README.md`
 * @throws DataError where the markers are not there, once each and in order
 */
export function insertBetween(
  text: string,
  { begin, end }: Markers,
  generated: string,
  name: string,
): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  const areOnce = text.lastIndexOf(begin) === from && text.lastIndexOf(end) === to;
  if (from < 0 || to < from || !areOnce) {
    throw new DataError('list-malformed', `has no "${begin}" before "${end}", once each.`, {
      where: name,
      fix: 'add both lines where the table belongs.',
    });
  }
  return `${text.slice(0, from + begin.length)}\n\n${generated}\n\n${text.slice(to)}`;
}
