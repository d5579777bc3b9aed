/**
 * MATLAB version 5 files (`save -v6`, `-v7`; scipy's `savemat`): bytes in, values out.
 *
 * A file is a 128-byte header and a list of data elements: a tag (type, length) and content, padded
 * to 8 bytes. Elements of up to 4 bytes may stand inside their tag. A variable is a matrix element,
 * often deflated. Taken: numbers, logical, char, cell and struct arrays, both byte orders. Sparse
 * and complex arrays, objects and function handles are refused by name when they are read.
 */
import { Unzlib } from 'fflate';
import { IoError, nameList } from '../../nn/io/errors.js';
import { mostUnpackedBytes } from '../../nn/io/unpack-limit.js';
import { textRows, type MatFile, type MatNumberClass, type MatValue } from './mat-value.js';
import { adler32 } from './adler32.js';

const HEADER_BYTES = 128;
const MAX_DEPTH = 64;
/** Compressed variables of a file may unpack to this much together. */
const MAX_INFLATED_BYTES = 2 ** 30;
/** Bytes that are inflated at a time, so that a limit is seen soon: deflate makes at most 1032 of one. */
const INFLATE_STEP = 2 ** 16;

/** Data types of elements (mi...). */
const MI = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  int64: 12,
  uint64: 13,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
  utf32: 18,
} as const;

const NUMBER_CLASSES: Readonly<Record<number, MatNumberClass>> = {
  6: 'double',
  7: 'single',
  8: 'int8',
  9: 'uint8',
  10: 'int16',
  11: 'uint16',
  12: 'int32',
  13: 'uint32',
  14: 'int64',
  15: 'uint64',
};
const CELL = 1;
const STRUCT = 2;
const CHAR = 4;
const REFUSED: Readonly<Record<number, string>> = {
  3: 'an object',
  5: 'a sparse array',
  16: 'a function handle',
  17: 'an opaque object',
};

/** Bytes per number and their reading. */
type NumberReader = readonly [
  bytes: number,
  read: (view: DataView, at: number, little: boolean) => number,
];
const NUMBER_READERS: Readonly<Record<number, NumberReader>> = {
  [MI.int8]: [1, (v, at) => v.getInt8(at)],
  [MI.uint8]: [1, (v, at) => v.getUint8(at)],
  [MI.int16]: [2, (v, at, e) => v.getInt16(at, e)],
  [MI.uint16]: [2, (v, at, e) => v.getUint16(at, e)],
  [MI.int32]: [4, (v, at, e) => v.getInt32(at, e)],
  [MI.uint32]: [4, (v, at, e) => v.getUint32(at, e)],
  [MI.single]: [4, (v, at, e) => v.getFloat32(at, e)],
  [MI.double]: [8, (v, at, e) => v.getFloat64(at, e)],
  [MI.int64]: [8, (v, at, e) => Number(v.getBigInt64(at, e))],
  [MI.uint64]: [8, (v, at, e) => Number(v.getBigUint64(at, e))],
  [MI.utf16]: [2, (v, at, e) => v.getUint16(at, e)],
  [MI.utf32]: [4, (v, at, e) => v.getUint32(at, e)],
};

/** An element: its type and the content without padding. */
interface Element {
  type: number;
  view: DataView;
}

/** Reads elements one after the other. */
class ElementReader {
  private at = 0;

  constructor(
    private readonly view: DataView,
    readonly little: boolean,
    readonly where: string,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.view.byteLength;
  }

  next(): Element {
    const tag = this.uint32(this.at);
    const small = tag >>> 16;
    if (small !== 0) {
      if (small > 4) throw this.broken(`a short element of ${small} bytes`);
      const element = { type: tag & 0xffff, view: this.slice(this.at + 4, small) };
      this.at += 8;
      return element;
    }
    const length = this.uint32(this.at + 4);
    const element = { type: tag, view: this.slice(this.at + 8, length) };
    // Only compressed elements are not padded.
    this.at += 8 + (tag === MI.compressed ? length : Math.ceil(length / 8) * 8);
    return element;
  }

  /** Whole numbers from 0 up; a damaged type would make fractions of them, and steps that never arrive. */
  wholes(what: string): number[] {
    const numbers = decodeNumbers(this.next(), this.little, `${this.where}: ${what}`);
    for (const n of numbers)
      if (!Number.isSafeInteger(n) || n < 0) throw this.broken(`${what} of ${n}`);
    return Array.from(numbers);
  }

  broken(what: string): IoError {
    return new IoError(
      'io/format',
      `damaged MATLAB file: ${what} at byte ${this.at} of ${this.view.byteLength}.`,
      { where: this.where, fix: 'copy or download the file again.' },
    );
  }

