/** NumPy's element types and memory orders, decoded to row-major float32. */
import { IoError } from './errors.js';
import { halfToFloat } from './stored-tensor.js';

/**
 * Numbers of one NumPy type as float32.
 * @param descr `<f4`, `>i8`, `|u1`, ...
 */
export function decodeNumbers(
  bytes: Uint8Array,
  descr: string,
  count: number,
  file: string,
): Float32Array {
  const match = /^([<>|=]?)([fiub])(\d)$/.exec(descr === '?' ? '|b1' : descr);
  const kind = match?.[2] ?? '';
  const width = Number(match?.[3]);
  const known = { f: [2, 4, 8], i: [1, 2, 4, 8], u: [1, 2, 4, 8], b: [1] }[kind];
  if (!known?.includes(width)) {
    throw new IoError(
      'io/dtype',
      `NumPy type '${descr}' is not supported, known: booleans, integers and floats.`,
      { where: file, fix: 'convert it with array.astype("float32").' },
    );
  }
  if (bytes.byteLength !== count * width) {
    throw new IoError(
      'io/format',
      `${count} elements of '${descr}' need ${count * width} bytes, got ${bytes.byteLength}`,
      { where: file },
    );
  }
  const little = match?.[1] !== '>';
  if (kind === 'f' && width === 4 && little) {
    return new Float32Array(new Uint8Array(bytes).buffer); // one copy, aligned
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: Record<string, (at: number) => number> = {
    f2: (at) => halfToFloat(view.getUint16(at, little)),
    f4: (at) => view.getFloat32(at, little),
    f8: (at) => view.getFloat64(at, little),
    i1: (at) => view.getInt8(at),
    i2: (at) => view.getInt16(at, little),
    i4: (at) => view.getInt32(at, little),
    i8: (at) => Number(view.getBigInt64(at, little)),
    u1: (at) => view.getUint8(at),
    u2: (at) => view.getUint16(at, little),
    u4: (at) => view.getUint32(at, little),
    u8: (at) => Number(view.getBigUint64(at, little)),
    b1: (at) => (view.getUint8(at) ? 1 : 0),
  };
  const get = read[`${kind}${width}`]!;
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = get(i * width);
  return out;
}

/** Column-major (Fortran) data to row-major. */
export function fortranToRowMajor(data: Float32Array, shape: readonly number[]): Float32Array {
  const out = new Float32Array(data.length);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let at = 0;
    for (let d = shape.length - 1; d >= 0; d--) at = at * shape[d]! + index[d]!;
    out[i] = data[at]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d] = index[d]! + 1;
      if (index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return out;
}
