/** Where tables of tuned choices lie in Node. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { PlatformError, type TuningFile } from '../types.js';

/** The user's folder of tables: AOFD_TUNE_CACHE, else `aofd/tune` in the user's cache folder. */
export function tuningFolder(): string {
  if (process.env.AOFD_TUNE_CACHE) return path.resolve(process.env.AOFD_TUNE_CACHE);
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(cache, 'aofd', 'tune');
}

/** The user's table of an adapter. */
export function tuningFile(slug: string): string {
  return path.join(tuningFolder(), `${slug}.json`);
}

/** Texts of the tables that exist: the user's for this adapter, the shipped one for its kind. */
export function readTuningFiles(kernelRoot: string, slug: string, kind: string): TuningFile[] {
  const found: TuningFile[] = [];
  const add = (where: string, isShipped: boolean): void => {
    const text = contentOf(where);
    if (text !== null) found.push({ text, where, isShipped });
  };
  add(tuningFile(slug), false);
  add(path.join(kernelRoot, 'tune', `${kind}.json`), true);
  return found;
}

/** The text of a table, the error of one that cannot be read, or null where there is none. */
function contentOf(file: string): TuningFile['text'] | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    return new PlatformError('tuning-table', `cannot be read (${code ?? message}).`, {
      where: file,
      kind: 'user',
      fix: 'remove it; `aofd tune` makes a new one.',
    });
  }
}
