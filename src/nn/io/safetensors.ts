/**
 * The safetensors format: 8 bytes header length (u64, little-endian), a JSON header, then the
 * tensors' bytes, each `data_offsets: [begin, end)` counted from the end of the header.
 * Works in Node and in browsers; `files/safetensors-file.ts` adds files.
 *
 * The reader refuses what an honest writer never makes: a header that is truncated, too large, not
 * UTF-8, not JSON, or names a tensor twice; offsets out of range; tensors that overlap or leave
 * bytes unused; a byte count that differs from shape times element size.
 */
import { IoError, shapeText } from './errors.js';
import { findDuplicateKey } from './json-keys.js';
import {
  arrayToBytes,
  bytesToArray,
  checkStoredTensor,
  DTYPE_BYTES,
  elementCount,
  isFileDtype,
  type FileDtype,
  type StoredTensor,
} from './stored-tensor.js';
import { parseJsonText } from '../json.js';

/** A larger header is refused: real files hold a few kilobytes (same limit as the reference). */
export const MAX_HEADER_BYTES = 100_000_000;

/** One tensor's place in a file; `begin` and `end` count from the first byte after the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** Free text of the file: the `__metadata__` map. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Entries in the order of their bytes. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Where the tensors' bytes begin in the file. */
  readonly dataStart: number;
}

export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A tensor to write, its data perhaps not yet at hand. */
export interface TensorInfo {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
}

/** Length of the JSON header, checked against the file's size; the first 8 bytes suffice. */
export function readHeaderLength(first8: Uint8Array, fileBytes: number, file: string): number {
  if (first8.byteLength < 8 || fileBytes < 8) {
    throw new IoError(
      'io/format',
      `not a safetensors file: it has ${fileBytes} bytes, at least 8 are needed.`,
      { where: file, fix: 'check that the download or copy is complete.' },
    );
  }
  const view = new DataView(first8.buffer, first8.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new IoError(
      'io/limit',
      `not a safetensors file: header length ${length} is over the limit of ${MAX_HEADER_BYTES} bytes.`,
      { where: file, fix: 'check that this is a .safetensors file and not another format.' },
    );
  }
  if (Number(length) + 8 > fileBytes) {
    throw new IoError(
      'io/format',
      `truncated: the header needs ${Number(length) + 8} bytes, the file has ${fileBytes}.`,
      { where: file, fix: 'copy or download the file again.' },
    );
  }
  return Number(length);
}

/**
 * Checks and decodes the JSON header.
 * @param json the header's bytes, without the 8 bytes before it
 * @param dataBytes bytes of the file after the header
 */
export function parseHeader(json: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const parsed = decodeHeader(json, file);
  let metadata: Record<string, string> = {};
  const entries: SafetensorsEntry[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '__metadata__') metadata = checkMetadata(value, file);
    else entries.push(checkEntry(name, value, file));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, dataBytes, file);
  return {
    metadata,
    entries: new Map(entries.map((e) => [e.name, e])),
    dataStart: json.byteLength + 8,
  };
}

function decodeHeader(json: Uint8Array, file: string): object {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch (cause) {
    throw new IoError('io/format', 'the header is not valid UTF-8', { where: file, cause });
  }
  if (!text.startsWith('{')) {
    const got = text.slice(0, 1);
    throw new IoError(
      'io/format',
      `not a safetensors file: the header must start with "{", got ${got ? JSON.stringify(got) : 'an empty header'}.`,
      { where: file, fix: 'check that this is a .safetensors file and not another format.' },
    );
  }
  let parsed: unknown;
  try {
    parsed = parseJsonText(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IoError('io/format', `the header is not valid JSON: ${why}`, { where: file, cause });
  }
  const twice = findDuplicateKey(text);
  if (twice !== undefined) {
    throw new IoError('io/format', `the header has the key "${twice}" more than once`, {
      where: file,
    });
  }
  return parsed as object;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(value: unknown, file: string): Record<string, string> {
  if (!isObject(value)) {
    throw new IoError('io/format', '__metadata__ must be an object of strings', { where: file });
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new IoError(
        'io/format',
        `__metadata__["${key}"] must be a string, got ${JSON.stringify(text)}`,
        { where: file },
      );
    }
  }
  return value as Record<string, string>;
}

const isIndex = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;

function checkEntry(name: string, value: unknown, file: string): SafetensorsEntry {
  const where = `${file}: tensor "${name}"`;
  if (name === '__proto__') throw new IoError('io/format', 'this name is not allowed', { where });
  if (!isObject(value)) {
    throw new IoError('io/format', 'expected {dtype, shape, data_offsets}', { where });
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isFileDtype(dtype)) {
    throw new IoError(
      'io/dtype',
      `unknown dtype ${JSON.stringify(dtype)}, known: ${Object.keys(DTYPE_BYTES).join(' ')}`,
      { where },
    );
  }
  if (!Array.isArray(shape) || !shape.every(isIndex)) {
    throw new IoError(
      'io/format',
      `shape must be a list of non-negative integers, got ${JSON.stringify(shape)}`,
      { where },
    );
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isIndex)) {
    throw new IoError(
      'io/format',
      `data_offsets must be two non-negative integers, got ${JSON.stringify(offsets)}`,
      { where },
    );
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) {
    throw new IoError('io/format', `data_offsets [${begin}, ${end}] run backwards`, { where });
  }
  let expected: number;
  try {
    expected = elementCount(shape as number[]) * DTYPE_BYTES[dtype];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IoError('io/limit', `${why}`, { where, cause });
  }
  if (end - begin !== expected) {
    throw new IoError(
      'io/format',
      `${dtype} ${shapeText(shape as number[])} needs ${expected} bytes, data_offsets [${begin}, ${end}] give ${end - begin}`,
      { where },
    );
  }
  return { name, dtype, shape: shape as number[], begin, end };
}

