/** Errors of covered shares in one pass over sums: what the weighted figures are compared with. */

/** How far predicted covered shares are from the true ones. */
export interface RatioError {
  count: number;
  /** Mean absolute difference, 0..1. */
  meanAbsolute: number;
  /** Mean of predicted minus true. */
  bias: number;
  /** Pearson correlation; NaN where either never varies. */
  correlation: number;
}

/** Compares covered shares; pairs with a NaN are left out. */
export function ratioError(predicted: ArrayLike<number>, truth: ArrayLike<number>): RatioError {
  let count = 0;
  let absolute = 0;
  const sums = { p: 0, t: 0, pp: 0, tt: 0, pt: 0 };
  for (let i = 0; i < predicted.length; i++) {
    const p = predicted[i]!;
    const t = truth[i]!;
    if (Number.isNaN(p) || Number.isNaN(t)) continue;
    count++;
    absolute += Math.abs(p - t);
    sums.p += p;
    sums.t += t;
    sums.pp += p * p;
    sums.tt += t * t;
    sums.pt += p * t;
  }
  const covariance = sums.pt - (sums.p * sums.t) / count;
  const spread = (sums.pp - sums.p ** 2 / count) * (sums.tt - sums.t ** 2 / count);
  return {
    count,
    meanAbsolute: absolute / count,
    bias: (sums.p - sums.t) / count,
    correlation: spread > 1e-24 ? covariance / Math.sqrt(spread) : Number.NaN,
  };
}
