/** The annotation files of a configuration: what a command that reads them must not write over. */
import * as path from 'node:path';
import type { Config } from '../config/index.js';

/** Lists of labels, of teachers' boxes and of names, of all sources; they need not be there. */
export function dataLists({ data }: Config): string[] {
  return Object.values(data.sources).flatMap(({ list, teachers, names = [], leaveOut = [] }) =>
    [list, ...(teachers?.lists ?? []), ...names, ...leaveOut].map((file) =>
      // `drop.json#KEY` names a part of a file.
      path.resolve(data.root, file.split('#')[0] as string),
    ),
  );
}
