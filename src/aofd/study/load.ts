/** Study files: read, followed through `extends`, checked, and every setting resolved. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isPlainObject, mergeConfig, parseJsonc, resolveConfig } from '../config/index.js';
import type { Config } from '../config/index.js';
import { ConfigError } from '../errors.js';
import { studySchema, type PictureFigure, type Study } from './schema.js';

/** A study ready to be planned. */
export interface LoadedStudy {
  file: string;
  study: Study;
  /** Absolute folder that data, peers and pictures start from. */
  root: string;
  /** Complete configurations by the names of the settings, without the seed. */
  configs: ReadonlyMap<string, Config>;
}

/** Lists whose items have names: a file that extends another changes them item by item. */
const NAMED_LISTS = ['settings', 'protocols', 'claims', 'figures'] as const;

/**
 * Reads a study.
 * @param sets `--set` texts that change the base of all settings
 * @throws ConfigError naming file and place of everything that is wrong, before anything is trained
 */
export function loadStudy(file: string, sets: readonly string[] = []): LoadedStudy {
  const value = readExtended(resolve(file), []);
  const parsed = studySchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue): Problem => {
      const place = placeOf(value, issue.path);
      return issue.code === 'unrecognized_keys'
        ? [place, `there is no such key: ${issue.keys.join(', ')}`, 'remove it or correct its name']
        : [place, issue.message.replace(/^Invalid (input|option): /, ''), 'correct it'];
    });
    throw studyError(file, problems);
  }
  const study = parsed.data;
  const problems = crossCheck(study);
  if (problems.length > 0) throw studyError(file, problems);
  const root = resolve(dirname(file), study.root ?? '.');
  const configs = new Map(
    study.settings.map(({ name, change = {}, set = [] }) => {
      const where = `${file}: settings.${name}`;
      const base = mergeConfig({ data: { root } }, study.base);
      const config = resolveConfig(mergeConfig(base, change), [...sets, ...set], where);
      const data = { ...config.data, root: resolve(root, config.data.root) };
      return [name, { ...config, data }] as const;
    }),
  );
  return { file, study, root, configs };
}

/** A path of a study, from its root on. */
export const studyPath = (root: string, path: string): string =>
  isAbsolute(path) ? path : join(root, path);

type Problem = readonly [place: string, what: string, fix: string];

function readExtended(file: string, seen: readonly string[]): unknown {
  if (seen.includes(file)) {
    throw new ConfigError('config', `extends itself (${[...seen, file].join(' -> ')}).`, {
      where: `${file}: extends`,
      fix: 'extend a file that does not lead back here.',
    });
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'no such file' : (cause as Error).message;
    throw new ConfigError('config', `${why}.`, {
      where: file,
      fix: seen.length > 0 ? `correct "extends" of ${seen.at(-1)}.` : 'check --study.',
      cause,
    });
  }
  const value = parseJsonc(text.replace(/^\uFEFF/, ''), file);
  if (!isPlainObject(value)) {
    throw new ConfigError('config', 'expected an object {...}.', {
      where: file,
      fix: 'see docs/reproduction.md for the form of a study.',
    });
  }
  const { extends: parent, ...own } = value as Record<string, unknown>;
  if (parent === undefined) return own;
  if (typeof parent !== 'string') {
    throw new ConfigError(
      'config',
      `expected the path of a study, got ${JSON.stringify(parent)}.`,
      {
        where: `${file}: extends`,
        fix: 'write the path relative to this file.',
      },
    );
  }
  return extend(readExtended(join(dirname(file), parent), [...seen, file]), own);
}

/** Named items merge with those of the same name; new ones are appended; all else as in configs. */
function extend(base: unknown, over: Record<string, unknown>): unknown {
  const merged = mergeConfig(base, over) as Record<string, unknown>;
  for (const key of NAMED_LISTS) {
    const before = (base as Record<string, unknown>)[key];
    const after = over[key];
    if (!Array.isArray(before) || !Array.isArray(after)) continue;
    const list: unknown[] = structuredClone(before);
    for (const item of after as unknown[]) {
      const at = list.findIndex((one) => nameOf(one) !== undefined && nameOf(one) === nameOf(item));
      if (at >= 0) list[at] = mergeConfig(list[at], item);
      else list.push(item);
    }
    merged[key] = list;
  }
  // A base of another preset is another base.
  const preset = (one: unknown): unknown => (isPlainObject(one) ? one['preset'] : undefined);
  const [old, now] = [(base as Record<string, unknown>)['base'], over['base']];
  if (preset(now) !== undefined && preset(now) !== preset(old)) merged['base'] = now;
  return merged;
}

