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
import { IoError } from './errors.js';
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

/** One optimiser's state: slot -> parameter -> tensor. Names come from files, so the objects have no prototype. */
export function optimStateOf(
  tensors: Readonly<Record<string, StoredTensor>>,
  optimizer: string,
): Record<string, Record<string, StoredTensor>> {
  const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
  const slots = bare<Record<string, StoredTensor>>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const parsed = parseStateName(name);
    if (parsed.kind !== 'optim' || parsed.optimizer !== optimizer) continue;
    (slots[parsed.slot] ??= bare())[parsed.parameter] = tensor;
  }
  return slots;
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
