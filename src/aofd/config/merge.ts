import { ConfigError } from '../errors.js';

/** A JSON object. */
export type PlainObject = Record<string, unknown>;

/** True for `{...}`, false for lists, null and everything else. */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `base` with the differences of `over`: objects merge key by key, lists and plain values replace
 * what was there, `undefined` removes a key. Neither argument is changed.
 */
export function mergeConfig(base: unknown, over: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(over)) return structuredClone(over);
  const out: PlainObject = structuredClone(base);
  for (const [key, value] of Object.entries(over)) {
    checkKey(key);
    if (value === undefined) delete out[key];
    else {
      out[key] = Object.hasOwn(out, key) ? mergeConfig(out[key], value) : structuredClone(value);
    }
  }
  return out;
}

/** Writing to that key would change the object's prototype, which may be that of all objects. */
function checkKey(key: string, where?: string): void {
  if (key !== '__proto__') return;
  throw new ConfigError('config', '"__proto__" cannot be a setting.', {
    where,
    fix: 'remove it.',
    paths: [key],
  });
}

/** Dotted paths of the values in which two configurations differ, in the order of `b`. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  const isPair = (isPlainObject(a) && isPlainObject(b)) || (Array.isArray(a) && Array.isArray(b));
  if (!isPair) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path || '(all)'];
  const [from, to] = [a as PlainObject, b as PlainObject];
  const keys = new Set([...Object.keys(to), ...Object.keys(from)]);
  return [...keys].flatMap((key) =>
    differences(from[key], to[key], path === '' ? key : `${path}.${key}`),
  );
}

/**
 * Sets one value in place by its dotted path. A part that meets a list is an index, or the `name`
 * of one of its items (`stages.stage1.steps`). Missing objects on the way are made; whether the
 * result makes sense is for the schema to say.
 */
export function setPath(target: PlainObject, path: string, value: unknown): void {
  const parts = path.split('.');
  let at: PlainObject | unknown[] = target;
  parts.forEach((part, depth) => {
    const isLast = depth === parts.length - 1;
    const key = Array.isArray(at) ? listKey(at, path, depth) : part;
    checkKey(key, `--set ${path}`);
    const holder = at as PlainObject;
    if (isLast) {
      holder[key] = value;
      return;
    }
    const next = Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (isPlainObject(next) || Array.isArray(next)) at = next;
    else if (next === undefined) at = holder[key] = {};
    else {
      const prefix = parts.slice(0, depth + 1).join('.');
      throw new ConfigError(
        'config',
        `"${prefix}" is ${JSON.stringify(next)} and has nothing inside.`,
        { where: `--set ${path}`, fix: 'check the path.', paths: [path] },
      );
    }
  });
}

/** The index of the item that part `depth` of a dotted path names. */
function listKey(list: unknown[], path: string, depth: number): string {
  const parts = path.split('.');
  const part = parts[depth] as string;
  if (/^\d+$/.test(part) && Number(part) < list.length) return part;
  const named = list.findIndex((item) => isPlainObject(item) && item['name'] === part);
  if (named >= 0) return String(named);
  const names = list.map((item, i) =>
    isPlainObject(item) && typeof item['name'] === 'string' ? item['name'] : String(i),
  );
  throw new ConfigError('config', `"${parts.slice(0, depth).join('.')}" has no item "${part}".`, {
    fix: `use ${names.length > 0 ? names.join(', ') : 'a file: the list is empty'}.`,
    paths: [path],
  });
}
