/** One parameter under Caffe's SGD: weights and velocity. */
export interface SgdTwin {
  w: Float64Array;
  v: Float64Array;
}

export function sgdState(w: ArrayLike<number>): SgdTwin {
  return { w: Float64Array.from(w), v: new Float64Array(w.length) };
}

/** g' = g + decay w; v = momentum v + lr g'; w = w - v (docs/spec.md 1.13). No gradient counts as 0. */
export function sgdStep(
  state: SgdTwin,
  gradient: ArrayLike<number> | null,
  { lr, momentum, decay }: { lr: number; momentum: number; decay: number },
): void {
  const { w, v } = state;
  for (let i = 0; i < w.length; i++) {
    const weight = w[i] as number;
    const slope = (gradient?.[i] ?? 0) + decay * weight;
    const velocity = momentum * (v[i] as number) + lr * slope;
    v[i] = velocity;
    w[i] = weight - velocity;
  }
}

/** One parameter under AdamW: weights, first and second moments, steps done. */
export interface AdamTwin {
  w: Float64Array;
  m: Float64Array;
  v: Float64Array;
  t: number;
}

export function adamState(w: ArrayLike<number>): AdamTwin {
  return {
    w: Float64Array.from(w),
    m: new Float64Array(w.length),
    v: new Float64Array(w.length),
    t: 0,
  };
}

/** Loshchilov and Hutter 2019, algorithm 2, with lr in place of the schedule multiplier. */
export function adamStep(
  state: AdamTwin,
  gradient: ArrayLike<number>,
  options: { lr: number; beta1: number; beta2: number; epsilon: number; decay: number },
): void {
  const { lr, beta1, beta2, epsilon, decay } = options;
  const { w, m, v } = state;
  state.t++;
  for (let i = 0; i < w.length; i++) {
    const g = gradient[i] as number;
    m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
    v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
    const mean = (m[i] as number) / (1 - beta1 ** state.t);
    const square = (v[i] as number) / (1 - beta2 ** state.t);
    const weight = w[i] as number;
    w[i] = weight - lr * (mean / (Math.sqrt(square) + epsilon) + decay * weight);
  }
}
