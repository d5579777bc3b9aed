import {
  sigmoidBceMap as bceMapTwin,
  sigmoidBceMapBackward as bceMapTwinGrad,
} from '../../../../src/nn/twins/bce-map.js';
import { sigmoidBceMap } from '../../../../src/nn/ops/map-loss.js';
import type { OpCase } from '../case.js';
import { oneOf, spread } from '../fill.js';

/** Two classes: known and unknown in every combination, nothing known twice as often. */
const TWO = [0, 1, 4, 5, 3, 7, 12, 13, 15, 255];

function map(
  shape: number[],
  options: { reduction?: 'sum' | 'mean'; rareWeight?: number; labels?: number[] } = {},
  extra: Partial<OpCase> = {},
): OpCase {
  const [n = 0, , h = 0, w = 0] = shape;
  const { reduction = 'mean', rareWeight = 1, labels = TWO } = options;
  const settings = { reduction, rareWeight, rare: 1 };
  return {
    name: `sigmoidBceMap ${shape.join('x')} ${reduction}, rare ${rareWeight}${extra.lowLimit ? ' in windows' : ''}`,
    inputs: {
      x: { shape, layout: 'c4', fill: spread(5) },
      labels: { shape: [n, h, w], dtype: 'u32', fill: oneOf(...labels) },
    },
    run: ({ x, labels: l }) => sigmoidBceMap(x!, l!, settings),
    twin: ({ x, labels: l }) => bceMapTwin(x!, l!, settings),
    twinGrad: ({ x, labels: l }, dY) => ({ x: bceMapTwinGrad(x!, l!, settings, dY) }),
    ...extra,
  };
}

export const cases: OpCase[] = [
  map([2, 2, 7, 9]),
  map([2, 2, 7, 9], { reduction: 'sum', rareWeight: 3 }),
  map([1, 2, 40, 33], { rareWeight: 2.5 }),
  map([1, 1, 5, 5], { labels: [0, 1, 3] }),
  map([1, 4, 6, 5], { labels: [0, 0x55, 0x11, 0xff, 0xd1] }),
  map([1, 2, 3, 3], { labels: [255] }),
  map([1, 2, 1, 1]),
  map([3, 2, 40, 40], {}, { lowLimit: 32768, fd: false }),
];
