/**
 * Plain tensors on the CPU, as files hold them: shape, element type and a typed array.
 * No device is involved. All multi-byte data is little-endian, as is every platform that runs
 * WebGPU today.
 */
import { IoError, shapeText } from './errors.js';

/** Element types, by their safetensors names. */
export type FileDtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'U64'
  | 'I32'
  | 'U32'
  | 'I16'
  | 'U16'
  | 'I8'
  | 'U8'
  | 'BOOL';

export type DataArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/**
 * A tensor as stored: dense, row-major. F16 and BF16 are held as their bits in a Uint16Array and
 * BOOL as 0/1 in a Uint8Array, so reading and writing never changes a bit; `toFloat32` decodes.
 */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: FileDtype;
  readonly data: DataArray;
}

/** A float32 tensor, which is what network parameters are. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const DTYPE_BYTES: Readonly<Record<FileDtype, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const ARRAY_TYPE = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export function isFileDtype(name: unknown): name is FileDtype {
  return typeof name === 'string' && Object.hasOwn(DTYPE_BYTES, name);
}

/** A float32 tensor as file data. */
export function floatData(data: Float32Array, shape: readonly number[]): StoredTensor {
  return { shape, dtype: 'F32', data };
}

/** Number of elements; 1 for a scalar. Throws when it is no safe integer. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new IoError('io/argument', `shape [${shape.join(', ')}] has a bad extent ${n}`);
    }
    // A zero extent makes the tensor empty however large the others are.
    count *= n;
  }
  if (!Number.isSafeInteger(count)) {
    throw new IoError('io/limit', `shape [${shape.join(', ')}] has more than 2^53 elements`);
  }
  return count;
}

/** Typed view of `bytes` (copied when the offset is not aligned for the element type). */
export function bytesToArray(bytes: Uint8Array, dtype: FileDtype): DataArray {
  const width = DTYPE_BYTES[dtype];
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  const ArrayType = ARRAY_TYPE[dtype] as new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => DataArray;
  return new ArrayType(aligned.buffer, aligned.byteOffset, bytes.byteLength / width);
}

/** The bytes of a typed array, without a copy. */
export function arrayToBytes(data: DataArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Throws unless element type, array type and element count of a tensor agree. */
export function checkStoredTensor(name: string, t: StoredTensor): void {
  if (!isFileDtype(t.dtype)) {
    throw new IoError('io/dtype', `tensor "${name}": unknown element type "${String(t.dtype)}"`);
  }
  if (!(t.data instanceof ARRAY_TYPE[t.dtype])) {
    throw new IoError(
      'io/argument',
      `tensor "${name}": ${t.dtype} needs a ${ARRAY_TYPE[t.dtype].name}, got a ${t.data.constructor.name}`,
    );
  }
  const count = elementCount(t.shape);
  if (t.data.length !== count) {
    throw new IoError(
      'io/argument',
      `tensor "${name}": shape ${shapeText(t.shape)} has ${count} elements, the data has ${t.data.length}`,
    );
  }
}

const scratchF32 = new Float32Array(1);
const scratchU32 = new Uint32Array(scratchF32.buffer);

/** IEEE half precision bits (0..65535) to a number; exact, NaN and infinities included. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Number to the nearest IEEE half precision bits, ties to even; overflow gives infinity. */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Spacing of halves at this magnitude: 2^-24 for subnormals, else 2^(exponent - 10).
  let exponent = -14;
  if (size >= 2 ** -14) {
    scratchF32[0] = size;
    exponent = (scratchU32[0]! >>> 23) - 127;
    if (2 ** exponent > size) exponent -= 1; // float32 rounding went up to the next power
  }
  const units = size / 2 ** (exponent - 10);
  let rounded = Math.floor(units);
  const rest = units - rounded;
  if (rest > 0.5 || (rest === 0.5 && rounded % 2 === 1)) rounded += 1;
  // For normal numbers `rounded` is 1024..2048; the carry into the exponent comes out by itself.
  return sign | (size < 2 ** -14 ? rounded : ((exponent + 14) << 10) + rounded);
}

/**
 * The tensor's values as float32. F32 data is returned as it is (not copied); F64 and 64-bit
 * integers lose precision; F16 and BF16 are decoded exactly.
 */
export function toFloat32(t: StoredTensor): Float32Array {
  const { data, dtype } = t;
  if (data instanceof Float32Array) return data;
  const out = new Float32Array(data.length);
  if (dtype === 'F16') {
    for (let i = 0; i < out.length; i++) out[i] = halfToFloat(Number(data[i]));
  } else if (dtype === 'BF16') {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < out.length; i++) bits[i] = Number(data[i]) << 16;
  } else {
    for (let i = 0; i < out.length; i++) out[i] = Number(data[i]);
  }
  return out;
}

/** float32 values rounded to half precision: halves the size of a published weight file. */
export function toHalf(t: FloatTensor): StoredTensor {
  const data = new Uint16Array(t.data.length);
  for (let i = 0; i < data.length; i++) data[i] = floatToHalf(t.data[i]!);
  return { shape: t.shape, dtype: 'F16', data };
}
