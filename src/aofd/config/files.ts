import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { parseJsonc, resolveConfig } from './load.js';
import type { Config } from './schema.js';

/**
 * Reads a config file (JSON, comments allowed; differences to its `preset`) and applies `--set`
 * overrides. Without a file: the `lite` preset with the overrides.
 *
 * @throws ConfigError naming file and path of each problem
 */
export function loadConfig(file: string | null, sets: readonly string[] = []): Config {
  if (file === null) return resolveConfig({}, sets, 'lite preset');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new ConfigError('config', `${why}.`, {
      where: file,
      fix: 'check the path given to --config.',
      cause: error,
    });
  }
  return resolveConfig(parseJsonc(text.replace(/^\uFEFF/, ''), file), sets, file);
}
