import type * as z from 'zod';
import { ConfigError } from '../errors.js';
import { isPlainObject, mergeConfig, setPath } from './merge.js';
import { PRESETS, presetConfig } from './presets.js';
import { withoutRetired } from './retired.js';
import { configSchema } from './schema.js';
import type { Config } from './schema.js';
import { crossCheck } from './cross-check.js';
import { parseJsonText } from '../../nn/json.js';

/**
 * A complete, checked configuration from differences to a preset (`{preset: 'lite', ...}`; without
 * `preset`: lite) and `--set` texts of the form `a.b=value`. Values are JSON where they parse as
 * such, else plain text. `where` names the file in messages.
 *
 * @throws ConfigError naming every unknown key and wrong value
 */
export function resolveConfig(
  differences: unknown = {},
  sets: readonly string[] = [],
  where = 'config',
): Config {
  if (!isPlainObject(differences)) {
    throw new ConfigError('config', 'expected an object {...} of settings.', { where });
  }
  const name = differences['preset'] ?? 'lite';
  if (typeof name !== 'string' || !Object.hasOwn(PRESETS, name)) {
    throw new ConfigError('config', `preset ${JSON.stringify(name)} does not exist.`, {
      where,
      fix: `choose one of ${Object.keys(PRESETS).join(', ')}.`,
      paths: ['preset'],
    });
  }
  const merged = mergeConfig(presetConfig(name), differences);
  for (const text of sets) applySet(merged as Record<string, unknown>, text);
  return checkConfig(merged, where);
}

/** Checks a complete configuration, such as one stored in a checkpoint. */
export function checkConfig(value: unknown, where = 'config'): Config {
  const { value: present, problems } = withoutRetired(value);
  const result = configSchema.safeParse(present);
  if (!result.success) throw explain(result.error.issues, present, where);
  problems.push(...crossCheck(result.data));
  if (problems.length === 0) return result.data;
  const lines = problems.map(([path, text]) => `${path}: ${text}.`);
  throw new ConfigError('config', lines.join('\n  '), {
    where,
    paths: problems.map(([path]) => path),
  });
}

/** JSON with // and block comments and trailing commas; throws ConfigError with line and column. */
export function parseJsonc(text: string, where = 'config'): unknown {
  const plain = stripComments(text);
  try {
    return parseJsonText(plain);
  } catch (error) {
    const message = (error as Error).message;
    const at = /position (\d+)/.exec(message);
    const before = at ? plain.slice(0, Number(at[1])).split('\n') : null;
    const place = before ? `:${before.length}:${before[before.length - 1]!.length + 1}` : '';
    throw new ConfigError('config', `this is not JSON (${message}).`, {
      where: `${where}${place}`,
      fix: 'check commas, quotes and brackets there.',
      cause: error,
    });
  }
}

function applySet(target: Record<string, unknown>, text: string): void {
  const split = text.indexOf('=');
  if (split < 1) {
    throw new ConfigError('config', 'expected path=value, such as optim.lr=0.002.', {
      where: `--set ${text}`,
    });
  }
  const path = text.slice(0, split).trim();
  if (path === 'preset') {
    throw new ConfigError('config', 'the preset is chosen in the config file.', {
      where: '--set preset=...',
      paths: ['preset'],
    });
  }
  const raw = text.slice(split + 1).trim();
  let value: unknown = raw;
  try {
    value = parseJsonText(raw);
  } catch {
    // Plain text such as sgd.
  }
  setPath(target, path, value);
}

/** Blanks comments and trailing commas, keeping every line and column where it was. */
function stripComments(text: string): string {
  const tokens = /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  const bare = text.replace(tokens, (part) => (part.startsWith('"') ? part : blank(part)));
  return bare.replace(/"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as never)[key] : undefined),
    value,
  );
}

/** One value at fault. */
interface Problem {
  path: string;
  message: string;
  fix?: string;
}

/** All problems as one error: one says its own fix, several each have a line with theirs. */
function configError(problems: readonly Problem[], where: string): ConfigError {
  const paths = problems.map(({ path }) => path);
  const [first] = problems;
  if (problems.length === 1 && first) {
    const { path, message, fix } = first;
    return new ConfigError('config', message, { where: `${where}: ${path}`, fix, paths });
  }
  const lines = problems.map(
    ({ path, message, fix }) => `\n  ${path}: ${message}${fix ? ` Fix: ${fix}` : ''}`,
  );
  return new ConfigError('config', `${lines.length} problems:${lines.join('')}`, { where, paths });
}

function explain(issues: readonly z.core.$ZodIssue[], value: unknown, where: string): ConfigError {
  const problems = issues.flatMap((issue): Problem[] => {
    const at = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...at, key].join('.'),
        message: 'there is no such setting.',
        fix: suggest(at, key),
      }));
    }
    const path = at.join('.') || '(top)';
    const got = valueAt(value, issue.path);
    if (got === undefined) return [{ path, message: 'is missing.', fix: 'add it.' }];
    const text = issue.message.replace(/^Invalid (input|option): /, '');
    return [{ path, message: `${lowerFirst(text)}, got ${shorten(got)}.` }];
  });
  return configError(problems, where);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What to do about an unknown setting, from the keys that the presets have at its place. */
function suggest(at: readonly string[], key: string): string | undefined {
  const holder = valueAt(PRESETS['lite'], at);
  if (!isPlainObject(holder)) return undefined;
  let best = '';
  let bestDistance = Math.max(2, Math.floor(key.length / 3)) + 1;
  for (const name of Object.keys(holder)) {
    const distance = editDistance(key.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best === ''
    ? `remove it; known here: ${Object.keys(holder).join(', ')}.`
    : `did you mean ${[...at, best].join('.')}?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
