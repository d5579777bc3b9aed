/** Element types that a tensor may hold. All are 4 bytes wide. */
export type DType = 'f32' | 'i32' | 'u32';

/**
 * How a tensor's elements lie in its buffer.
 * - `row`: dense row-major, any rank.
 * - `c4`: rank 4 (N, C, H, W) only, stored as [N][ceil(C/4)][H][W][4]. The channel lanes beyond C
 *   hold zero; every kernel that writes a `c4` tensor keeps it so.
 */
export type Layout = 'row' | 'c4';

export type Shape = readonly number[];

/** Number of elements of a logical shape. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Channel quads of a channel count: ceil(C / 4). */
export function quads(channels: number): number {
  return Math.ceil(channels / 4);
}

/** Number of 4-byte elements that a tensor of this shape and layout stores, padding included. */
export function storedSize(shape: Shape, layout: Layout): number {
  if (layout === 'row') return sizeOf(shape);
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  return n * quads(c) * h * w * 4;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** "2x64x38x50", or "scalar" for rank 0. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}

/** The four dimensions of a rank 4 shape. */
export function dims4(shape: Shape): [number, number, number, number] {
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  return [n, c, h, w];
}

/** Logical row-major NCHW values into `c4` storage order. */
export function packC4(source: ArrayLike<number>, shape: Shape): Float32Array {
  const [n, c, h, w] = dims4(shape);
  const q = quads(c);
  const hw = h * w;
  const out = new Float32Array(n * q * hw * 4);
  for (let b = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      const from = (b * c + ch) * hw;
      const to = (b * q + (ch >> 2)) * hw * 4 + (ch & 3);
      for (let i = 0; i < hw; i++) out[to + 4 * i] = source[from + i] as number;
    }
  }
  return out;
}

/** `c4` storage order into logical row-major NCHW values. */
export function unpackC4(stored: Float32Array, shape: Shape): Float32Array {
  const [n, c, h, w] = dims4(shape);
  const q = quads(c);
  const hw = h * w;
  const out = new Float32Array(n * c * hw);
  for (let b = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      const to = (b * c + ch) * hw;
      const from = (b * q + (ch >> 2)) * hw * 4 + (ch & 3);
      for (let i = 0; i < hw; i++) out[to + i] = stored[from + 4 * i] as number;
    }
  }
  return out;
}
