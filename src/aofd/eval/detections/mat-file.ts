/**
 * MATLAB files on disk: version 5 (see `mat.ts`) and version 7.3, which is HDF5 behind a header of
 * 512 bytes. In 7.3 files dimensions are reversed, text is stored as UTF-16 numbers, cells and
 * struct arrays as references into a group `#refs#`, single structs as groups.
 */
import { resolve } from 'node:path';
import type * as h5wasm from 'h5wasm/node';
import { IoError } from '../../../nn/io/errors.js';
import { checkDatasetSize, closeQuietly, loadH5LibraryAsync } from '../../../nn/io/files/h5.js';
import { readRegularFile } from '../../../nn/io/files/regular-file.js';
import { matVersion, missingVariable, parseMat5 } from '../../formats/mat.js';
import {
  textRows,
  type MatFile,
  type MatNumberClass,
  type MatValue,
} from '../../formats/mat-value.js';

type H5Library = typeof h5wasm;

/** Values inside of values; as in version 5. */
const MAX_DEPTH = 64;

const NUMBER_TYPES: readonly string[] = [
  'double',
  'single',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'logical',
] satisfies MatNumberClass[];

/**
 * Opens a MATLAB file of either version; `using file = await openMatAsync(path)` closes it.
 * @throws IoError naming the file when it is missing, damaged or no MATLAB file
 */
