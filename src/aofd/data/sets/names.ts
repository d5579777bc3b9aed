/** Lists of picture names: which of a set to take, which to leave out. */
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { DataError } from '../../errors.js';
import { isSystemName } from '../files/system-names.js';
import { readJson, readLines } from './text-file.js';

/** Names of pictures. A bare name is meant wherever it lies, a path only where the path ends so. */
export class NameList {
  readonly #stems = new Set<string>();
  /** Listed paths by base name. */
  readonly #paths = new Map<string, string[]>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const path = name.replaceAll('\\', '/');
      if (path.includes('/')) {
        const known = this.#paths.get(basename(path)) ?? [];
        this.#paths.set(basename(path), [...known, path]);
      } else this.#stems.add(stem(path));
    }
  }

  /** Whether the list means this file. Endings count in paths only. */
  has(file: string): boolean {
    if (this.#stems.has(stem(file))) return true;
    const path = `/${file.replaceAll('\\', '/')}`;
    return (this.#paths.get(basename(path)) ?? []).some((entry) => path.endsWith(`/${entry}`));
  }
}

/**
 * A list of names: a text file with a name a line, or `FILE.json#KEY`: the list under that key of `drop`
 * in a file `{"drop": {KEY: [names]}}`. Throws DataError when there is no such list.
 */
export function readNames(list: string): NameList {
  const [file = list, key] = list.split('#');
  if (key === undefined) {
    const lines = readLines(file).map((line) => line.trim());
    return new NameList(lines.filter((line) => line !== ''));
  }
  const root = readJson(file) as { drop?: Record<string, unknown> } | null;
  const names = root?.drop?.[key];
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    const known = Object.keys(root?.drop ?? {}).join(', ') || 'none';
    throw new DataError('list-malformed', 'is no list of names.', {
      where: `${file}: drop.${key}`,
      fix: `use one of its lists: ${known}`,
    });
  }
  return new NameList(names);
}

/** Base name without ending: what lists of different sets agree on. */
export function stem(name: string): string {
  const base = basename(name);
  return base.slice(0, base.length - extname(base).length);
}

const PICTURE = /\.(jpe?g|jfif|png|webp)$/i;

/**
 * Paths of the pictures of a folder and the folders in it, by base name, in order of the paths.
 * Of pictures with the same name none is returned, since no list can tell which one it means.
 */
export function picturesIn(folder: string): Map<string, string> {
  let entries: string[];
  try {
    entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    throw new DataError('file-missing', 'picture folder cannot be read.', {
      where: folder,
      fix: 'check the path of the data set',
    });
  }
  const byName = new Map<string, string | null>();
  const isPicture = (name: string): boolean =>
    PICTURE.test(name) && !name.split(/[\\/]/).some(isSystemName);
  for (const entry of entries.filter(isPicture).sort()) {
    const name = basename(entry);
    byName.set(name, byName.has(name) ? null : join(folder, entry));
  }
  return new Map([...byName].filter((pair): pair is [string, string] => pair[1] !== null));
}
