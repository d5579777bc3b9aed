import { NnError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';

/**
 * How corners are read: `inclusive`, x2 is the last pixel inside and width = x2 - x1 + 1 (the
 * paper); `continuous`, width = x2 - x1.
 */
export type Corners = 'inclusive' | 'continuous';

/** What x2 - x1 lacks to be the width. */
export function extentOf(corners: Corners): 0 | 1 {
  return corners === 'inclusive' ? 1 : 0;
}

/** Number of boxes of a row f32 tensor [R, 4]. */
export function requireBoxes(op: string, name: string, x: Tensor): number {
  const [rows = 0, columns] = x.shape;
  if (x.shape.length === 2 && columns === 4 && x.layout === 'row' && x.dtype === 'f32') return rows;
  throw new NnError('shape', `${op}: ${name} must be row f32 [R, 4], got ${x.describe()}.`, {
    fix: 'pass x1, y1, x2, y2 of one box per row.',
  });
}

/** Number of elements of a row tensor of rank 1. */
export function requireList(
  op: string,
  name: string,
  x: Tensor,
  dtypes: readonly string[],
): number {
  if (x.shape.length === 1 && x.layout === 'row' && dtypes.includes(x.dtype)) {
    return x.shape[0] as number;
  }
  throw new NnError(
    'shape',
    `${op}: ${name} must be a row ${dtypes.join(' or ')} tensor of rank 1, got ${x.describe()}.`,
    { fix: 'reshape it to one dimension.' },
  );
}

/** Throws where a whole number >= 0 is expected and something else was given. */
export function requireCount(op: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new NnError('option', `${op}: ${name} must be a whole number >= 0, got ${value}.`);
}

/** Throws when an operation that binds a tensor whole is given one that is too large. */
export function requireBindable(op: string, what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new NnError(
    'binding-limit',
    `${op}: ${what} takes ${bytes} bytes, this adapter binds ${limit}.`,
    { kind: 'device', fix: 'pass fewer elements: keep the best scores first.' },
  );
}
