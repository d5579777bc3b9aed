/** What a command writes never replaces what it reads, whatever paths or links lead there. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { FileSet } from '../../nn/io/files/same-file.js';
import { UsageError } from './errors.js';

/** Files by the options that name them; what was not given is undefined. */
type Given = Iterable<string | undefined>;

const given = (files: Given): string[] => [...files].filter((file) => file !== undefined);

/**
 * Refuses to begin where a file that would be written is one that is read.
 * @param option that says where the outputs go
 * @throws UsageError naming the file
 */
export function refuseOverwriting(inputs: Given, outputs: Given, option = '--out'): void {
  const read = new FileSet(given(inputs));
  const lost = given(outputs).find((file) => read.has(file));
  if (lost === undefined) return;
  throw new UsageError('usage', `${lost} is read, and would be written over.`, {
    fix: `choose another place with ${option}.`,
  });
}

/** @throws UsageError where a folder shall be made that is a file: said before the work, not after it */
export function checkOutFolder(out: string, option = '--out'): void {
  const found = fs.statSync(out, { throwIfNoEntry: false });
  if (!found || found.isDirectory()) return;
  throw new UsageError('usage', `${out} is a file; a folder is needed.`, {
    fix: `choose another folder with ${option}.`,
  });
}

/** @throws UsageError where a file shall be made that is a folder, or in a folder that is not there */
export function checkOutFile(out: string, option = '--out'): void {
  if (fs.statSync(out, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError('usage', `${out} is a folder; a file is needed.`, {
      fix: `name a file in it with ${option}.`,
    });
  }
  const folder = path.dirname(out);
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new UsageError('usage', `${folder} is no folder, so ${out} cannot be written.`, {
    fix: `make the folder, or choose another place with ${option}.`,
  });
}
