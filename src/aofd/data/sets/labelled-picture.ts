/** The picture that a labelling tool's file means. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import { pathInside } from './inside.js';

/**
 * Tools write a path as it was where people labelled: relative to the label file or to a folder of their own,
 * with backslashes on Windows, or an address. Tried in turn, always inside the folder of pictures: the path
 * from the label file on, the path in that folder, the name alone in that folder.
 * @returns the first that is there; where none is, the path as it should be
 * @throws DataError for a path that leads out of the folder, if no picture of its name lies in there
 */
export function labelledPicture(
  name: string,
  { labelFile, folder, where }: { labelFile: string; folder: string; where: string },
): string {
  const path = name.replaceAll('\\', '/');
  const inside = (candidate: string): string | DataError => {
    try {
      return pathInside(folder, candidate, where);
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
  };
  const whole = [relative(folder, resolve(dirname(labelFile), path)), path].map(inside);
  const files = [...whole, inside(basename(path))].filter((file) => typeof file === 'string');
  const found = files.find((file) => existsSync(file));
  if (found !== undefined) return found;
  const expected = whole.find((file) => typeof file === 'string');
  if (expected !== undefined) return expected;
  throw whole[0] as DataError;
}
