import type { MafaImage } from '../../../../src/aofd/eval/mafa/match.js';

/** The worked example of docs/spec.md 6.2. */
export const EXAMPLE: MafaImage[] = [
  {
    gt: Float64Array.of(10, 10, 50, 50, 100, 20, 140, 60, 200, 50, 220, 70),
    types: [1, 2, 3],
    boxes: Float64Array.of(12, 6, 49, 53, 101, 18, 138, 62, 203, 48, 218, 72, 300, 10, 330, 50),
    scores: Float64Array.of(0.95, 0.9, 0.85, 0.6),
  },
  {
    gt: Float64Array.of(30, 30, 90, 90, 150, 40, 200, 90),
    types: [1, 3],
    boxes: Float64Array.of(34, 22, 84, 98, 36, 30, 90, 96, 152, 36, 198, 92),
    scores: Float64Array.of(0.8, 0.5, 0.7),
  },
];
