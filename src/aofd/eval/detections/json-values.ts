/** Typed access to parsed JSON with errors that name file and path. */
import { DataError } from '../../errors.js';

/** A value of a JSON document and where it stands. */
export class JsonValue {
  constructor(
    readonly value: unknown,
    private readonly file: string,
    private readonly path: string,
  ) {}

  /** E.g. `results.json: images[3].faces[0].score`. */
  get where(): string {
    return `${this.file}: ${this.path === '' ? 'top level' : this.path}`;
  }

  get isObject(): boolean {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  /** Whether the value is there at all (neither absent nor null). */
  get isGiven(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A member; its value is undefined when there is none. */
  at(key: string): JsonValue {
    if (!this.isObject) throw this.error('an object');
    const record = this.value as Record<string, unknown>;
    const path = this.path === '' ? key : `${this.path}.${key}`;
    return new JsonValue(Object.hasOwn(record, key) ? record[key] : undefined, this.file, path);
  }

  list(): JsonValue[] {
    if (!Array.isArray(this.value)) throw this.error('a list');
    return this.value.map((item, i) => new JsonValue(item, this.file, `${this.path}[${i}]`));
  }

  number(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value)) {
      throw this.error('a finite number');
    }
    return this.value;
  }

  integer(): number {
    const value = this.number();
    if (!Number.isSafeInteger(value)) throw this.error('a whole number');
    return value;
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') throw this.error('a text');
    return this.value;
  }

  /** Exactly `count` finite numbers. */
  numbers(count: number): number[] {
    const items = this.list();
    if (items.length !== count) throw this.error(`${count} numbers`);
    return items.map((item) => item.number());
  }

  /** 0, 1, false or true; absent is false. */
  flag(): boolean {
    const { value } = this;
    if (value === undefined || value === null || value === 0 || value === false) return false;
    if (value === 1 || value === true) return true;
    throw this.error('0 or 1');
  }

  error(expected: string): DataError {
    const shown = this.value === undefined ? 'nothing' : (JSON.stringify(this.value) ?? 'nothing');
    return new DataError('list-malformed', `got ${shown.slice(0, 60)}, expected ${expected}.`, {
      where: this.where,
      fix: 'correct this entry',
    });
  }
}

/**
 * Parses a document.
 * @throws DataError with the line of a NaN or Infinity, which JSON does not have, or of other faults
 */
export function parseJson(file: string, text: string): JsonValue {
  try {
    return new JsonValue(JSON.parse(text), file, '');
  } catch (error) {
    const bare = /[[,:\s](-?(?:NaN|Infinity))\s*[,\]}]/.exec(text);
    if (bare) {
      const line = text.slice(0, bare.index + 1).split('\n').length;
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
