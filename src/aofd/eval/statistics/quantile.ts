/** Quantiles. The engine has its own (`nn/ops/tuning/quantile.ts`): statistics load no engine. */

/**
 * Quantile of values in rising order: linear between order statistics, the least at 0, the greatest
 * at 1. NaN without values.
 */
export function sortedQuantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const below = Math.max(0, Math.min(sorted.length - 1, Math.floor(at)));
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
