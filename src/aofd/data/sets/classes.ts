/** What the object names of a data set mean here. */
import { DataError } from '../../errors.js';
import type { Cover } from '../sample.js';

/** A face of unknown cover, one of known cover, what covers faces, a whole head, or nothing of ours. */
export const CLASS_MEANINGS = [
  'face',
  'masked',
  'unmasked',
  'incorrect',
  'occluder',
  'head',
  'drop',
] as const;
export type ClassMeaning = (typeof CLASS_MEANINGS)[number];

export type ClassMap = Readonly<Record<string, ClassMeaning>>;

/** Names whose meaning nobody doubts, in lower case with single spaces. */
const KNOWN_NAMES: Readonly<Record<string, ClassMeaning>> = {
  face: 'face',
  faces: 'face',
  'human face': 'face',
  masked: 'masked',
  'masked face': 'masked',
  'face masked': 'masked',
  'with mask': 'masked',
  'face mask': 'masked',
  'face with mask': 'masked',
  unmasked: 'unmasked',
  'unmasked face': 'unmasked',
  'without mask': 'unmasked',
  'no mask': 'unmasked',
  'face no mask': 'unmasked',
  'face without mask': 'unmasked',
  incorrect: 'incorrect',
  'incorrect mask': 'incorrect',
  'mask weared incorrect': 'incorrect',
  'mask worn incorrectly': 'incorrect',
  occluder: 'occluder',
  occluders: 'occluder',
  occlusion: 'occluder',
};

/**
 * Meaning of a name. Without a map the name must be one that means a face without doubt, such as `face`,
 * `masked` or `without_mask`: of other objects nobody may make faces unasked. Throws DataError with a
 * proposal for a name that is not known.
 */
export function meaningOf(
  classes: ClassMap | undefined,
  name: string,
  where: string,
): ClassMeaning {
  if (!classes) {
    const words = wordsOf(name);
    if (Object.hasOwn(KNOWN_NAMES, words)) return KNOWN_NAMES[words] as ClassMeaning;
    throw new DataError('list-malformed', `the class "${name}" may be a face or not.`, {
      where,
      fix: `say what the names of this source mean, for example "classes": {"${name}": "${proposal(name)}"}`,
    });
  }
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

const wordsOf = (name: string): string =>
  name
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== '')
    .join(' ');

/** A guess from the words of the name. */
function proposal(name: string): ClassMeaning {
  const words = wordsOf(name);
  if (/invalid|\b(no|non|not) ?faces?\b|background|ignore/.test(words)) return 'drop';
  if (/occlu|cover|obstacle|\bhands?\b|scarf|glasses/.test(words)) return 'occluder';
  if (/incorrect|wrong|improper/.test(words)) return 'incorrect';
  if (/\b(no|without|un) ?mask/.test(words)) return 'unmasked';
  if (/mask/.test(words)) return 'masked';
  if (/head/.test(words)) return 'head';
  return /face/.test(words) ? 'face' : 'drop';
}

/** Whether objects of that meaning are faces. */
export const isFace = (meaning: ClassMeaning): boolean => meaning === 'face' || isCover(meaning);

/** The cover that a meaning states, if any. */
export const coverOf = (meaning: ClassMeaning): Cover | undefined =>
  isCover(meaning) ? meaning : undefined;
