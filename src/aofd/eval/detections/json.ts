/** JSON documents checked against schemas, with errors that say file, place, what was got and expected. */
import { z } from 'zod';
import { preview } from '../../data/sets/text-file.js';
import { DataError } from '../../errors.js';
import { parseJsonText } from '../../../nn/json.js';

/** Keys and indices from the top of a document to a value. */
export type JsonPath = readonly PropertyKey[];

/** Schemas of single values; their messages say what is expected. */
export const finite = z.number('a finite number');
export const whole = z.int('a whole number');
export const text = z.string('a text').min(1, 'a text');
export const list = z.array(z.unknown(), 'a list');
export const corners = z.tuple([finite, finite, finite, finite], '4 numbers');
/** 0, 1, false or true; absent is false. */
export const flag = z
  .literal([0, 1, false, true], '0 or 1')
  .nullish()
  .transform((value) => value === 1 || value === true);

/** E.g. `results.json: images[3].faces[0].score`. */
export function jsonPlace(file: string, path: JsonPath): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return `${file}: ${steps.join('').replace(/^\./, '') || 'top level'}`;
}

/**
 * A value of a document as the schema gives it; keys that the schema does not name are passed over.
 * @param path place of the value
 * @throws DataError at the first fault
 */
export function checkJson<T extends z.ZodType>(
  schema: T,
  value: unknown,
  file: string,
  path: JsonPath = [],
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw jsonError(file, [...path, ...issue.path], valueAt(value, issue.path), issue.message);
}

/** Each item of a list, checked when it is reached, with its path. */
export function* checkedItems<T extends z.ZodType>(
  schema: T,
  items: readonly unknown[],
  file: string,
  path: JsonPath = [],
): Generator<[item: z.output<T>, path: JsonPath]> {
  for (const [i, item] of items.entries()) {
    const at = [...path, i];
    yield [checkJson(schema, item, file, at), at];
  }
}

/** The error for a value that is not as expected. */
export function jsonError(file: string, path: JsonPath, got: unknown, expected: string): DataError {
  return new DataError(
    'list-malformed',
    `got ${preview(got).slice(0, 60)}, expected ${expected}.`,
    {
      where: jsonPlace(file, path),
      fix: 'correct this entry',
    },
  );
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/**
 * Parses a document.
 * @throws DataError with the line of a NaN or Infinity, which JSON does not have, or of other faults
 */
export function parseJson(file: string, document: string): unknown {
  try {
    return parseJsonText(document) as unknown;
  } catch (error) {
    const bare = /[[,:\s](-?(?:NaN|Infinity))\s*[,\]}]/.exec(document);
    if (bare) {
      const line = document.slice(0, bare.index + 1).split('\n').length;
      throw new DataError(
        'list-malformed',
        `${bare[1]} where a number is expected (JSON does not have it).`,
        {
          where: `${file}:${line}`,
          fix: 'remove this detection; a detector that gives it has failed on this picture',
        },
      );
    }
    throw new DataError('list-malformed', `not valid JSON (${(error as Error).message}).`, {
      where: file,
      fix: 'download or write the file again',
    });
  }
}
