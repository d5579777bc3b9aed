/** Whole files in memory: never a pipe that nobody writes to, or a device without an end. */
import { readFileSync, statSync } from 'node:fs';
import { diskError } from './disk-errors.js';
import { IoError } from '../errors.js';

/** @throws IoError where there is no file, or something that is no file with content of its own */
export function checkRegularFile(path: string): void {
  let isFile: boolean;
  try {
    isFile = statSync(path).isFile();
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  if (isFile) return;
  throw new IoError('io/format', 'not a regular file.', {
    where: path,
    fix: 'name a file on the disk, not a folder, a pipe or a device.',
  });
}

/** The bytes of a file. @throws IoError where it cannot be read */
export function readRegularFile(path: string): Buffer {
  checkRegularFile(path);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw diskError('read', path, cause);
  }
}
