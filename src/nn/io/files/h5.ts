/**
 * HDF5 files (Keras weights) as named float32 arrays, through the WebAssembly build of the HDF5
 * library. Names are paths inside the file, such as `block1_conv1/block1_conv1/kernel:0`.
 */
import { readSync, openSync, closeSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type * as h5wasm from 'h5wasm/node';
import { diskError } from './disk-errors.js';
import { IoError, shapeText } from '../errors.js';
import { elementCount, type FloatTensor } from '../stored-tensor.js';
import { mostUnpackedBytes } from '../unpack-limit.js';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // "\x89HDF\r\n\x1a\n"

type H5Library = typeof h5wasm;
let loading: Promise<H5Library> | undefined;

/** Loads the library at the first use: it is 4 MB of WebAssembly that most runs never need. */
export function loadH5LibraryAsync(): Promise<H5Library> {
  loading ??= (async () => {
    const before = process.listeners('uncaughtException');
    const library = await import('h5wasm/node');
    const module = await library.ready;
    // It adds a handler that throws uncaught errors again; a library must not change that.
    for (const listener of process.listeners('uncaughtException')) {
      if (!before.includes(listener)) process.off('uncaughtException', listener);
    }
    // Otherwise it prints its error stack and goes on with an invalid file.
    module.activate_throwing_error_handler();
    return library;
  })();
  return loading;
}

/** WebAssembly could not hold a larger data set. */
const MOST_BYTES = 2 ** 31;

/**
 * Refuses a data set that announces more than its file can honestly hold, before anything is allocated.
 * @param fileBytes size of the file
 * @throws IoError `io/limit`
 */
export function checkDatasetSize(dataset: h5wasm.Dataset, fileBytes: number, where: string): void {
  const { shape, size } = dataset.metadata;
  // Whatever the file says of their size: texts become arrays of references, 8 bytes each.
  const bytes = (shape ?? []).reduce((product, n) => product * n, Math.max(8, size));
  const most = mostUnpackedBytes(fileBytes, MOST_BYTES);
  if (bytes <= most) return;
  throw new IoError(
    'io/limit',
    `a data set of ${shapeText(shape ?? [])} takes ${bytes} bytes, at most ${most} are read from this file`,
    { where },
  );
}

/** Closes a file that was only read: where its damage fails the closing, the error of reading it counts. */
export function closeQuietly(file: h5wasm.File): void {
  try {
    file.close();
  } catch {
    // Nothing was to be written.
  }
}

/** An open HDF5 file. */
export class H5File implements Disposable {
  /** Paths of all data sets, in the file's order. */
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly library: H5Library,
    private readonly file: h5wasm.File,
    private readonly fileBytes: number,
  ) {
    this.names = file
      .paths()
      .filter((name) => file.get(name) instanceof library.Dataset)
      .map((name) => name.replace(/^\//, ''));
  }

  static async openAsync(path: string): Promise<H5File> {
    checkSignature(path);
    const library = await loadH5LibraryAsync();
    try {
      const { size } = statSync(path);
      return new H5File(path, library, new library.File(resolve(path), 'r'), size);
    } catch (cause) {
      throw damaged(path, cause);
    }
  }

  shape(name: string): number[] {
    return this.guard(() => this.dataset(name).shape ?? []);
  }

  /** Reads one data set of numbers as float32. */
  read(name: string): FloatTensor {
    const dataset = this.dataset(name);
    const { shape, value } = this.guard(() => {
      checkDatasetSize(dataset, this.fileBytes, `${this.path}: data set "${name}"`);
      return { shape: dataset.shape ?? [], value: dataset.value };
    });
    const numbers =
      typeof value === 'number' || typeof value === 'bigint'
        ? [Number(value)]
        : ArrayBuffer.isView(value) && !(value instanceof DataView)
          ? value
          : undefined;
    if (numbers === undefined) {
      throw new IoError(
        'io/dtype',
        `data set "${name}" has type ${JSON.stringify(dataset.dtype)}, expected numbers`,
        { where: this.path },
      );
    }
    const data =
      numbers instanceof Float32Array
        ? numbers
        : Float32Array.from(numbers as ArrayLike<number | bigint>, Number);
    if (data.length !== elementCount(shape)) {
      throw new IoError('io/format', `data set "${name}" has ${data.length} elements`, {
        where: this.path,
      });
    }
    return { shape, data };
  }

  private dataset(name: string): h5wasm.Dataset {
    const found = this.guard(() => this.file.get(name));
    if (found instanceof this.library.Dataset) return found;
    throw new IoError('io/missing', `no data set "${name}"`, { where: this.path });
  }

  private guard<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw damaged(this.path, cause);
    }
  }

  close(): void {
    closeQuietly(this.file);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The library's innermost reason, from its multi-line error stack. */
function damaged(path: string, cause: unknown): Error {
  if (cause instanceof IoError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const reasons = [...text.matchAll(/#\d+: .*?\(\): (.*)/g)].map((match) => match[1]!);
  return new IoError('io/format', `damaged HDF5 file: ${reasons.at(-1) ?? text}.`, {
    where: path,
    fix: 'copy or download the file again.',
    cause,
  });
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
    throw new IoError('io/format', 'not an HDF5 file (its first bytes are not "\\x89HDF").', {
      where: path,
      fix: 'check that the download is complete and is not a web page.',
    });
  }
}
