import { nd, type TwinArray } from '../../../../src/nn/twins/nd.js';
import * as twins from '../../../../src/nn/twins/upsample.js';
import { upsampleBilinear, upsampleNearest2x } from '../../../../src/nn/ops/upsample.js';
import type { OpCase } from '../case.js';

type Arrays = Record<string, TwinArray>;
/** A case by the memory that the kernel reads: each has its own kernel. */
type Variants = (source: 'buffer' | 'texture') => OpCase;

function bilinear(
  name: string,
  shape: number[],
  scale: number,
  out: readonly [number, number] = [shape[2]! * scale, shape[3]! * scale],
  extra: Partial<OpCase> = {},
): Variants {
  return (source) => ({
    name: `bilinear ${name} (${source})`,
    inputs: { x: { shape, layout: 'c4', fill: (random) => random() * 4 - 2 } },
    run: ({ x }) => upsampleBilinear(x!, { scale, outH: out[0], outW: out[1], source }),
    twin: ({ x }: Arrays) => twins.upsampleBilinear(x!, scale, out),
    twinGrad: (_, dY) => ({ x: twins.upsampleBilinearBackward(shape, scale, dY) }),
    gradRtol: 1e-5,
    gradAtol: 2e-5,
    ...extra,
  });
}

function nearest(
  name: string,
  shape: number[],
  out: readonly [number, number],
  extra: Partial<OpCase> = {},
): OpCase {
  return {
    name: `nearest ${name}`,
    inputs: { x: { shape, layout: 'c4', fill: (random) => random() * 4 - 2 } },
    run: ({ x }) => upsampleNearest2x(x!, out[0], out[1]),
    twin: ({ x }: Arrays) => twins.upsampleNearest2x(x!, out),
    twinGrad: (_, dY) => ({ x: twins.upsampleNearest2xBackward(shape, dY) }),
    ...extra,
  };
}

const bilinearTable: Variants[] = [
  bilinear('x2', [2, 5, 4, 7], 2),
  bilinear('x4', [1, 2, 3, 5], 4),
  bilinear('x8 cropped', [1, 2, 5, 3], 8, [37, 20]),
  bilinear('x16, cropped as 683 of 688', [1, 2, 4, 3], 16, [59, 46]),
  bilinear('x16 of one pixel', [1, 1, 1, 1], 16),
  bilinear('cropped below one source row', [1, 2, 4, 4], 4, [1, 2]),
  bilinear('no image', [0, 2, 3, 3], 2),
  bilinear('windows', [5, 9, 6, 5], 2, [11, 10], { lowLimit: 16384 }),
  bilinear('worked example', [1, 1, 1, 4], 2, [1, 8], {
    // [0, 10, 20, 30] x2 of docs/spec.md 1.2: the same half-pixel rule.
    inputs: { x: { shape: [1, 1, 1, 4], layout: 'c4', fill: (_, i) => 10 * i } },
    twin: () => nd([1, 1, 1, 8], [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]),
    fd: false, // constants
  }),
];

export const cases: OpCase[] = [
  ...bilinearTable.map((make) => make('buffer')),
  ...bilinearTable.map((make) => make('texture')).filter((c) => !c.name.includes('no image')),
  nearest('whole', [2, 5, 3, 4], [6, 8]),
  nearest('odd crop', [1, 6, 5, 7], [9, 13]),
  nearest('cropped far', [1, 4, 4, 4], [3, 1]),
  nearest('one pixel', [1, 1, 1, 1], [2, 2]),
  nearest('larger than a workgroup', [1, 7, 20, 41], [40, 81]),
  nearest('no image', [0, 4, 2, 2], [4, 4]),
  nearest('windows', [4, 12, 7, 5], [13, 10], { lowLimit: 16384 }),
];
