/** Lists of picture names: which of a set to take, which to leave out. */
import { basename, extname, join } from 'node:path';
import { DataError } from '../../errors.js';
import { filesBelow } from '../files/folder-files.js';
import { PICTURE_ENDINGS } from '../files/picture-formats.js';
import { readJson, readLines } from './text-file.js';

/** Names of pictures. A bare name is meant wherever it lies, a path only where the path ends so. */
export class NameList {
  /** Listed names by base name without ending. */
  readonly #stems = new Map<string, string[]>();
  /** Listed paths by base name. */
  readonly #paths = new Map<string, string[]>();
  /** Names that have matched no file yet. */
  readonly #unmatched = new Set<string>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const path = name.replaceAll('\\', '/');
      const [known, key] = path.includes('/')
        ? [this.#paths, basename(path)]
        : [this.#stems, stem(path)];
      known.set(key, [...(known.get(key) ?? []), path]);
      this.#unmatched.add(path);
    }
  }

  /** Whether the list means this file. Endings count in paths only. */
  has(file: string): boolean {
    const path = `/${file.replaceAll('\\', '/')}`;
    const bare = this.#stems.get(stem(file)) ?? [];
    const paths = this.#paths.get(basename(path)) ?? [];
    const meant = [...bare, ...paths.filter((entry) => path.endsWith(`/${entry}`))];
    for (const name of meant) this.#unmatched.delete(name);
    return meant.length > 0;
  }

  /** Names that meant none of the files asked for so far. */
  get unmatched(): string[] {
    return [...this.#unmatched];
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

const isPicture = (file: string): boolean => PICTURE_ENDINGS.includes(extname(file).toLowerCase());

/** Pictures of a folder and the folders in it, by their endings. */
export interface FolderPictures {
  /** Paths in order. */
  pictures: string[];
  /** Paths of all other files. */
  others: string[];
}

/** What lies in a folder and the folders in it. Throws DataError naming a folder that cannot be read. */
export function sortFolder(folder: string): FolderPictures {
  const files = filesBelow(folder, 'picture').map((file) => join(folder, file));
  return {
    pictures: files.filter(isPicture),
    others: files.filter((file) => !isPicture(file)),
  };
}

/** Splits off files that share their base name with another: no list by base names can tell them apart. */
export function splitShared<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
): { single: T[]; shared: T[] } {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  const isSingle = (item: T): boolean => counts.get(nameOf(item)) === 1;
  return { single: items.filter(isSingle), shared: items.filter((item) => !isSingle(item)) };
}

/**
 * Paths of the pictures of a folder and the folders in it, by base name, in order of the paths.
 * Of pictures with the same name none is returned, since no list can tell which one it means.
 */
export function picturesIn(folder: string): Map<string, string> {
  const { single } = splitShared(sortFolder(folder).pictures, (file) => basename(file));
  return new Map(single.map((file) => [basename(file), file]));
}
