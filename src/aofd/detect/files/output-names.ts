/** Names of the pictures that a run writes: never one of its inputs, never one name twice. */
import { statSync } from 'node:fs';
import * as path from 'node:path';
import { FileSet } from '../../../nn/io/files/index.js';
import type { PictureFile } from './list-pictures.js';

/** What names of outputs end in where they lie among the pictures they were made from. */
const AMONG_INPUTS = '.faces.png';

/** Bytes that file systems allow a name to have. */
const MAX_NAME_BYTES = 255;

/** Whether a file's name says that an earlier run wrote it among its inputs. */
export const isOutputName = (name: string): boolean => name.toLowerCase().endsWith(AMONG_INPUTS);

/** Where the outputs of pictures go. */
export class OutputNames {
  readonly #out: string;
  readonly #inputs: FileSet;
  /** Folders below `out` that outputs will lie in; in lower case, as are the names taken. */
  readonly #folders = new Set<string>();
  readonly #taken = new Set<string>();
  readonly #ending: string;

  /** @param inputs further files that must not be written over */
  constructor(out: string, pictures: readonly PictureFile[], inputs: Iterable<string> = []) {
    this.#out = out;
    this.#inputs = new FileSet([...inputs, ...pictures.map(({ file }) => file)]);
    for (const { name } of pictures) {
      for (let at = path.dirname(name); at !== '.'; at = path.dirname(at)) {
        this.#folders.add(at.toLowerCase());
      }
    }
    const isAmong = pictures.some(({ file, name }) =>
      isSamePlace(path.dirname(file), path.join(out, path.dirname(name))),
    );
    this.#ending = isAmong ? AMONG_INPUTS : '.png';
  }

  /** The path for a picture; asked once for each. */
  next({ name }: PictureFile): string {
    const folder = path.dirname(name);
    const base = path.basename(name);
    const stem = base.slice(0, base.length - path.extname(base).length);
    for (let i = 1; ; i++) {
      const file = fitted(stem, `${i > 1 ? `-${i}` : ''}${this.#ending}`);
      const below = path.join(folder, file);
      const key = below.toLowerCase();
      const target = path.join(this.#out, below);
      if (this.#taken.has(key) || this.#folders.has(key) || this.#inputs.has(target)) continue;
      this.#taken.add(key);
      return target;
    }
  }
}

/** Stem and ending, the stem cut where the name would be longer than file systems allow. */
function fitted(stem: string, ending: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(ending);
  if (Buffer.byteLength(stem) <= room) return stem + ending;
  let cut = '';
  let bytes = 0;
  for (const letter of stem) {
    bytes += Buffer.byteLength(letter);
    if (bytes > room) break;
    cut += letter;
  }
  return cut + ending;
}

function isSamePlace(a: string, b: string): boolean {
  const [first, second] = [a, b].map((folder) =>
    statSync(folder, { throwIfNoEntry: false, bigint: true }),
  );
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}
