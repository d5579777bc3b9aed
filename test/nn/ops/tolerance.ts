/** The worst element of a comparison. */
export interface Mismatch {
  index: number;
  got: number;
  want: number;
  /** Elements outside the tolerance. */
  bad: number;
  count: number;
  maxAbs: number;
  maxRel: number;
}

/**
 * Compares element by element: |got - want| <= atol + rtol * |want|, NaN nowhere. Null when all
 * agree, else the element that exceeds its tolerance most.
 */
export function compare(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  rtol: number,
  atol: number,
): Mismatch | null {
  let worst = -1;
  let worstExcess = 0;
  let bad = 0;
  let maxAbs = 0;
  let maxRel = 0;
  for (let i = 0; i < want.length; i++) {
    const g = got[i] ?? Number.NaN;
    const w = want[i] as number;
    const error = g === w ? 0 : Math.abs(g - w);
    if (error > maxAbs) maxAbs = error;
    if (w !== 0 && error / Math.abs(w) > maxRel) maxRel = error / Math.abs(w);
    const excess = error - (atol + rtol * Math.abs(w));
    if (excess <= 0) continue;
    bad++;
    if (worst < 0 || Number.isNaN(excess) || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (worst < 0) return null;
  return {
    index: worst,
    got: got[worst] ?? Number.NaN,
    want: want[worst] as number,
    bad,
    count: want.length,
    maxAbs,
    maxRel,
  };
}

/** "[1,0,2,3]" for element `index` of a row-major array. */
export function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = Math.max(1, shape[d] as number);
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(',')}]`;
}

/** Throws when the arrays differ, with the worst element's place and values. */
export function assertClose(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  shape: readonly number[],
  { rtol, atol }: { rtol: number; atol: number },
): void {
  if (got.length !== want.length) {
    throw new Error(`${what}: got ${got.length} values, expected ${want.length}`);
  }
  const wrong = compare(got, want, rtol, atol);
  if (!wrong) return;
  throw new Error(
    `${what}: ${wrong.bad} of ${wrong.count} elements differ (rtol ${rtol}, atol ${atol}); ` +
      `worst at ${placeOf(wrong.index, shape)}: expected ${wrong.want}, got ${wrong.got}; ` +
      `max abs error ${wrong.maxAbs.toExponential(2)}, max rel error ${wrong.maxRel.toExponential(2)}`,
  );
}
