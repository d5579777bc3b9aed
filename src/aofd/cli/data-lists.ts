/** The annotation files and folders of a configuration: what a command that reads them must not write over. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Config } from '../config/index.js';
import { UsageError } from './errors.js';
import { refuseOverwriting } from './outputs.js';

/** Lists of labels, of teachers' boxes and of names, of all sources; they need not be there. */
function dataLists({ data }: Config): string[] {
  return Object.values(data.sources).flatMap(({ list, teachers, names = [], leaveOut = [] }) =>
    [list, ...(teachers?.lists ?? []), ...names, ...leaveOut].map((file) =>
      // `drop.json#KEY` names a part of a file.
      path.resolve(data.root, file.split('#')[0] as string),
    ),
  );
}

/** @throws UsageError where one of the lists would be written over */
export function refuseOverLists(
  config: Config,
  outputs: readonly (string | undefined)[],
  option: string,
): void {
  refuseOverwriting(dataLists(config), outputs, option);
}

/**
 * The same for files that a command names itself, which must not be labels or pictures either: what lies in a
 * folder that a source takes for its list. (A run's own files may lie there, and are resumed.)
 * @throws UsageError naming the file
 */
export function refuseOverData(
  config: Config,
  outputs: readonly (string | undefined)[],
  option: string,
): void {
  refuseOverLists(config, outputs, option);
  const isFolder = (list: string): boolean =>
    fs.statSync(list, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const folders = dataLists(config)
    .filter(isFolder)
    .map((list) => fs.realpathSync(list) + path.sep);
  for (const file of outputs) {
    if (file === undefined || !fs.existsSync(file)) continue;
    const real = fs.realpathSync(file);
    if (!folders.some((folder) => real.startsWith(folder))) continue;
    throw new UsageError(
      'usage',
      `${file} lies among the data that is read, and would be written over.`,
      {
        fix: `choose another place with ${option}.`,
      },
    );
  }
}
