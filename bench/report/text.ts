import type { Spread } from '../measure/stats.js';

/** Three significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function shortSpread(spread: Spread | undefined): string {
  if (!spread) return '-';
  const { median, low, high, count } = spread;
  return count < 2 ? short(median) : `${short(median)} (${short(low)}..${short(high)})`;
}

/** Columns padded to their widest cell; the first `left` ones to the left, the others to the right. */
export function alignRows(rows: readonly (readonly string[])[], left = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
