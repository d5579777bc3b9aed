/** A reader of files of strangers, and one try with a damaged file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NnError } from '../../../src/nn/errors.js';
import { damaged } from './damage.js';

/** A reader with a good file of its kind. */
export interface Reader {
  name: string;
  /** Name of the file that is damaged, below a folder of its own. */
  file: string;
  good: Uint8Array;
  read(file: string): unknown;
}

export const text = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** Where the file of a reader lies below a folder; its folder is made. */
export function placeOf(reader: Reader, folder: string): string {
  const file = join(folder, reader.name.replaceAll(' ', '-'), reader.file);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

/** One fault that a reader must not have. */
export interface FuzzFinding {
  reader: string;
  seed: number;
  number: number;
  error: unknown;
}

/** Reads one damaged file; null where a value or an error for people came out. */
export async function fuzzOnceAsync(
  reader: Reader,
  folder: string,
  seed: number,
  number: number,
): Promise<FuzzFinding | null> {
  const file = placeOf(reader, folder);
  writeFileSync(file, damaged(reader.good, seed, number));
  try {
    await reader.read(file);
    return null;
  } catch (error) {
    const isForPeople = error instanceof NnError && error.kind !== 'internal';
    return isForPeople ? null : { reader: reader.name, seed, number, error };
  }
}
