/** What a command writes never replaces what it reads, whatever paths or links lead there. */
import * as fs from 'node:fs';
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
