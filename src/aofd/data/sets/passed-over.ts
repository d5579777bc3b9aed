/** Files and names of a set that come to nothing: each kind is counted and told of, none is lost silently. */
import { extname } from 'node:path';
import { FOREIGN_ENDINGS } from '../files/picture-formats.js';
import { note, type LoadReport } from '../sample.js';

/**
 * Counts what was passed over.
 * @param what in words, as read behind a number
 */
export function passOver(report: LoadReport, what: string, items: readonly string[]): void {
  if (items.length === 0) return;
  report.passedOver.set(what, (report.passedOver.get(what) ?? 0) + items.length);
  note(report, `${items.length} ${what}: ${items[0]}${items.length > 1 ? ', ...' : ''}`);
}

/** Counts pictures of formats that cannot be decoded, such as HEIC, by their ending. */
export function passOverForeign(report: LoadReport, files: readonly string[]): void {
  for (const ending of FOREIGN_ENDINGS) {
    const found = files.filter((file) => extname(file).toLowerCase() === ending);
    passOver(report, `${ending} files, which cannot be decoded`, found);
  }
}

/** In words, beginning with a comma; nothing for none. */
export function describePassedOver({ passedOver }: LoadReport): string {
  if (passedOver.size === 0) return '';
  return `, passed over: ${[...passedOver].map(([what, n]) => `${n} ${what}`).join(', ')}`;
}
