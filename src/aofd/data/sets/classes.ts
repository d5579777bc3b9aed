/** What the object names of a data set mean here. */
import { DataError } from '../../errors.js';
import type { Cover } from '../sample.js';

/** A face of unknown cover, one of known cover, a whole head, or nothing of ours. */
export const CLASS_MEANINGS = ['face', 'masked', 'unmasked', 'incorrect', 'head', 'drop'] as const;
export type ClassMeaning = (typeof CLASS_MEANINGS)[number];

export type ClassMap = Readonly<Record<string, ClassMeaning>>;

/**
 * Meaning of a name. Without a map every object is a face, and `masked`, `unmasked` and `incorrect` mean
 * what they say. Throws DataError with a proposal for a name that a map does not have.
 */
export function meaningOf(
  classes: ClassMap | undefined,
  name: string,
  where: string,
): ClassMeaning {
  if (!classes) return isCover(name) ? name : 'face';
  const meaning = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (meaning) return meaning;
  throw new DataError(
    'list-malformed',
    `the class "${name}" is not in the source's classes (${Object.keys(classes).join(', ')}).`,
    { where, fix: `add it to "classes", for example "${name}": "${proposal(name)}"` },
  );
}

const isCover = (name: string): name is Cover =>
  name === 'masked' || name === 'unmasked' || name === 'incorrect';

/** A guess from the words of the name. */
function proposal(name: string): ClassMeaning {
  const words = name.toLowerCase();
  if (/incorrect|wrong|improper/.test(words)) return 'incorrect';
  if (/\b(no|without|un)[\s_-]*mask|unmasked/.test(words.replaceAll('_', ' '))) return 'unmasked';
  if (/mask/.test(words)) return 'masked';
  if (/head/.test(words)) return 'head';
  return /face/.test(words) ? 'face' : 'drop';
}

/** The cover that a meaning states, if any. */
export const coverOf = (meaning: ClassMeaning): Cover | undefined =>
  isCover(meaning) ? meaning : undefined;
