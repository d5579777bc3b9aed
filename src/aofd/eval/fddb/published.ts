/** Published ROC files, in the forms in which they are found. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RocKind } from './roc.js';

/** A curve to draw: false positives and the best recall with at most that many. */
export type RocPoint = readonly [falsePositives: number, recall: number];

/** A published curve. */
export interface PublishedCurve {
  /** Rising in both numbers. */
  points: RocPoint[];
  /** Rows of the file. */
  rows: number;
  /** The file has false positives in its first column. */
  isSwapped: boolean;
}

/**
 * Reads `TPR FP [threshold ...]` rows in any order of rows; a file with false positives in its first
 * column is told by its numbers. Lines without two numbers are passed over. null without rows.
 */
export function parsePublishedRoc(text: string): PublishedCurve | null {
  const rows: [number, number][] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [first = NaN, second = NaN] = line
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    if (line.trim() !== '' && Number.isFinite(first) && Number.isFinite(second)) {
      rows.push([first, second]);
    }
  }
  if (rows.length === 0) return null;
  const isSwapped = rows.some(([first]) => first > 1) && rows.every(([, second]) => second <= 1);
  const points = rows.map(([first, second]): RocPoint => {
    return isSwapped ? [first, second] : [second, first];
  });
  return { points: envelope(points), rows: rows.length, isSwapped };
}

/** The best recall for each number of false positives; points that gain nothing are dropped. */
export function envelope(points: readonly RocPoint[]): RocPoint[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const kept: RocPoint[] = [];
  let best = -Infinity;
  for (const point of sorted) {
    if (point[1] <= best) continue;
    best = point[1];
    kept.push(point);
  }
  return kept;
}

/** Recall with at most `limit` false positives; null where the curve starts beyond. */
export function publishedRecallAt(points: readonly RocPoint[], limit: number): number | null {
  let recall: number | null = null;
  for (const [wrong, value] of points) if (wrong <= limit) recall = value;
  return recall;
}

/** At most `count` points up to `limit` false positives, ends kept, spread over the curve. */
export function thinCurve(points: readonly RocPoint[], limit: number, count: number): RocPoint[] {
  const inside = points.filter(([wrong]) => wrong <= limit);
  if (inside.length <= count) return inside;
  const step = (inside.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => inside[Math.round(i * step)]!);
}

/** A published curve with its place. */
export interface NamedCurve extends PublishedCurve {
  kind: RocKind;
  name: string;
  file: string;
}

/**
 * Every `*Disc*` and `*Cont*` text file of a folder that holds rows, by name. Known flaws are
 * repaired while reading: columns in the wrong order, rows out of order, CRLF.
 */
export function readPublishedCurves(folder: string): NamedCurve[] {
  const curves: NamedCurve[] = [];
  for (const file of readdirSync(folder).sort()) {
    const kind = /disc/i.test(file) ? 'discrete' : /cont/i.test(file) ? 'continuous' : null;
    if (kind === null || !/\.txt$/i.test(file)) continue;
    const curve = parsePublishedRoc(readFileSync(join(folder, file), 'latin1'));
    if (curve) curves.push({ ...curve, kind, name: nameOf(file), file });
  }
  return curves;
}

/** `HeadHunter_DiscROC.txt` is HeadHunter, `Uni-Ubi_DiscROC-2.txt` is Uni-Ubi-2. */
function nameOf(file: string): string {
  return file
    .replace(/\.txt$/i, '')
    .replace(/[-_]?(allROC_)?(disc|cont)(ROC)?/i, '')
    .replace(/^[-_]|[-_]$/g, '');
}
