/**
 * The state of a training run as named tensors plus a JSON value, and the names inside.
 *
 * | name | what |
 * | --- | --- |
 * | `conv3_1.weight` | a parameter, under the model's own name |
 * | `optim/<optimiser>/<slot>/<parameter>` | optimiser state, e.g. `optim/detector/momentum/conv3_1.weight` |
 * | `extra/<name>` | anything else, e.g. running averages |
 *
 * Parameters carry no prefix, so a checkpoint can be used wherever a weight file is expected.
 */
import { IoError, nameList, shapeText } from './errors.js';
import type { StoredTensor } from './stored-tensor.js';

export interface StateDict {
  tensors: Record<string, StoredTensor>;
  /** JSON only: config, step, stage, random generator states, data position, program version. */
  meta: Record<string, unknown>;
}

export type StateName =
  | { kind: 'parameter'; parameter: string }
  | { kind: 'optim'; optimizer: string; slot: string; parameter: string }
  | { kind: 'extra'; name: string };

/** Name of one tensor of optimiser state. `optimizer` and `slot` may not contain a slash. */
export function optimName(optimizer: string, slot: string, parameter: string): string {
  for (const part of [optimizer, slot]) {
    if (part === '' || part.includes('/')) {
      throw new IoError('io/argument', `optimiser state: bad name part "${part}"`);
    }
  }
  return `optim/${optimizer}/${slot}/${parameter}`;
}

/** Says what a tensor of a checkpoint is, from its name. */
export function parseStateName(name: string): StateName {
  const optim = /^optim\/([^/]+)\/([^/]+)\/(.+)$/.exec(name);
  if (optim) {
    return { kind: 'optim', optimizer: optim[1]!, slot: optim[2]!, parameter: optim[3]! };
  }
  if (name.startsWith('extra/')) return { kind: 'extra', name: name.slice(6) };
  return { kind: 'parameter', parameter: name };
}

/** The parameters of a state, without optimiser state and extras. */
export function parametersOf(
  tensors: Readonly<Record<string, StoredTensor>>,
): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(tensors).filter(([name]) => parseStateName(name).kind === 'parameter'),
  );
}

/** One optimiser's state: slot -> parameter -> tensor. */
export function optimStateOf(
  tensors: Readonly<Record<string, StoredTensor>>,
  optimizer: string,
): Record<string, Record<string, StoredTensor>> {
  const slots: Record<string, Record<string, StoredTensor>> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const parsed = parseStateName(name);
    if (parsed.kind !== 'optim' || parsed.optimizer !== optimizer) continue;
    (slots[parsed.slot] ??= {})[parsed.parameter] = tensor;
  }
  return slots;
}

export interface StateDifference {
  /** Expected, not in the file. */
  missing: string[];
  /** In the file, not expected. */
  unexpected: string[];
  /** `name: expected 64x3x3x3, got 64x3x5x5` */
  wrongShape: string[];
}

/** What a loader expects under a name; without `dtype` any element type will do. */
export interface ExpectedTensor {
  readonly shape: readonly number[];
  readonly dtype?: string;
}

type Described = Readonly<Record<string, { shape: readonly number[]; dtype?: string }>>;

/** Compares names, shapes and (where stated) element types. */
export function compareState(
  got: Described,
  expected: Readonly<Record<string, ExpectedTensor>>,
): StateDifference {
  const missing: string[] = [];
  const wrongShape: string[] = [];
  const text = (t: ExpectedTensor): string =>
    t.dtype === undefined ? shapeText(t.shape) : `${t.dtype} ${shapeText(t.shape)}`;
  for (const [name, want] of Object.entries(expected)) {
    if (!Object.hasOwn(got, name)) {
      missing.push(name);
      continue;
    }
    const have = got[name]!;
    const same =
      have.shape.length === want.shape.length && have.shape.every((n, i) => n === want.shape[i]);
    if (!same || (want.dtype !== undefined && have.dtype !== want.dtype)) {
      const shown = want.dtype === undefined ? { shape: have.shape } : have;
      wrongShape.push(`${name}: expected ${text(want)}, got ${text(shown)}`);
    }
  }
  const unexpected = Object.keys(got).filter((name) => !Object.hasOwn(expected, name));
  return { missing, unexpected, wrongShape };
}

/**
 * Throws unless `got` has exactly the expected tensors, naming every one that is missing,
 * unexpected or of another shape. A wrong shape is never tolerated.
 * @param where the file, for the message
 */
export function assertState(
  got: Described,
  expected: Readonly<Record<string, ExpectedTensor>>,
  where: string,
  options: { allowMissing?: boolean; allowUnexpected?: boolean } = {},
): StateDifference {
  const difference = compareState(got, expected);
  const problems: string[] = [];
  if (difference.wrongShape.length > 0) {
    const { wrongShape } = difference;
    problems.push(`${wrongShape.length} of the wrong shape (${nameList(wrongShape)})`);
  }
  if (difference.missing.length > 0 && !options.allowMissing) {
    problems.push(`${difference.missing.length} missing (${nameList(difference.missing)})`);
  }
  if (difference.unexpected.length > 0 && !options.allowUnexpected) {
    problems.push(
      `${difference.unexpected.length} unexpected (${nameList(difference.unexpected)})`,
    );
  }
  if (problems.length > 0) {
    throw new IoError(
      'io/mismatch',
      `its tensors do not fit this network: ${problems.join('; ')}.`,
      { where, fix: 'use the config that the file was made with, or a file of this network.' },
    );
  }
  return difference;
}

/** JSON text of `meta`; refuses what JSON would drop or change without a word. */
export function metaToJson(meta: Readonly<Record<string, unknown>>): string {
  checkJson(meta, 'meta', new Set());
  return JSON.stringify(meta);
}

function checkJson(value: unknown, path: string, parents: Set<object>): void {
  const refuse = (what: string): never => {
    throw new IoError('io/argument', `checkpoint: ${path} is ${what}, which JSON cannot hold.`, {
      fix: 'store it as a number, a string or a list.',
    });
  };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(String(value));
    if (Object.is(value, -0)) refuse('-0');
    return;
  }
  if (typeof value !== 'object') {
    // An undefined member is the same as none; inside a list it would turn into null.
    if (value === undefined && !path.endsWith(']')) return;
    refuse(`a ${typeof value}`);
  }
  const object = value as object;
  if (parents.has(object)) refuse('part of a cycle');
  parents.add(object);
  if (Array.isArray(object)) {
    object.forEach((item, i) => checkJson(item, `${path}[${i}]`, parents));
  } else {
    const proto: unknown = Object.getPrototypeOf(object);
    if (proto !== Object.prototype && proto !== null) refuse(`a ${object.constructor.name}`);
    for (const [key, item] of Object.entries(object)) checkJson(item, `${path}.${key}`, parents);
  }
  parents.delete(object);
}
