import type { CaseInput } from './case.js';

type Fill = CaseInput['fill'];

/** Uniform in [-scale, scale). */
export const spread =
  (scale = 1): Fill =>
  (random) =>
    (2 * random() - 1) * scale;

/** Like `spread`, but never closer than `gap` to 0: for functions with a kink there. */
export const offZero =
  (scale = 1, gap = 0.05): Fill =>
  (random) => {
    const v = (2 * random() - 1) * scale;
    return v + Math.sign(v || 1) * gap;
  };

/** Whole numbers low .. high - 1. */
export const whole =
  (low: number, high: number): Fill =>
  (random) =>
    low + Math.floor(random() * (high - low));

/** One of the values. */
export const oneOf =
  (...values: number[]): Fill =>
  (random) =>
    values[Math.floor(random() * values.length)] as number;

/** The shapes that every map operation is tested on: [N, C, H, W]. */
export const mapShapes: number[][] = [
  [1, 1, 1, 1],
  [1, 3, 5, 7],
  [2, 6, 3, 9],
  [3, 8, 4, 4],
];
