/**
 * HDF5 files (Keras weights) as named float32 arrays, through the WebAssembly build of the HDF5
 * library. Names are paths inside the file, such as `block1_conv1/block1_conv1/kernel:0`.
 */
import { readSync, openSync, closeSync } from 'node:fs';
import { resolve } from 'node:path';
import * as h5wasm from 'h5wasm/node';
import { diskError } from './atomic.node.js';
import { IoError } from './errors.js';
import type { NamedArrays, NameFilter } from './npy.js';
import { elementCount, type FloatTensor } from './stored-tensor.js';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // "\x89HDF\r\n\x1a\n"

/** An open HDF5 file. */
export class H5File implements Disposable {
  /** Paths of all data sets, in the file's order. */
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly file: h5wasm.File,
  ) {
    this.names = file
      .paths()
      .filter((name) => file.get(name) instanceof h5wasm.Dataset)
      .map((name) => name.replace(/^\//, ''));
  }

  static async openAsync(path: string): Promise<H5File> {
    checkSignature(path);
    await h5wasm.ready;
    try {
      return new H5File(path, new h5wasm.File(resolve(path), 'r'));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new IoError(
        'io/format',
        `${path}: damaged HDF5 file: ${why}`,
        'copy or download the file again',
        { cause },
      );
    }
  }

  shape(name: string): number[] {
    return this.dataset(name).shape ?? [];
  }

  /** Reads one data set of numbers as float32. */
  read(name: string): FloatTensor {
    const dataset = this.dataset(name);
    const shape = dataset.shape ?? [];
    const value = dataset.value;
    const numbers =
      typeof value === 'number' || typeof value === 'bigint'
        ? [Number(value)]
        : ArrayBuffer.isView(value) && !(value instanceof DataView)
          ? value
          : undefined;
    if (numbers === undefined) {
      throw new IoError(
        'io/dtype',
        `${this.path}: data set "${name}" has type ${JSON.stringify(dataset.dtype)}, expected numbers`,
      );
    }
    const data =
      numbers instanceof Float32Array
        ? numbers
        : Float32Array.from(numbers as ArrayLike<number | bigint>, Number);
    if (data.length !== elementCount(shape)) {
      throw new IoError(
        'io/format',
        `${this.path}: data set "${name}" has ${data.length} elements`,
      );
    }
    return { shape, data };
  }

  private dataset(name: string): h5wasm.Dataset {
    const found = this.file.get(name);
    if (found instanceof h5wasm.Dataset) return found;
    throw new IoError('io/missing', `${this.path}: no data set "${name}"`);
  }

  close(): void {
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkSignature(path: string): void {
  const head = new Uint8Array(8);
  let got = 0;
  try {
    const fd = openSync(path, 'r');
    try {
      got = readSync(fd, head, 0, 8, 0);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  if (got < 8 || SIGNATURE.some((byte, i) => head[i] !== byte)) {
    throw new IoError(
      'io/format',
      `${path}: not an HDF5 file (its first bytes are not "\\x89HDF")`,
      'check that the download is complete and is not a web page',
    );
  }
}

/** Reads every wanted data set of numbers in an HDF5 file. */
export async function readH5Async(
  path: string,
  want: NameFilter = () => true,
): Promise<NamedArrays> {
  using file = await H5File.openAsync(path);
  const out: NamedArrays = {};
  for (const name of file.names) if (want(name)) out[name] = file.read(name);
  return out;
}
