/** All files of a data set's folder. */
import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { diskProblem } from '../../../nn/io/files/disk-errors.js';
import { DataError } from '../../errors.js';
import { isSystemName } from './system-names.js';

/**
 * Paths, from the folder on and sorted, of the files in a folder and the folders in it, linked ones too;
 * without those of the system. What is no folder counts as a file: whoever reads it looks at what it is.
 * @param what the folder holds, for messages
 * @throws DataError naming the folder, also one further down, that cannot be read
 */
export function filesBelow(folder: string, what: string): string[] {
  const files: string[] = [];
  const walk = (below: string, above: readonly string[]): void => {
    const place = join(folder, below);
    const real = realPath(place);
    // A link to a folder around it leads round in a ring.
    if (above.includes(real)) return;
    for (const entry of entriesOf(place, what)) {
      if (isSystemName(entry.name)) continue;
      const path = join(below, entry.name);
      if (isFolder(entry, join(folder, path))) walk(path, [...above, real]);
      else files.push(path);
    }
  };
  walk('', []);
  return files.sort();
}

/** What lies in one folder. Throws DataError naming it. */
export function entriesOf(folder: string, what: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const problem = diskProblem(code);
    throw new DataError(
      'file-missing',
      `${what} folder cannot be read (${problem ? `${code}: ${problem.reason}` : code}).`,
      { where: folder, fix: problem?.fix ?? 'check the path of the data set', cause: error },
    );
  }
}

function isFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link to nothing: a file that is missing
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