  private uint32(at: number): number {
    if (at + 4 > this.view.byteLength) throw this.broken('it ends inside an element');
    return this.view.getUint32(at, this.little);
  }

  private slice(at: number, length: number): DataView {
    if (at + length > this.view.byteLength) {
      throw this.broken(`an element of ${length} bytes does not fit`);
    }
    return new DataView(this.view.buffer, this.view.byteOffset + at, length);
  }
}

function decodeNumbers({ type, view }: Element, little: boolean, where: string): Float64Array {
  const reader = NUMBER_READERS[type];
  if (!reader) throw new IoError('io/format', `element type ${type} holds no numbers`, { where });
  const [bytes, read] = reader;
  const out = new Float64Array(Math.floor(view.byteLength / bytes));
  for (let i = 0; i < out.length; i++) out[i] = read(view, i * bytes, little);
  return out;
}

const bytesOf = (view: DataView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function decodeAscii(view: DataView): string {
  return new TextDecoder('latin1').decode(bytesOf(view)).replace(/\0+$/, '');
}

function textUnits(element: Element, little: boolean, where: string): ArrayLike<number> {
  if (element.type === MI.utf8) {
    const text = new TextDecoder().decode(bytesOf(element.view));
    return Array.from(text, (_, i) => text.charCodeAt(i));
  }
  return decodeNumbers(element, little, where);
}

/** The part of a matrix element that all classes share. */
interface MatrixHead {
  classId: number;
  isComplex: boolean;
  isLogical: boolean;
  shape: number[];
  count: number;
  name: string;
}

function readHead(reader: ElementReader): MatrixHead {
  const [flags] = reader.wholes('array flags');
  if (flags === undefined) throw reader.broken('a matrix without array flags');
  const classId = flags & 0xff;
  const isOpaque = classId === 17;
  const shape = isOpaque ? [] : reader.wholes('dimensions');
  const count = shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(count)) throw reader.broken(`dimensions ${shape.join(' x ')}`);
  return {
    classId,
    isComplex: (flags & 0x0800) !== 0,
    isLogical: (flags & 0x0200) !== 0,
    shape,
    count,
    name: decodeAscii(reader.next().view),
  };
}

/** An element of a cell or struct array takes at least a tag; nothing is allocated for a count that lies. */
function checkCount({ shape, count }: MatrixHead, view: DataView, reader: ElementReader): void {
  if (count > view.byteLength) throw reader.broken(`dimensions ${shape.join(' x ')}`);
}

function readMatrix(view: DataView, little: boolean, where: string, depth = 0): MatValue {
  if (view.byteLength === 0) {
    return { kind: 'numbers', type: 'double', shape: [0, 0], data: new Float64Array(0) };
  }
  const reader = new ElementReader(view, little, where);
  if (depth > MAX_DEPTH) throw reader.broken(`more than ${MAX_DEPTH} nested values`);
  const head = readHead(reader);
  const { classId, shape, count } = head;
  if (classId === CELL || classId === STRUCT) checkCount(head, view, reader);
  if (classId === CELL) {
    const cells = readChildren(reader, count, depth, (i) => `${where}{${i + 1}}`);
    return { kind: 'cell', shape, cells };
  }
  if (classId === STRUCT) return readStruct(reader, head, depth);
  if (classId === CHAR) {
    const units = count === 0 ? [] : textUnits(reader.next(), little, where);
    return { kind: 'text', shape, rows: textRows(units, shape) };
  }
  const type = NUMBER_CLASSES[classId];
  if (!type || head.isComplex) {
    const what = head.isComplex ? 'a complex array' : (REFUSED[classId] ?? `class ${classId}`);
    throw new IoError(
      'io/dtype',
      `is ${what}, taken are real numbers, logical, char, cell and struct arrays`,
      { where },
    );
  }
  const data = count === 0 ? new Float64Array(0) : decodeNumbers(reader.next(), little, where);
  if (data.length !== count) {
    throw reader.broken(`${data.length} numbers for dimensions ${shape.join(' x ')}`);
  }
  return { kind: 'numbers', type: head.isLogical ? 'logical' : type, shape, data };
}

function readChildren(
  reader: ElementReader,
  count: number,
  depth: number,
  name: (i: number) => string,
): MatValue[] {
  const out: MatValue[] = [];
  for (let i = 0; i < count; i++) {
    const { type, view } = reader.next();
    if (type !== MI.matrix) throw reader.broken(`element type ${type} in place of a matrix`);
    out.push(readMatrix(view, reader.little, name(i), depth + 1));
  }
  return out;
}

