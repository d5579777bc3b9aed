/**
 * Safetensors files on disk: single tensors read by file range (a 550 MB file costs only what is
 * asked of it), and an atomic writer that streams one tensor at a time.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { atomicWriteStreamAsync } from './atomic.js';
import { diskError } from './disk-errors.js';
import { checkRegularFile } from './regular-file.js';
import { IoError, nameList } from '../errors.js';
import {
  layoutSafetensors,
  parseHeader,
  readHeaderLength,
  type SafetensorsEntry,
  type SafetensorsHeader,
  type TensorInfo,
} from '../safetensors.js';
import {
  arrayToBytes,
  bytesToArray,
  checkStoredTensor,
  toFloat32,
  type DataArray,
  type FloatTensor,
  type StoredTensor,
} from '../stored-tensor.js';

/** An open safetensors file: `using file = SafetensorsFile.open(path)`. */
export class SafetensorsFile implements Disposable {
  private constructor(
    readonly path: string,
    private fd: number | undefined,
    private readonly header: SafetensorsHeader,
  ) {}

  /** Opens a file and checks its header completely; no tensor is read yet. */
  static open(path: string): SafetensorsFile {
    let fd: number | undefined;
    try {
      checkRegularFile(path);
      fd = openSync(path, 'r');
      const stat = fstatSync(fd);
      const first = readRange(fd, 0, Math.min(8, stat.size), path);
      const length = readHeaderLength(first, stat.size, path);
      const json = readRange(fd, 8, length, path);
      return new SafetensorsFile(path, fd, parseHeader(json, stat.size - 8 - length, path));
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      throw diskError('read', path, cause);
    }
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  get names(): string[] {
    return [...this.header.entries.keys()];
  }

  has(name: string): boolean {
    return this.header.entries.has(name);
  }

  /** Shape, element type and place of a tensor, without reading it. */
  entry(name: string): SafetensorsEntry {
    const entry = this.header.entries.get(name);
    if (entry) return entry;
    throw new IoError('io/missing', `no tensor "${name}"; it has ${nameList(this.names)}`, {
      where: this.path,
    });
  }

  /** Reads one tensor. */
  read(name: string): StoredTensor {
    const entry = this.entry(name);
    if (this.fd === undefined)
      throw new IoError('io/argument', 'already closed', { where: this.path });
    const start = this.header.dataStart + entry.begin;
    const bytes = readRange(this.fd, start, entry.end - entry.begin, this.path);
    return { shape: entry.shape, dtype: entry.dtype, data: bytesToArray(bytes, entry.dtype) };
  }

  /** Reads one tensor as float32, whatever its element type. */
  readFloat32(name: string): FloatTensor {
    const t = this.read(name);
    return { shape: t.shape, data: toFloat32(t) };
  }

  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function readRange(fd: number, start: number, length: number, path: string): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const got = readSync(fd, out, at, Math.min(length - at, 1 << 30), start + at);
    if (got === 0) {
      throw new IoError(
        'io/format',
        `truncated: ended at byte ${start + at} while reading up to ${start + length}.`,
        { where: path, fix: 'copy or download the file again.' },
      );
    }
    at += got;
  }
  return out;
}

/** Reads every tensor of a file. */
export function readSafetensorsFile(path: string): {
  metadata: Readonly<Record<string, string>>;
  tensors: Record<string, StoredTensor>;
} {
  using file = SafetensorsFile.open(path);
  const tensors: Record<string, StoredTensor> = {};
  for (const name of file.names) tensors[name] = file.read(name);
  return { metadata: file.metadata, tensors };
}

/** A tensor whose data is fetched only when its turn comes (for example read back from a GPU). */
export interface LazyTensor extends TensorInfo {
  readonly data: DataArray | (() => DataArray | Promise<DataArray>);
}

/**
 * Writes a safetensors file atomically, holding one lazy tensor in memory at a time.
 * @returns the file's size and SHA-256
 */
export async function writeSafetensorsFileAsync(
  path: string,
  tensors: Readonly<Record<string, StoredTensor | LazyTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ sizeBytes: number; sha256: string }> {
  const { head, order, totalBytes } = layoutSafetensors(tensors, metadata);
  const hash = createHash('sha256');
  await atomicWriteStreamAsync(path, async (write) => {
    const put = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      await write(bytes);
    };
    await put(head);
    for (const name of order) {
      const { data, dtype, shape } = tensors[name]!;
      const ready = typeof data === 'function' ? await data() : data;
      checkStoredTensor(name, { data: ready, dtype, shape });
      await put(arrayToBytes(ready));
    }
  });
  return { sizeBytes: totalBytes, sha256: hash.digest('hex') };
}
