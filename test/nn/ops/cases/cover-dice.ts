import {
  coverDice as diceTwin,
  coverDiceBackward as diceTwinGrad,
} from '../../../../src/nn/twins/cover-dice.js';
import { coverDice } from '../../../../src/nn/ops/cover-dice.js';
import type { OpCase } from '../case.js';
import { oneOf, spread } from '../fill.js';

/** Covered, visible, background, and unknown in every combination. */
const ALL = [0, 1, 4, 5, 1, 3, 7, 12, 13, 15, 255];

function map(shape: number[], labels: number[] = ALL, extra: Partial<OpCase> = {}): OpCase {
  const [n = 0, , h = 0, w = 0] = shape;
  return {
    name: `coverDice ${shape.join('x')} of ${labels.length} labels${extra.lowLimit ? ' in windows' : ''}`,
    inputs: {
      x: { shape, layout: 'c4', fill: spread(5) },
      labels: { shape: [n, h, w], dtype: 'u32', fill: oneOf(...labels) },
    },
    run: ({ x, labels: l }) => coverDice(x!, l!),
    twin: ({ x, labels: l }) => diceTwin(x!, l!),
    twinGrad: ({ x, labels: l }, dY) => ({ x: diceTwinGrad(x!, l!, dY) }),
    ...extra,
  };
}

export const cases: OpCase[] = [
  map([2, 2, 7, 9]),
  map([1, 2, 40, 33]),
  map([3, 2, 5, 5], [0, 5, 1, 5, 5, 5]),
  // Nothing covered: no loss. Nothing known: none either. One pixel.
  map([2, 2, 6, 5], [0, 5, 255]),
  map([1, 2, 3, 3], [255]),
  map([1, 2, 1, 1], [1]),
  // An image without cover beside others counts nowhere.
  {
    ...map([3, 2, 4, 4]),
    name: 'coverDice 3x2x4x4, the second image uncovered',
    inputs: {
      x: { shape: [3, 2, 4, 4], layout: 'c4', fill: spread(5) },
      labels: {
        shape: [3, 4, 4],
        dtype: 'u32',
        fill: (_, i) => (i >= 16 && i < 32 ? 5 : [0, 1, 5][i % 3]!),
      },
    },
  },
  map([3, 2, 60, 61], ALL, { lowLimit: 32768, fd: false }),
];
