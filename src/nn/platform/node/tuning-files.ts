/** Where tables of tuned choices lie in Node. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { TuningFile } from '../types.js';

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
    try {
      found.push({ text: fs.readFileSync(where, 'utf8'), where, isShipped });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  };
  add(tuningFile(slug), false);
  add(path.join(kernelRoot, 'tune', `${kind}.json`), true);
  return found;
}
