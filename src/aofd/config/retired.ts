/**
 * Settings that only ever had one value and are gone. Config files, weight files and checkpoints of
 * earlier versions still name them: with that value they are dropped, with another they are an error.
 */
import { isPlainObject, type PlainObject } from './merge.js';

/** `model.roiSize` stands for the value of that setting, which said the same. */
const RETIRED: readonly (readonly [section: string, key: string, value: unknown])[] = [
  ['boxes', 'ties', 'lower-index'], // J5
  ['model', 'roiRounding', 'exact-integer'], // J7
  ['model', 'roiChannels', 0],
  ['masking', 'size', 'model.roiSize'],
  ['loss', 'segFaceOnFace', 'ignore'], // J19
];

/**
 * A copy of a configuration without retired settings, and what is wrong with those that do not have
 * their only value, as [dotted path, message].
 */
export function withoutRetired(value: unknown): {
  value: unknown;
  problems: [string, string][];
} {
  if (!isPlainObject(value)) return { value, problems: [] };
  const copy: PlainObject = { ...value };
  const problems: [string, string][] = [];
  const { model } = value;
  for (const [section, key, known] of RETIRED) {
    const only = known === 'model.roiSize' && isPlainObject(model) ? model['roiSize'] : known;
    const part = copy[section];
    if (!isPlainObject(part) || !Object.hasOwn(part, key)) continue;
    const { [key]: given, ...rest } = part;
    copy[section] = rest;
    if (given !== only) {
      problems.push([
        `${section}.${key}`,
        `must be ${JSON.stringify(only)} or left out: there is no other way`,
      ]);
    }
  }
  return { value: copy, problems };
}
