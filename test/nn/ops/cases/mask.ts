import { nd, type TwinArray } from '../../../../src/nn/twins/nd.js';
import * as compactTwins from '../../../../src/nn/twins/compact.js';
import * as twins from '../../../../src/nn/twins/mask.js';
import { compactLoss } from '../../../../src/nn/ops/compact.js';
import { kSmallestMask, mulMask } from '../../../../src/nn/ops/mask.js';
import type { OpCase } from '../case.js';

type Arrays = Record<string, TwinArray>;
type Fill = (random: () => number, i: number) => number;

function smallest(name: string, shape: number[], k: number, fill?: Fill): OpCase {
  return {
    name: `kSmallestMask ${name}`,
    inputs: { h: { shape, fill: fill ?? ((random) => random() * 6 - 3) } },
    run: ({ h }) => kSmallestMask(h!, k).mask,
    twin: ({ h }: Arrays) => twins.kSmallestMask(h!, k).mask,
    twinGrad: ({ h }: Arrays, dM) => ({ h: twins.kSmallestMaskBackward(h!, k, dM) }),
    fd: false, // a step function: its gradient is straight-through by design
  };
}

function masked(name: string, shape: number[], extra: Partial<OpCase> = {}): OpCase {
  const [r = 0, , h = 0, w = 0] = shape;
  return {
    name: `mulMask ${name}`,
    inputs: {
      x: { shape, layout: 'c4', fill: (random) => random() * 4 - 2 },
      mask: { shape: [r, h * w], fill: (random) => random() },
    },
    run: ({ x, mask }) => mulMask(x!, mask!),
    twin: ({ x, mask }: Arrays) => twins.mulMask(x!, mask!),
    twinGrad: ({ x, mask }: Arrays, dY) => ({ ...twins.mulMaskBackward(x!, mask!, dY) }),
    gradAtol: 2e-5,
    ...extra,
  };
}

function compact(name: string, shape: number[], mode: 'relu' | 'literal', fill: Fill): OpCase {
  return {
    name: `compactLoss ${mode} ${name}`,
    inputs: { o: { shape, fill } },
    run: ({ o }) => compactLoss(o!, { mode }),
    twin: ({ o }: Arrays) => compactTwins.compactLoss(o!, mode),
    twinGrad: ({ o }: Arrays, dL) => ({ o: compactTwins.compactLossBackward(o!, mode, dL) }),
    atol: 1e-5,
    // Soft values keep away from the kink; 0/1 maps sit on it.
    ...(name.startsWith('soft') ? {} : { fd: false as const }),
  };
}

/** 0/1 map of rows of `#` and `.`. */
const rows = (text: string): number[] =>
  [...text.replace(/ /g, '')].map((c) => (c === '#' ? 1 : 0));

/** A mask of docs/spec.md 3.4 with its loss by hand. */
function worked(name: string, mode: 'relu' | 'literal', text: string, loss: number): OpCase {
  const map = rows(text);
  return {
    ...compact(`worked example: ${name}`, [1, 7, 7], mode, (_, i) => map[i]!),
    twin: () => nd([1], [loss]),
    rtol: 0,
    atol: 0,
    gradAtol: 1e-6,
  };
}

const holed = '#...... ....... ..###.. ..####. ..####. ....... .......';
const isolated = '....... .#.#.#. ....... .#.#.#. ....... .#.#.#. .......';

export const cases: OpCase[] = [
  smallest('12 of 49', [5, 49], 12),
  smallest('16 of 49 with ties', [4, 49], 16, (random) => Math.floor(random() * 5)),
  smallest('all equal', [2, 49], 12, () => 1.5),
  smallest('large logits', [2, 49], 12, (random) => random() * 200 - 100),
  smallest('rows longer than a workgroup', [3, 150], 37),
  smallest('1 of 2', [3, 2], 1),
  smallest('no rows', [0, 49], 12),
  masked('7x7', [3, 10, 7, 7]),
  masked('one channel', [2, 1, 3, 5]),
  masked('many channels', [1, 68, 2, 2]),
  masked('no rows', [0, 8, 7, 7]),
  masked('windows', [9, 12, 7, 7], { lowLimit: 16384 }),
  compact('soft', [3, 7, 7], 'relu', (random) => random()),
  compact('soft', [2, 5, 9], 'literal', (random) => random()),
  compact('random masks', [6, 7, 7], 'relu', (random) => Number(random() < 0.3)),
  compact('one cell', [4, 1, 1], 'relu', (_, i) => i % 2),
  compact('no maps', [0, 7, 7], 'relu', () => 0),
  compact('larger than a workgroup', [1, 13, 11], 'relu', (random) => Number(random() < 0.4)),
  worked('corner and hole', 'relu', holed, 5.5),
  worked('nine isolated cells', 'literal', isolated, 0),
  worked('nine isolated cells', 'relu', isolated, 9),
  worked(
    '3x3 corner block',
    'literal',
    '###.... ###.... ###.... ....... ....... ....... .......',
    2.125,
  ),
  worked('3x3 corner block', 'relu', '###.... ###.... ###.... ....... ....... ....... .......', 4),
  worked('disc of 12', 'relu', '....... ..##... .####.. .####.. ..##... ....... .......', 4.5),
  worked('two rows', 'relu', '####### ....... ....... #####.. ....... ....... .......', 9.5),
  {
    // 8 times the gradient of the test mask, by hand (docs/spec.md 3.4).
    ...worked('gradient', 'relu', holed, 5.5),
    // prettier-ignore
    twinGrad: (_, dL) => ({
      o: nd([1, 7, 7], [
        8, -1, 0, 0, 0, 0, 0,  -1, -2, -2, -3, -2, -1, 0,  0, -2, 6, 4, 5, -3, -1,
        0, -3, 4, -8, 2, 4, -2,  0, -2, 6, 4, 4, 5, -2,  0, -1, -2, -3, -3, -2, -1,
        0, 0, 0, 0, 0, 0, 0,
      ].map((v) => (v / 8) * dL.data[0]!)),
    }),
  },
];
