import type { TwinArray } from '../twins/nd.js';

/** How far a device's values are from the reference. */
export interface Difference {
  /** Largest |got - want|. */
  maxAbs: number;
  /** Largest |want|: the scale to judge by. */
  peak: number;
  /** maxAbs / peak. */
  relative: number;
  /** Flat index of the largest difference, -1 where there are no elements. */
  index: number;
  got: number;
  want: number;
  /** Elements that are not finite on the device but are in the reference. */
  nonFinite: number;
}

/** Compares values in logical row-major order. */
export function differenceOf(got: ArrayLike<number>, want: TwinArray): Difference {
  const out: Difference = {
    maxAbs: 0,
    peak: 0,
    relative: 0,
    index: -1,
    got: 0,
    want: 0,
    nonFinite: 0,
  };
  for (let i = 0; i < want.data.length; i++) {
    const w = want.data[i] as number;
    const g = got[i] ?? NaN;
    out.peak = Math.max(out.peak, Math.abs(w));
    const error = Number.isFinite(g) ? Math.abs(g - w) : Infinity;
    if (error === Infinity) out.nonFinite++;
    if (out.index >= 0 && error <= out.maxAbs) continue;
    out.maxAbs = error;
    out.index = i;
    out.got = g;
    out.want = w;
  }
  out.relative = out.maxAbs === 0 ? 0 : out.maxAbs / Math.max(out.peak, 1e-30);
  return out;
}

/** One line of a report. */
export interface CheckRow {
  /** Operation, or layer of a network. */
  name: string;
  op: string;
  /** Shape of the output. */
  shape: readonly number[];
  difference: Difference | null;
  /** Largest `relative` that passes. */
  tolerance: number;
  passed: boolean;
  /** Time on the device, where measured. */
  timeMs?: number;
  /** Why it was not compared, or what failed. */
  note?: string;
}

/** A row from a comparison. */
export function checkRow(
  name: string,
  op: string,
  got: ArrayLike<number>,
  want: TwinArray,
  tolerance: number,
): CheckRow {
  const difference = differenceOf(got, want);
  return {
    name,
    op,
    shape: want.shape,
    difference,
    tolerance,
    passed: got.length === want.data.length && difference.relative <= tolerance,
    ...(got.length === want.data.length
      ? {}
      : { note: `${got.length} values, expected ${want.data.length}` }),
  };
}

/** The rows as an aligned table, one line each. */
export function formatRows(rows: readonly CheckRow[]): string {
  const cells = rows.map((row) => [
    row.passed ? (row.difference ? 'ok' : '-') : 'FAILED',
    row.name,
    row.op,
    row.shape.join('x'),
    row.difference ? row.difference.maxAbs.toExponential(1) : '',
    row.difference ? row.difference.relative.toExponential(1) : '',
    row.timeMs === undefined ? '' : `${row.timeMs.toFixed(1)} ms`,
    row.note ?? '',
  ]);
  const table = [['', 'name', 'operation', 'shape', 'error', 'relative', 'time', ''], ...cells];
  const widths = (table[0] as string[]).map((_, i) =>
    Math.max(...table.map((r) => (r[i] as string).length)),
  );
  return table
    .map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
