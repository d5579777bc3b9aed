/** What a figure shows of one trained detector, as its node keeps it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJsonText } from '../../../nn/json.js';
import { DataError } from '../../errors.js';

/** Name of the file in a node's folder. */
export const SHOWN = 'show.json';

const shownFace = z.strictObject({
  box: z.array(z.number()).length(4),
  score: z.number(),
  covered: z.number().nullable(),
  /** Of the generator's mask; null where another kind of figure is shown. */
  pieces: z.number().nullable(),
  edge: z.number().nullable(),
});
const showSchema = z.strictObject({
  pictures: z.array(
    z.strictObject({
      image: z.string(),
      faces: z.array(shownFace),
      right: z.number().nullable(),
      wrong: z.number().nullable(),
      missed: z.number().nullable(),
      /** The score of each true face, also below the least one shown; null: no box fits it. */
      truths: z.array(z.number().nullable()).nullable(),
    }),
  ),
});

/** What a figure shows of one trained detector; null numbers: not known. */
export type Shown = z.infer<typeof showSchema>;
export type ShownPicture = Shown['pictures'][number];

/**
 * What a finished node left.
 * @throws DataError for a file that is damaged
 */
export function readShown(folder: string): Shown {
  const file = join(folder, SHOWN);
  try {
    return showSchema.parse(parseJsonText(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new DataError('list-malformed', 'cannot be read as pictures of a study.', {
      where: file,
      fix: `remove the folder ${folder} to draw them again`,
      cause,
    });
  }
}
