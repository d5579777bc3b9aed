/** What training reads, as a hash: labels as they are used, and the contents of all their files. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Config, StageConfig } from '../config/index.js';
import { picturesIn } from '../data/sets/names.js';
import { loadDataSource, placeOf } from '../data/sets/load-source.js';
import type { FileHashes } from './file-hashes.js';
import { keyOf } from './keys.js';

/** Hashes of data sources, each computed once. */
export class DataHashes {
  readonly #files: FileHashes;
  readonly #known = new Map<string, string>();

  constructor(files: FileHashes) {
    this.#files = files;
  }

  /**
   * The data of a stage. Paths do not matter, contents do: a study moved to another machine keeps its
   * results.
   * @throws DataError for data that are missing or cannot be read
   */
  ofStage(config: Config, stage: StageConfig): string {
    const sources = Object.keys(stage.data).map((name) => [name, this.#source(config, name)]);
    const painted = stage.paintProbability > 0 ? this.#occluders(config) : null;
    return keyOf({ sources, painted });
  }

  #source(config: Config, name: string): string {
    const { sources, ...rules } = config.data;
    const id = keyOf({ ...rules, source: sources[name], name });
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const { samples } = loadDataSource(config.data, name);
    const hash = keyOf(this.#withContents(samples));
    this.#known.set(id, hash);
    return hash;
  }

  #occluders({ data }: Config): unknown {
    return (data.occluders ?? []).map(({ folder, ...rest }) => {
      const place = placeOf(data, folder, 'data.occluders');
      const files = [...picturesIn(place).values()].sort();
      return { ...rest, files: files.map((file) => this.#files.of(file)) };
    });
  }

  /** A copy of samples with the hash of a file in place of its path. */
  #withContents(value: unknown): unknown {
    if (typeof value === 'string') {
      return /[\\/]/.test(value) &&
        (isAbsolute(value) || value.startsWith('.')) &&
        existsSync(value)
        ? this.#files.of(value)
        : value;
    }
    if (Array.isArray(value)) return value.map((item) => this.#withContents(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => [key, this.#withContents(inner)]);
    return Object.fromEntries(entries) as unknown;
  }
}