/** The sorted entries must cover the data exactly: no hole, no overlap, nothing after the last. */
function checkCoverage(
  entries: readonly SafetensorsEntry[],
  dataBytes: number,
  file: string,
): void {
  let at = 0;
  let before = 'the header';
  for (const e of entries) {
    if (e.end > dataBytes) {
      throw new IoError(
        'io/format',
        `truncated: tensor "${e.name}" ends at byte ${e.end} of the data, the file has ${dataBytes}.`,
        { where: file, fix: 'copy or download the file again.' },
      );
    }
    if (e.begin < at) {
      throw new IoError(
        'io/format',
        `tensor "${e.name}" begins at ${e.begin}, inside ${before} which ends at ${at}`,
        { where: file },
      );
    }
    if (e.begin > at) {
      throw new IoError(
        'io/format',
        `bytes ${at} to ${e.begin} between ${before} and tensor "${e.name}" belong to no tensor`,
        { where: file },
      );
    }
    at = e.end;
    before = `tensor "${e.name}"`;
  }
  if (at !== dataBytes) {
    throw new IoError(
      'io/format',
      `${dataBytes - at} bytes after ${before} belong to no tensor (data ends at ${at}, file has ${dataBytes})`,
      { where: file },
    );
  }
}

/**
 * Decodes a whole file held in memory. Tensors are views of `bytes` where alignment allows.
 * @param file the name used in error messages
 */
export function parseSafetensors(bytes: Uint8Array, file = 'safetensors data'): Safetensors {
  const headerBytes = readHeaderLength(bytes.subarray(0, 8), bytes.byteLength, file);
  const json = bytes.subarray(8, 8 + headerBytes);
  const header = parseHeader(json, bytes.byteLength - 8 - headerBytes, file);
  const tensors = new Map<string, StoredTensor>();
  for (const e of header.entries.values()) {
    const part = bytes.subarray(header.dataStart + e.begin, header.dataStart + e.end);
    tensors.set(e.name, { shape: e.shape, dtype: e.dtype, data: bytesToArray(part, e.dtype) });
  }
  return { metadata: header.metadata, tensors };
}

/**
 * Header and byte order of a file to be written. Wider element types come first, so that every
 * tensor is aligned; otherwise the order given is kept. The same input gives the same bytes.
 */
export function layoutSafetensors(
  infos: Readonly<Record<string, TensorInfo>>,
  metadata: Readonly<Record<string, string>> = {},
): { head: Uint8Array; order: string[]; totalBytes: number } {
  const names = Object.keys(infos);
  for (const reserved of ['__metadata__', '__proto__']) {
    if (Object.hasOwn(infos, reserved)) {
      throw new IoError('io/argument', `a tensor cannot be named "${reserved}"`);
    }
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') {
      throw new IoError('io/argument', `metadata "${key}" must be a string, got ${typeof text}`);
    }
  }
  const width = (name: string): number => DTYPE_BYTES[infos[name]!.dtype];
  const order = [...names].sort((a, b) => width(b) - width(a));
  // Built as pairs: an object would move integer-like names ("0") to the front.
  const parts: string[] = [];
  if (Object.keys(metadata).length > 0) parts.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let at = 0;
  for (const name of order) {
    const { dtype, shape } = infos[name]!;
    const end = at + elementCount(shape) * DTYPE_BYTES[dtype];
    parts.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, end] })}`,
    );
    at = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return { head, order, totalBytes: head.byteLength + at };
}

/** Encodes tensors and metadata as one safetensors file. */
export function serializeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, t] of Object.entries(tensors)) checkStoredTensor(name, t);
  const { head, order, totalBytes } = layoutSafetensors(tensors, metadata);
  const out = new Uint8Array(totalBytes);
  out.set(head);
  let at = head.byteLength;
  for (const name of order) {
    const bytes = arrayToBytes(tensors[name]!.data);
    out.set(bytes, at);
    at += bytes.byteLength;
  }
  return out;
}
