/** A float64 array in logical row-major order: what the CPU twins compute on. */
export interface TwinArray {
  shape: number[];
  data: Float64Array;
}

/** Number of elements of a shape; 1 for rank 0. */
export function ndSize(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/**
 * An array of this shape: a copy of `data`, or zeros.
 * @throws RangeError when the number of values is not that of the shape.
 */
export function nd(shape: readonly number[], data?: ArrayLike<number>): TwinArray {
  const size = ndSize(shape);
  if (data !== undefined && data.length !== size) {
    throw new RangeError(`nd: ${data.length} values do not fill shape [${shape.join(', ')}].`);
  }
  return {
    shape: [...shape],
    data: data === undefined ? new Float64Array(size) : Float64Array.from(data),
  };
}

/** Element i, which must exist: spares the reader of a twin the undefined checks. */
export function at(a: TwinArray, i: number): number {
  const value = a.data[i];
  if (value === undefined) {
    throw new RangeError(`element ${i} of an array of shape [${a.shape.join(', ')}]`);
  }
  return value;
}

/** The logistic function: sigmoid of one number. */
export function logistic(v: number): number {
  return 1 / (1 + Math.exp(-v));
}

/** The four dimensions of a rank 4 array. */
export function nd4(a: TwinArray): [number, number, number, number] {
  const [n = 0, c = 0, h = 0, w = 0] = a.shape;
  return [n, c, h, w];
}

/** Rows and columns of a rank 2 array. */
export function nd2(a: TwinArray): [number, number] {
  const [rows = 0, columns = 0] = a.shape;
  return [rows, columns];
}
