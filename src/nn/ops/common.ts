import { NnError } from '../errors.js';
import type { Defines } from '../kernel/preprocess.js';
import { dims4, formatShape, quads, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** A tensor of the same shape, layout and type as `x`, contents undefined. */
export function emptyLike(x: Tensor): Tensor {
  return x.device.empty(x.shape, { layout: x.layout, dtype: x.dtype });
}

/** Parameters and defines by which a kernel keeps the pad lanes of a c4 tensor at zero. */
export function padParams(x: Tensor): {
  defines: Defines;
  params: (start: number) => Record<string, number>;
} {
  const isC4 = x.layout === 'c4';
  const [, c, h, w] = isC4 ? dims4(x.shape) : [0, 1, 1, 1];
  return {
    defines: { C4: isC4 },
    params: (start) => ({ start, hw: h * w, quads: Math.max(1, quads(c)), channels: c }),
  };
}

/** Throws unless the tensors agree in shape, layout and element type. */
export function requireSame(op: string, a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape) && a.layout === b.layout && a.dtype === b.dtype) return;
  throw new NnError(
    'shape',
    `${op}: ${a.describe()} and ${b.describe()} must agree in shape, layout and type.`,
    {
      fix: 'bring both to one layout with toRow or toC4, and to one shape with reshape.',
    },
  );
}

/** Throws unless `x` is row of this rank. */
export function requireRow(op: string, name: string, x: Tensor, rank?: number): void {
  if (x.layout === 'row' && (rank === undefined || x.shape.length === rank)) return;
  const wanted = rank === undefined ? 'a row tensor' : `a row tensor of rank ${rank}`;
  throw new NnError('layout', `${op}: ${name} must be ${wanted}, got ${x.describe()}.`, {
    fix: 'use toRow or reshape first.',
  });
}

/** Throws unless `x` is a c4 map. */
export function requireC4(op: string, name: string, x: Tensor): void {
  if (x.layout === 'c4') return;
  throw new NnError('layout', `${op}: ${name} must be a c4 map, got ${x.describe()}.`, {
    fix: 'use toC4 first.',
  });
}

/** Throws unless `x` has this shape. */
export function requireShape(op: string, name: string, x: Tensor, shape: readonly number[]): void {
  if (sameShape(x.shape, shape)) return;
  throw new NnError('shape', `${op}: ${name} must be ${formatShape(shape)}, got ${x.describe()}.`, {
    fix: 'reshape it, or check which tensor was passed.',
  });
}

/** Copies `bytes` bytes between two buffers, in order with the dispatches. */
export function copyBytes(
  source: Tensor,
  fromByte: number,
  target: Tensor,
  toByte: number,
  bytes: number,
): void {
  if (bytes === 0) return;
  source.device.context.copy(source.buffer, fromByte, target.buffer, toByte, bytes);
}