const nameOf = (item: unknown): unknown => (isPlainObject(item) ? item['name'] : undefined);

/** `settings.no-segmentation.set` in place of `settings.3.set`. */
function placeOf(value: unknown, path: readonly PropertyKey[]): string {
  let at: unknown = value;
  const parts = path.map((key) => {
    const isItem = Array.isArray(at);
    at = typeof at === 'object' && at !== null ? (at as never)[key] : undefined;
    const name = isItem ? nameOf(at) : undefined;
    return typeof name === 'string' ? name : String(key);
  });
  return parts.join('.') || '(top)';
}

function studyError(file: string, problems: readonly Problem[]): ConfigError {
  const [first] = problems;
  const paths = problems.map(([place]) => place);
  if (first && problems.length === 1) {
    const [place, what, fix] = first;
    return new ConfigError('config', `${what}.`, {
      where: `${file}: ${place}`,
      fix: `${fix}.`,
      paths,
    });
  }
  const lines = problems.map(([place, what, fix]) => `\n  ${place}: ${what}. Fix: ${fix}.`);
  return new ConfigError('config', `${lines.length} problems:${lines.join('')}`, {
    where: file,
    paths,
  });
}

/** What the schema alone cannot see: names that occur twice or lead nowhere. */
function crossCheck(study: Study): Problem[] {
  const problems: Problem[] = [];
  for (const key of NAMED_LISTS) {
    const seen = new Set<string>();
    for (const { name } of study[key] ?? []) {
      if (seen.has(name)) {
        problems.push([`${key}.${name}`, `the name "${name}" occurs twice`, 'rename one of them']);
      }
      seen.add(name);
    }
  }
  if (new Set(study.seeds).size < study.seeds.length) {
    problems.push(['seeds', `a seed occurs twice (${study.seeds.join(', ')})`, 'give each once']);
  }
  const settings = study.settings.map(({ name }) => name);
  const protocols = study.protocols.map(({ name }) => name);
  const known = (place: string, what: string, name: string, names: readonly string[]): void => {
    if (names.includes(name)) return;
    problems.push([place, `there is no ${what} "${name}"`, `use one of ${names.join(', ')}`]);
  };
  for (const claim of study.claims) {
    const place = `claims.${claim.name}`;
    known(`${place}.better`, 'setting', claim.better, settings);
    known(`${place}.worse`, 'setting', claim.worse, settings);
    known(`${place}.protocol`, 'protocol', claim.protocol, protocols);
    if (claim.better === claim.worse) {
      problems.push([place, `compares "${claim.better}" with itself`, 'name two settings']);
    }
  }
  for (const figure of study.figures ?? []) {
    const place = `figures.${figure.name}`;
    figure.settings.forEach((name, i) =>
      known(`${place}.settings.${i}`, 'setting', name, settings),
    );
    if (figure.kind === 'curves') {
      known(`${place}.protocol`, 'protocol', figure.protocol, protocols);
    } else problems.push(...coverProblems(place, figure));
    if (figure.kind === 'side-by-side' && figure.settings.length !== 2) {
      const count = figure.settings.length;
      problems.push([`${place}.settings`, `compares two settings, got ${count}`, 'name two']);
    }
  }
  return problems;
}

/** Cover is painted over faces that are given. */
function coverProblems(place: string, { pictures }: PictureFigure): Problem[] {
  return pictures.flatMap((picture, i): Problem[] => {
    if (typeof picture === 'string' || !picture.cover) return [];
    const [faces, cover] = [picture.faces?.length ?? 0, picture.cover.length];
    if (faces === cover) return [];
    const what = `expected an item for each of the ${faces} faces, got ${cover}`;
    return [[`${place}.pictures.${i}.cover`, what, 'give each face its cover, or null']];
  });
}
