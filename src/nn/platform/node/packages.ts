/** Where this package and those beside it lie on the disk, from sources as from `dist`. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder, from `start` upwards, that holds `part` (a file or folder); null: none does. */
export function folderAbove(start: string, part: string): string | null {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, part))) return folder;
    if (path.dirname(folder) === folder) return null;
  }
}

/** The folder of this package: it holds `package.json`, `kernels` and `weights`. */
export function packageRoot(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  // Without a package.json above (files copied by hand), the working folder has to serve.
  return folderAbove(here, 'package.json') ?? process.cwd();
}

/** The version that the package.json of a folder states; null where there is none. */
export function versionIn(folder: string): string | null {
  try {
    const text = fs.readFileSync(path.join(folder, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return null;
  }
}

/** The version of an installed package, as a module of `root` would find it; null: not installed. */
export function installedVersion(name: string, root = packageRoot()): string | null {
  const inside = path.join('node_modules', name);
  const holder = folderAbove(root, path.join(inside, 'package.json'));
  return holder === null ? null : versionIn(path.join(holder, inside));
}
