/** Hashes of the contents of files, remembered so that a study that is started again does not wait. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { atomicWriteFile, readRegularFile, sha256Hex } from '../../nn/io/files/index.js';
import { parseJsonText } from '../../nn/json.js';
import { DataError } from '../errors.js';

const memorySchema = z.record(z.string(), z.tuple([z.number(), z.number(), z.string()]));

/** Hashes by path; a file is read again where its size or time of change differ. */
export class FileHashes {
  readonly #file: string | null;
  readonly #known = new Map<string, [size: number, changedMs: number, hash: string]>();
  #isChanged = false;

  /** @param file where they are remembered; null: nowhere. A damaged file is begun anew. */
  constructor(file: string | null) {
    this.#file = file;
    if (file === null || !existsSync(file)) return;
    try {
      const read = memorySchema.parse(parseJsonText(readFileSync(file, 'utf8')));
      for (const [path, entry] of Object.entries(read)) this.#known.set(path, entry);
    } catch {
      // Hashes are only a short cut: what cannot be read is computed again.
    }
  }

  /**
   * First 32 characters of the SHA-256 of a file. Throws the system's error where it is not there, IoError
   * where it cannot be read, or is a pipe or a device.
   */
  of(path: string): string {
    const { size, mtimeMs } = statSync(path);
    const known = this.#known.get(path);
    if (known && known[0] === size && known[1] === mtimeMs) return known[2];
    const hash = sha256Hex(readRegularFile(path)).slice(0, 32);
    this.#known.set(path, [size, mtimeMs, hash]);
    this.#isChanged = true;
    return hash;
  }

  /** Writes what is remembered. */
  save(): void {
    if (this.#file === null || !this.#isChanged) return;
    atomicWriteFile(this.#file, JSON.stringify(Object.fromEntries(this.#known)), { flush: false });
    this.#isChanged = false;
  }
}

/**
 * The hash of a file that a study names.
 * @param user what names it, for the error
 * @throws DataError where it is missing
 */
export function hashOfFile(files: FileHashes, file: string, user: string): string {
  if (existsSync(file) && statSync(file).isFile()) return files.of(file);
  throw new DataError('file-missing', `not found (${user}).`, {
    where: file,
    fix: 'correct the path in the study file, or put the file there',
  });
}
