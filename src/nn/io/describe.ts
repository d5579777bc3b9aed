/** A table of tensors for people: name, shape, type, range, mean, and how many are not finite. */
import { shapeText } from './errors.js';
import { toFloat32, type StoredTensor } from './stored-tensor.js';

export interface TensorSummary {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly count: number;
  /** Of the finite values; NaN when there is none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** NaNs and infinities. */
  readonly nonFinite: number;
}

export function summarizeTensor(
  name: string,
  tensor: StoredTensor | { shape: readonly number[]; data: Float32Array },
): TensorSummary {
  const full: StoredTensor = 'dtype' in tensor ? tensor : { ...tensor, dtype: 'F32' };
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let nonFinite = 0;
  const values = toFloat32(full);
  for (const v of values) {
    if (!Number.isFinite(v)) {
      nonFinite++;
      continue;
    }
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
  }
  const finite = values.length - nonFinite;
  const nothing = finite === 0;
  return {
    name,
    shape: full.shape,
    dtype: full.dtype,
    count: values.length,
    min: nothing ? NaN : min,
    max: nothing ? NaN : max,
    mean: nothing ? NaN : sum / finite,
    nonFinite,
  };
}

/** One aligned line per tensor, then the total. */
export function describeTensors(
  tensors: Readonly<
    Record<string, StoredTensor | { shape: readonly number[]; data: Float32Array }>
  >,
): string {
  const rows = Object.entries(tensors).map(([name, t]) => summarizeTensor(name, t));
  const number = (v: number): string => (Number.isNaN(v) ? '-' : v.toPrecision(4));
  const cells = [
    ['name', 'type', 'shape', 'min', 'max', 'mean', 'not finite'],
    ...rows.map((r) => [
      r.name,
      r.dtype,
      shapeText(r.shape),
      number(r.min),
      number(r.max),
      number(r.mean),
      r.nonFinite === 0 ? '' : String(r.nonFinite),
    ]),
  ];
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  const lines = cells.map((row) =>
    row
      .map((text, c) => text.padEnd(widths[c]!))
      .join('  ')
      .trimEnd(),
  );
  const total = rows.reduce((sum, r) => sum + r.count, 0);
  return [...lines, `${rows.length} tensors, ${total} elements`].join('\n');
}
