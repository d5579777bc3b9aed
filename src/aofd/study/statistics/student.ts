/**
 * Student's t distribution, as far as intervals need it. With t = sqrt(n) tan(a) its probability up to t
 * is an integral of cos(a)^(n - 1), which Simpson's rule gives to more digits than anybody prints; the
 * same rule over the whole range is the divisor, so that no gamma function is needed.
 */

/** Beyond so many degrees of freedom the quantiles differ from the normal ones by less than 1e-4. */
const MOST_FREEDOM = 20_000;

/** Quantiles that were asked for before: studies ask for the same few again and again. */
const known = new Map<string, number>();

/**
 * The t with the given share of the distribution between -t and t, e.g. 12.706 for .95 and 1 degree.
 * @param freedom degrees of freedom, at least 1, whole or not; Infinity: the normal distribution
 */
export function studentQuantile(level: number, freedom: number): number {
  if (!(level > 0 && level < 1) || !(freedom >= 1)) {
    throw new RangeError(`studentQuantile: got level ${level} and ${freedom} degrees of freedom.`);
  }
  const n = Math.min(freedom, MOST_FREEDOM);
  const key = `${level} ${n}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = quantile(level, n);
  known.set(key, found);
  return found;
}

function quantile(level: number, n: number): number {
  // Beyond this angle nothing is left of cos(a)^(n - 1).
  const end = n > 60 ? Math.min(Math.PI / 2, 12 / Math.sqrt(n)) : Math.PI / 2;
  const whole = area(n, end);
  let [low, high] = [0, end];
  for (let i = 0; i < 45; i++) {
    const middle = (low + high) / 2;
    if (area(n, middle) / whole < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(n) * Math.tan((low + high) / 2);
}

/** Integral of cos(a)^(n - 1) from 0 to `end`. */
function area(n: number, end: number): number {
  const steps = 600;
  const width = end / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.max(0, Math.cos(i * width)) ** (n - 1);
  }
  return (sum * width) / 3;
}
