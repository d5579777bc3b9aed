/** Names in annotation lists stay within the folder of their data set. */
import { isAbsolute, join, relative } from 'node:path';
import { DataError } from '../../errors.js';

/**
 * The path of a picture that a list names.
 * @throws DataError for a name that leads out of the folder, such as `../../etc/passwd` or `/etc/passwd`, or
 *   holds a NUL. Links inside of the folder are followed: whoever laid them there wanted that.
 */
export function pathInside(folder: string, name: string, where: string): string {
  const path = join(folder, name);
  const below = relative(folder, path);
  const isOutside =
    below === '..' || /^\.\.[\\/]/.test(below) || isAbsolute(below) || isAbsolute(name);
  if (!isOutside && !name.includes('\0')) return path;
  throw new DataError(
    'list-malformed',
    `"${name.slice(0, 200)}" leads out of the folder of the pictures (${folder}).`,
    { where, fix: 'correct the name, or give the folder that holds all pictures of the list' },
  );
}
