/**
 * NumPy's .npy and .npz files as named float32 arrays. Pure: bytes in, arrays out.
 *
 * Taken: versions 1 to 3, booleans, integers and floats of any size and byte order, C and Fortran
 * order. Object arrays are read only in the one form that weight files use, a dictionary of plain
 * arrays (see `npy-pickle.ts`); nothing in a file is ever executed.
 */
import { unzipSync, type UnzipFileInfo } from 'fflate';
import { IoError } from './errors.js';
import { decodeNumbers, fortranToRowMajor } from './npy-numbers.js';
import { readArrayPickle, type PickledValue } from './npy-pickle.js';
import { elementCount, type FloatTensor } from './stored-tensor.js';
import { mostUnpackedBytes } from './unpack-limit.js';

export type NamedArrays = Record<string, FloatTensor>;

/** Without a prototype: names come from files, and one may be `__proto__`. */
const noArrays = (): NamedArrays => Object.create(null) as NamedArrays;

/** Decides by name which arrays to decode; the others cost little. */
export type NameFilter = (name: string) => boolean;

interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: number[];
  readonly dataStart: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

function parseHeader(bytes: Uint8Array, file: string): NpyHeader {
  if (!isNpy(bytes) || bytes.byteLength < 12) {
    throw new IoError('io/format', 'not a .npy file (its first bytes are not "\\x93NUMPY")', {
      where: file,
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3) {
    throw new IoError('io/format', `.npy version ${major}, known: 1 to 3`, { where: file });
  }
  const textStart = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = textStart + length;
  if (dataStart > bytes.byteLength) {
    throw new IoError(
      'io/format',
      `truncated: the header needs ${dataStart} bytes, the file has ${bytes.byteLength}`,
      { where: file },
    );
  }
  const text = new TextDecoder().decode(bytes.subarray(textStart, dataStart));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw new IoError(
      'io/dtype',
      `the .npy header ${JSON.stringify(text.trim())} is not a plain array.`,
      {
        where: file,
        fix: 'save each array by itself with numpy.save, or all of them with numpy.savez.',
      },
    );
  }
  const extents = shape
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '');
  if (!extents.every((part) => /^\d+$/.test(part))) {
    throw new IoError('io/format', `bad shape (${shape}) in the .npy header`, { where: file });
  }
  return { descr, fortranOrder: order === 'True', shape: extents.map(Number), dataStart };
}

/** Reads one plain array. */
export function parseNpy(bytes: Uint8Array, file = '.npy data'): FloatTensor {
  const header = parseHeader(bytes, file);
  if (header.descr.includes('O')) {
    throw new IoError('io/dtype', 'holds Python objects, not a plain array.', {
      where: file,
      fix: 'save the arrays with numpy.savez, or read the file as a dictionary of arrays.',
    });
  }
  const body = bytes.subarray(header.dataStart);
  const data = decodeNumbers(body, header.descr, elementCount(header.shape), file);
  const shape = header.shape;
  return { shape, data: header.fortranOrder ? fortranToRowMajor(data, shape) : data };
}

/**
 * Reads a .npy that holds a dictionary of arrays (`numpy.save(file, {...})`), nested dictionaries
 * and lists included: `{conv1_1: [W, b]}` gives `conv1_1/0` and `conv1_1/1`.
 * A plain array is returned under the name `array`.
 */
export function parseNpyDict(bytes: Uint8Array, file = '.npy data'): NamedArrays {
  const header = parseHeader(bytes, file);
  if (!header.descr.includes('O')) return { array: parseNpy(bytes, file) };
  const out = noArrays();
  const visit = (name: string, value: PickledValue): void => {
    if (value.kind === 'array') out[name || 'array'] = value;
    else if (value.kind === 'map') {
      for (const [key, item] of value.entries) visit(name ? `${name}/${key}` : key, item);
    }
  };
  visit('', readArrayPickle(bytes.subarray(header.dataStart), file));
  return out;
}

/** Refuses archives that unpack to more than this: VGG16 in float32 is 0.55 GB. */
const MAX_UNPACKED_BYTES = 4 * 2 ** 30;
/** Deflate makes at most 1032 bytes of one: an entry that announces more lies. */
const MAX_DEFLATE_RATIO = 1032;

/** Keeps count of what an archive unpacks to, before anything is unpacked. */
class UnpackBudget {
  private readonly most: number;
  private used = 0;

  constructor(
    archiveBytes: number,
    private readonly file: string,
  ) {
    this.most = mostUnpackedBytes(archiveBytes, MAX_UNPACKED_BYTES);
  }

  add({ name, size, originalSize }: UnzipFileInfo): void {
    this.used += originalSize;
    if (originalSize > MAX_DEFLATE_RATIO * size + 64) {
      throw new IoError(
        'io/format',
        `${name} announces ${originalSize} bytes, which ${size} cannot unpack to`,
        { where: this.file },
      );
    }
    if (this.used > this.most) {
      throw new IoError('io/limit', `unpacks to more than ${this.most} bytes`, {
        where: this.file,
      });
    }
  }
}

/** Reads an .npz archive; names lose their `.npy`. */
export function parseNpz(
  bytes: Uint8Array,
  file = '.npz data',
  want: NameFilter = () => true,
): NamedArrays {
  const budget = new UnpackBudget(bytes.length, file);
  let parts: Record<string, Uint8Array>;
  try {
    parts = unzipSync(bytes, {
      filter: (entry) => {
        if (!entry.name.endsWith('.npy') || !want(entry.name.slice(0, -4))) return false;
        budget.add(entry);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof IoError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IoError('io/format', `not a readable .npz (zip) archive: ${why}`, {
      where: file,
      cause,
    });
  }
  const out = noArrays();
  for (const [name, part] of Object.entries(parts)) {
    out[name.slice(0, -4)] = parseNpy(part, `${file}: ${name}`);
  }
  return out;
}

/** Names of the arrays in an .npz archive, without unpacking any. */
export function listNpz(bytes: Uint8Array, file = '.npz data'): string[] {
  const names: string[] = [];
  parseNpz(bytes, file, (name) => {
    names.push(name);
    return false;
  });
  return names;
}

/**
 * Encodes a float32 array as .npy version 1.
 * @param align the whole header is padded to a multiple of this: 64 in NumPy since 1.14, 16 before
 *   (then with 16 spaces where none were needed, which `align` 16 reproduces)
 */
export function serializeNpy(tensor: FloatTensor, align: 16 | 64 = 64): Uint8Array {
  const { shape, data } = tensor;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const bare = 10 + dict.length + 1;
  const padding = align - (bare % align);
  const out = new Uint8Array(bare + padding + data.byteLength);
  out.set([...MAGIC, 1, 0]);
  const text = `${dict}${' '.repeat(padding)}\n`;
  new DataView(out.buffer).setUint16(8, text.length, true);
  out.set(new TextEncoder().encode(text), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bare + padding);
  return out;
}
