/** ROC curves of a set in the form of the FDDB tool's files (docs/spec.md 6.1). */
import { formatG6 } from './number-format.js';
import type { ImageCurve } from './match.js';

/** Results of a set at every score, from the lowest threshold to the highest. */
export interface Roc {
  /** Number of faces: the denominator. */
  faces: number;
  /** Rising; ends with Number.MAX_VALUE when some picture has no detection. */
  thresholds: Float64Array;
  hits: Float64Array;
  overlap: Float64Array;
  wrong: Float64Array;
}

/** Discrete: share of faces found. Continuous: mean IoU of faces, 0 for those without a pair. */
export type RocKind = 'discrete' | 'continuous';

/**
 * Adds up pictures: at a threshold each contributes its result at its smallest own score that is
 * not below, or nothing beyond its highest. Sums run in the order of the pictures, so that they
 * round as the tool's do.
 */
export function assembleRoc(curves: readonly ImageCurve[]): Roc {
  const distinct = new Set<number>();
  for (const curve of curves) for (const t of curve.thresholds) distinct.add(t);
  if (curves.some((curve) => curve.thresholds.length === 0)) distinct.add(Number.MAX_VALUE);
  const thresholds = Float64Array.from(distinct).sort();
  const rows = new Map<number, number>();
  thresholds.forEach((t, row) => rows.set(t, row));
  const hits = new Float64Array(thresholds.length);
  const overlap = new Float64Array(thresholds.length);
  const wrong = new Float64Array(thresholds.length);
  let faces = 0;
  for (const curve of curves) {
    faces += curve.faces;
    let row = 0;
    curve.thresholds.forEach((threshold, step) => {
      const end = rows.get(threshold)!;
      for (; row <= end; row++) {
        hits[row]! += curve.hits[step]!;
        overlap[row]! += curve.overlap[step]!;
        wrong[row]! += curve.wrong[step]!;
      }
    });
  }
  return { faces, thresholds, hits, overlap, wrong };
}

/** A working point of a curve. */
export interface WorkingPoint {
  /** 0..1; 0 where no row is allowed. */
  recall: number;
  /** Infinity where no row is allowed. */
  threshold: number;
  falsePositives: number;
  /** The curve has no more false positives than this: a lower score floor might give more. */
  isEnd: boolean;
}

/** The highest recall with at most `limit` false positives; of equal recall the highest threshold. */
export function recallAt(roc: Roc, kind: RocKind, limit: number): WorkingPoint {
  const values = kind === 'discrete' ? roc.hits : roc.overlap;
  let best = -1;
  let most = 0;
  for (let row = 0; row < values.length; row++) {
    most = Math.max(most, roc.wrong[row]!);
    if (roc.wrong[row]! <= limit && (best < 0 || values[row]! >= values[best]!)) best = row;
  }
  const isEnd = most < limit;
  if (best < 0) return { recall: 0, threshold: Infinity, falsePositives: 0, isEnd };
  return {
    recall: roc.faces > 0 ? values[best]! / roc.faces : 0,
    threshold: roc.thresholds[best]!,
    falsePositives: roc.wrong[best]!,
    isEnd,
  };
}

/** The lowest threshold with at most `limit` false positives; Infinity where there is none. */
export function thresholdAt(roc: Roc, limit: number): number {
  const row = roc.wrong.findIndex((wrong) => wrong <= limit);
  return row < 0 ? Infinity : roc.thresholds[row]!;
}

/**
 * The tool's file: `TPR FP threshold` (discrete) or `TPR FP` (continuous), rising threshold, six
 * significant digits. `faces` replaces the denominator.
 */
export function formatRoc(roc: Roc, kind: RocKind, faces = roc.faces): string {
  const lines: string[] = [];
  roc.thresholds.forEach((threshold, row) => {
    const value = (kind === 'discrete' ? roc.hits : roc.overlap)[row]!;
    const cells = faces > 0 ? [value / faces, roc.wrong[row]!] : [0, 0];
    if (kind === 'discrete') cells.push(threshold);
    lines.push(cells.map(formatG6).join(' '));
  });
  return lines.map((line) => `${line}\n`).join('');
}