export async function openMatAsync(path: string): Promise<MatFile> {
  const bytes = readRegularFile(path);
  const version = matVersion(bytes);
  if (version !== '7.3' && version !== 'hdf5') return parseMat5(bytes, path);
  const library = await loadH5LibraryAsync();
  try {
    return new Mat73File(path, library, new library.File(resolve(path), 'r'), bytes.length);
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause: unknown): Error {
  if (cause instanceof IoError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const reasons = [...text.matchAll(/#\d+: .*?\(\): (.*)/g)].map((match) => match[1]!);
  return new IoError('io/format', `damaged MATLAB 7.3 file: ${reasons.at(-1) ?? text}.`, {
    where: path,
    fix: 'copy or download the file again.',
    cause,
  });
}

class Mat73File implements MatFile {
  readonly version = '7.3';
  readonly names: readonly string[];
  private referenced: Map<string, string> | undefined;
  /** Values that references led to, by address; null while one is being decoded. */
  private readonly followed = new Map<string, MatValue | null>();

  constructor(
    readonly path: string,
    private readonly library: H5Library,
    private readonly file: h5wasm.File,
    private readonly fileBytes: number,
  ) {
    this.names = file.keys().filter((name) => !name.startsWith('#'));
  }

  read(name: string): MatValue {
    if (!this.names.includes(name)) throw missingVariable(this.path, name, this.names);
    try {
      return this.decode(this.file.get(name), `${this.path}: ${name}`);
    } catch (cause) {
      throw damaged(this.path, cause);
    }
  }

  [Symbol.dispose](): void {
    closeQuietly(this.file);
  }

  private decode(entity: h5wasm.Entity | null, where: string, depth = 0): MatValue {
    if (depth > MAX_DEPTH) {
      throw new IoError('io/format', `more than ${MAX_DEPTH} nested values`, { where });
    }
    if (entity instanceof this.library.Group) return this.decodeGroup(entity, where, depth);
    if (!(entity instanceof this.library.Dataset)) {
      throw new IoError('io/format', 'a reference that leads nowhere', { where });
    }
    checkDatasetSize(entity, this.fileBytes, where);
    const { attrs } = entity;
    const type = attrs['MATLAB_class']?.value ?? (isReference(entity) ? 'cell' : 'double');
    if (attrs['MATLAB_empty']) return emptyValue(String(type), numbersOf(entity, where), where);
    const shape = matShape(entity);
    if (type === 'cell') {
      const cells = referencesOf(entity, where).map((reference, i) =>
        this.follow(entity, reference, `${where}{${i + 1}}`, depth),
      );
      return { kind: 'cell', shape, cells };
    }
    if (type === 'char')
      return { kind: 'text', shape, rows: textRows(numbersOf(entity, where), shape) };
    if (typeof type === 'string' && NUMBER_TYPES.includes(type)) {
      return {
        kind: 'numbers',
        type: type as MatNumberClass,
        shape,
        data: numbersOf(entity, where),
      };
    }
    throw refused(where, String(type));
  }

  /**
   * The value that a reference leads to, decoded once. The library finds its name by searching the whole file,
   * each time; so the addresses of `#refs#`, where MATLAB puts them all, are listed once.
   */
  private follow(
    from: h5wasm.Dataset | h5wasm.Group,
    reference: h5wasm.Reference,
    where: string,
    depth: number,
  ): MatValue {
    const address = addressOf(reference);
    const known = this.followed.get(address);
    if (known) return known;
    if (known === null) throw new IoError('io/format', 'a value that holds itself', { where });
    this.followed.set(address, null);
    const value = this.decode(this.target(from, reference, address), where, depth + 1);
    this.followed.set(address, value);
    return value;
  }

  private target(
    from: h5wasm.Dataset | h5wasm.Group,
    reference: h5wasm.Reference,
    address: string,
  ): h5wasm.Entity | null {
    this.referenced ??= this.listReferences();
    const path = this.referenced.get(address);
    return path === undefined
      ? (from.dereference(reference) as unknown as h5wasm.Entity | null)
      : this.file.get(path);
  }

  /** Paths in `#refs#` by address. */
  private listReferences(): Map<string, string> {
    const paths = new Map<string, string>();
    const group = this.file.keys().includes('#refs#') ? this.file.get('#refs#') : null;
    if (!(group instanceof this.library.Group)) return paths;
    for (const name of group.keys()) {
      const path = `/#refs#/${name}`;
      const entity = new this.library.Dataset(this.file.file_id, path);
      paths.set(addressOf(entity.create_reference()), path);
    }
    return paths;
  }

  /** A group is one struct, or a struct array when its fields hold bare references. */
  private decodeGroup(group: h5wasm.Group, where: string, depth: number): MatValue {
    const { attrs } = group;
    if (attrs['MATLAB_sparse']) throw refused(where, 'a sparse array');
    const type = attrs['MATLAB_class']?.value ?? 'struct';
    if (type !== 'struct') throw refused(where, String(type));
    const fields = group.keys();
    const columns = fields.map((field) => group.get(field));
    const first = columns[0];
    const isArray = columns.every(
      (column) =>
        column instanceof this.library.Dataset &&
        isReference(column) &&
        column.attrs['MATLAB_class'] === undefined,
    );
    if (!isArray || !(first instanceof this.library.Dataset)) {
      const element = fields.map((field, f) => [
        field,
        this.decode(columns[f] ?? null, `${where}.${field}`, depth + 1),
      ]);
      return { kind: 'struct', shape: [1, 1], fields, elements: [Object.fromEntries(element)] };
    }
    const references = columns.map((column) => {
      checkDatasetSize(column as h5wasm.Dataset, this.fileBytes, where);
      return referencesOf(column as h5wasm.Dataset, where);
    });
    const elements = references[0]!.map((_, e) =>
      Object.fromEntries(
        fields.map((field, f) => {
          const place = `${where}(${e + 1}).${field}`;
          const reference = references[f]![e];
          if (!reference) throw new IoError('io/format', 'missing', { where: place });
          return [field, this.follow(group, reference, place, depth)];
        }),
      ),
    );
    return { kind: 'struct', shape: matShape(first), fields, elements };
  }
}

function refused(where: string, what: string): IoError {
  return new IoError(
    'io/dtype',
    `is ${what}, taken are real numbers, logical, char, cell and struct arrays`,
    { where },
  );
}

const addressOf = (reference: h5wasm.Reference): string => reference.ref_data.join(' ');

const isReference = (dataset: h5wasm.Dataset): boolean => dataset.dtype === 'Reference';

/** Dimensions as MATLAB shows them; a file's scalar is 1x1. */
function matShape(dataset: h5wasm.Dataset): number[] {
  const shape = [...(dataset.shape ?? [])].reverse();
  while (shape.length < 2) shape.push(1);
  return shape;
}

function referencesOf(dataset: h5wasm.Dataset, where: string): h5wasm.Reference[] {
  const value = dataset.value;
  if (!isReference(dataset) || value === null) {
    throw new IoError('io/format', `expected references, got ${JSON.stringify(dataset.dtype)}`, {
      where,
    });
  }
  return (Array.isArray(value) ? value : [value]) as h5wasm.Reference[];
}

function numbersOf(dataset: h5wasm.Dataset, where: string): Float64Array {
  const { value } = dataset;
  if (typeof value === 'number' || typeof value === 'bigint') return Float64Array.of(Number(value));
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return value instanceof Float64Array
      ? value
      : Float64Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  }
  const type = typeof dataset.dtype === 'string' ? dataset.dtype : 'a compound, such as complex';
  throw new IoError('io/dtype', `has elements of type ${type}, expected real numbers`, { where });
}

/** Empty arrays store their dimensions in place of data. */
function emptyValue(type: string, shapeData: Float64Array, where: string): MatValue {
  const shape = [...shapeData];
  if (type === 'cell') return { kind: 'cell', shape, cells: [] };
  if (type === 'struct') return { kind: 'struct', shape, fields: [], elements: [] };
  if (type === 'char') return { kind: 'text', shape, rows: [] };
  if (!NUMBER_TYPES.includes(type)) throw refused(where, type);
  return { kind: 'numbers', type: type as MatNumberClass, shape, data: new Float64Array(0) };
}
