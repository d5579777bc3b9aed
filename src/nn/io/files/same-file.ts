/** Files that must not be written over, whatever path or link leads to them. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/** A set of files, known by what they are and not by how they are named. */
export class FileSet {
  readonly #keys = new Set<string>();

  constructor(files: Iterable<string> = []) {
    for (const file of files) this.add(file);
  }

  add(file: string): void {
    this.#keys.add(keyOf(file));
  }

  /** Whether this path leads to one of the files. */
  has(file: string): boolean {
    return this.#keys.has(keyOf(file));
  }
}

/** Device and number of the file; the path where there is none, so that equal paths are equal. */
function keyOf(file: string): string {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return resolve(file);
  }
}
