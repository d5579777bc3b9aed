/**
 * One table of everything that reads files of strangers, and seeded damage to good files: nothing but a
 * value or an error for people may come out.
 */
import { labelReadersAsync } from './labels.js';
import { matrixReadersAsync } from './matrices.js';
import type { Reader } from './reader.js';
import { settingReaders } from './settings.js';
import { tensorReadersAsync } from './tensors.js';

export { damaged } from './damage.js';
export { fuzzOnceAsync, placeOf, type FuzzFinding, type Reader } from './reader.js';

/** All readers. @param folder where good files are made */
export async function readersAsync(folder: string): Promise<Reader[]> {
  return [
    ...(await labelReadersAsync()),
    ...(await matrixReadersAsync(folder)),
    ...(await tensorReadersAsync(folder)),
    ...settingReaders(),
  ];
}