function readStruct(reader: ElementReader, { shape, count }: MatrixHead, depth: number): MatValue {
  const width = reader.wholes('field name length')[0] ?? 0;
  const names = reader.next().view;
  if (width === 0 && names.byteLength > 0) throw reader.broken('field names of no length');
  const fields: string[] = [];
  for (let at = 0; at + width <= names.byteLength && width > 0; at += width) {
    const view = new DataView(names.buffer, names.byteOffset + at, width);
    fields.push(decodeAscii(view).replace(/\0.*$/s, ''));
  }
  const values = readChildren(reader, count * fields.length, depth, (i) => {
    const element = count > 1 ? `(${Math.floor(i / fields.length) + 1})` : '';
    return `${reader.where}${element}.${fields[i % fields.length]!}`;
  });
  const elements = Array.from({ length: count }, (_, e) =>
    Object.fromEntries(fields.map((field, f) => [field, values[e * fields.length + f]!])),
  );
  return { kind: 'struct', shape, fields, elements };
}

/** Inflates a compressed element. @param most bytes that it may unpack to */
function inflate(view: DataView, little: boolean, where: string, most: number): Element {
  const bytes = inflated(bytesOf(view), where, most);
  if (view.getUint32(view.byteLength - 4) !== adler32(bytes)) {
    throw notInflated(where, new Error('wrong checksum'));
  }
  const inner = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new ElementReader(inner, little, where).next();
}

function inflated(packed: Uint8Array, where: string, most: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Unzlib((chunk) => {
    chunks.push(chunk);
    total += chunk.length;
    if (total <= most) return;
    throw new IoError(
      'io/limit',
      'compressed variables unpack to more than fits a file like this.',
      {
        where,
        fix: 'save the file uncompressed (-v6).',
      },
    );
  });
  try {
    for (let at = 0; at < packed.length || at === 0; at += INFLATE_STEP) {
      stream.push(packed.subarray(at, at + INFLATE_STEP), at + INFLATE_STEP >= packed.length);
    }
  } catch (cause) {
    throw cause instanceof IoError ? cause : notInflated(where, cause);
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

function notInflated(where: string, cause: unknown): IoError {
  return new IoError(
    'io/format',
    `damaged MATLAB file: a compressed variable cannot be inflated (${(cause as Error).message}).`,
    { where, fix: 'copy or download the file again.', cause },
  );
}

/** Which kind of MATLAB file the first 128 bytes announce. */
export function matVersion(bytes: Uint8Array): '5' | '7.3' | 'hdf5' | null {
  if (bytes[0] === 0x89 && bytes[1] === 0x48 && bytes[2] === 0x44 && bytes[3] === 0x46)
    return 'hdf5';
  if (bytes.byteLength < HEADER_BYTES) return null;
  const order = String.fromCharCode(bytes[126]!, bytes[127]!);
  if (order !== 'IM' && order !== 'MI') return null;
  const major = order === 'IM' ? bytes[125] : bytes[124];
  return major === 1 ? '5' : major === 2 ? '7.3' : null;
}

/**
 * Opens a version 5 file in memory. `path` is for messages only. Unnamed helper variables that
 * MATLAB adds for objects are not listed.
 * @throws IoError `io/format` when the bytes are damaged or something else
 */
export function parseMat5(bytes: Uint8Array, path: string): MatFile {
  if (matVersion(bytes) !== '5') {
    throw new IoError(
      'io/format',
      'not a MATLAB version 5 file (its header lacks the version and byte order marks).',
      {
        where: path,
        fix: 'check that the download is complete; save older version 4 files again with -v7.',
      },
    );
  }
  const little = bytes[126] === 0x49;
  const body = bytes.subarray(HEADER_BYTES);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const reader = new ElementReader(view, little, path);
  const variables = new Map<string, DataView>();
  let left = mostUnpackedBytes(bytes.byteLength, MAX_INFLATED_BYTES);
  while (!reader.atEnd) {
    let element = reader.next();
    if (element.type === MI.compressed) {
      element = inflate(element.view, little, path, left);
      left -= element.view.byteLength;
    }
    if (element.type !== MI.matrix) continue;
    const { name } = readHead(new ElementReader(element.view, little, path));
    if (name !== '') variables.set(name, element.view);
  }
  const names = [...variables.keys()];
  return {
    path,
    version: '5',
    names,
    read(name) {
      const matrix = variables.get(name);
      if (!matrix) throw missingVariable(path, name, names);
      return readMatrix(matrix, little, `${path}: ${name}`);
    },
    [Symbol.dispose]() {},
  };
}

/** The error for a variable that is not there. */
export function missingVariable(path: string, name: string, names: readonly string[]): IoError {
  return new IoError(
    'io/missing',
    `no variable "${name}", the file has ${nameList(names) || 'none'}`,
    { where: path },
  );
}
