/** Finds the files of a data set whichever way its archives were unpacked. */
import { existsSync, readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** Folders that are never searched. */
const SKIPPED = /^(\.|node_modules$)/;

/**
 * First file of that name under a folder, shallow places first; null if there is none.
 * @param depth levels of folders to go down
 */
export function findFile(root: string, name: string, depth = 3): string | null {
  let level = [root];
  for (let d = 0; d <= depth && level.length > 0; d++) {
    for (const folder of level) {
      const file = join(folder, name);
      if (existsSync(file) && statSync(file).isFile()) return file;
    }
    level = level.flatMap(subfolders);
  }
  return null;
}

/** First of the folders that exists, or null. */
export function findFolder(root: string, names: readonly string[]): string | null {
  return names.map((name) => join(root, name)).find(isFolder) ?? null;
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Folders in a folder, sorted; none where it cannot be read. */
export function subfolders(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // such as `lost+found`, which only root may read
  }
  return entries
    .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort();
}
