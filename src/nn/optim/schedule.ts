/** Learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export function constant(lr: number): Schedule {
  return () => lr;
}

/** lr times `factor` for each boundary that was reached (Caffe's step policies: factor 0.1). */
export function steps(lr: number, boundaries: readonly number[], factor = 0.1): Schedule {
  return (step) => lr * factor ** boundaries.filter((b) => step >= b).length;
}

export interface CosineOptions {
  /** Steps of linear warm-up before the cosine begins. Default 0. */
  warmUp?: number;
  /** Rate at the end, as a share of `lr`. Default 0. */
  finalShare?: number;
}

/**
 * Linear warm-up to `lr`, then half a cosine down to `finalShare`·lr at step `total` (Loshchilov
 * and Hutter 2017, without restarts); constant after that.
 */
export function cosine(lr: number, total: number, options: CosineOptions = {}): Schedule {
  const { warmUp: ramp = 0, finalShare = 0 } = options;
  const falling: Schedule = (step) => {
    const done = Math.min(1, Math.max(0, (step - ramp) / Math.max(1, total - ramp)));
    return lr * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * done)));
  };
  return warmUp(falling, ramp);
}

/** Scales the first `ramp` steps of a schedule linearly: (step + 1) / ramp of the rate at `ramp`. */
export function warmUp(schedule: Schedule, ramp: number): Schedule {
  return (step) => (step < ramp ? (schedule(ramp) * (step + 1)) / ramp : schedule(step));
}
