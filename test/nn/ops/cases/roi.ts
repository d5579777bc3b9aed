import { nd, type TwinArray } from '../../../../src/nn/twins/nd.js';
import { roiPool as twin, roiPoolBackward } from '../../../../src/nn/twins/roi.js';
import { roiPool } from '../../../../src/nn/ops/roi.js';
import type { OpCase } from '../case.js';

type Arrays = Record<string, TwinArray>;
/** A case by the memory that the kernel reads: each has its own kernel. */
type Variants = (source: 'buffer' | 'texture') => OpCase;

interface Setup {
  shape: number[];
  rois: number[][];
  scale?: number;
  size?: number;
  fill?: (random: () => number, i: number) => number;
}

function roi(name: string, setup: Setup, extra: Partial<OpCase> = {}): Variants {
  const { shape, rois, scale = 1 / 16, size = 7 } = setup;
  const flat = rois.flat();
  return (source) => ({
    name: `${name} (${source})`,
    inputs: {
      x: { shape, layout: 'c4', fill: setup.fill ?? ((random) => random() * 4 - 2) },
      rois: { shape: [rois.length, 5], grad: false, fill: (_, i) => flat[i]! },
    },
    run: ({ x, rois: r }) => roiPool(x!, r!, { spatialScale: scale, size, source }),
    twin: ({ x, rois: r }: Arrays) => twin(x!, r!, scale, size).y,
    twinGrad: ({ x, rois: r }: Arrays, dY) => ({ x: roiPoolBackward(x!, r!, dY, scale) }),
    rtol: 1e-6,
    atol: 1e-6,
    ...extra,
  });
}

/** The map of docs/spec.md 1.11: 6x8, value (7 row + 3 column) mod 11. */
const specFill = (_: unknown, i: number): number => (7 * Math.floor(i / 8) + 3 * (i % 8)) % 11;

/** A worked example: pooled rows and, per bin, the place of its maximum (-1 for an empty bin). */
function worked(name: string, box: number[], values: number[], argmax: number[]): Variants {
  return roi(
    name,
    { shape: [1, 1, 6, 8], rois: [[0, ...box]], fill: specFill },
    {
      twin: () => nd([1, 1, 7, 7], values),
      twinGrad: (_, dY) => {
        const dX = nd([1, 1, 6, 8]);
        argmax.forEach((place, bin) => {
          if (place >= 0) dX.data[place] = dX.data[place]! + dY.data[bin]!;
        });
        return { x: dX };
      },
      fd: false, // constants
    },
  );
}

const repeat = (row: number[], times: number): number[] =>
  Array.from({ length: times }, () => row).flat();

const roisOfTwoImages = Array.from({ length: 23 }, (_, i) => {
  const x1 = (i * 53) % 170;
  const y1 = (i * 31) % 120;
  return [(i * 7) % 2, x1, y1, x1 + ((i * 29) % 90), y1 + ((i * 43) % 130)];
});

const table: Variants[] = [
  roi('two images, overlapping rois', { shape: [2, 6, 9, 13], rois: roisOfTwoImages }),
  roi('many channels', {
    shape: [1, 70, 5, 6],
    rois: [
      [0, 0, 0, 95, 79],
      [0, 20, 10, 60, 50],
    ],
  }),
  roi('no rois', { shape: [1, 8, 4, 4], rois: [] }),
  roi('one cell map', {
    shape: [1, 4, 1, 1],
    rois: [
      [0, 0, 0, 15, 15],
      [0, 0, 0, 300, 300],
    ],
  }),
  roi('negative corners', {
    shape: [1, 4, 6, 6],
    rois: [
      [0, -40, -24, 50, 70],
      [0, -90, -90, -50, -40],
    ],
  }),
  roi('reversed corners count as one cell', { shape: [1, 4, 6, 6], rois: [[0, 70, 60, 20, 10]] }),
  // In the texture variant only the RoIs and the backward pass have windows.
  roi('windows of images', { shape: [3, 6, 20, 13], rois: roisOfTwoImages }, { lowLimit: 12288 }),
  roi('windows of quads', { shape: [2, 12, 20, 13], rois: roisOfTwoImages }, { lowLimit: 12288 }),
  roi('size 3, scale 1/8', { shape: [2, 5, 10, 8], rois: roisOfTwoImages, scale: 1 / 8, size: 3 }),
  roi('length 57 uses exact integers', { shape: [1, 4, 60, 2], rois: [[0, 0, 0, 16, 56 * 16]] }),
  roi(
    'ties go to the first',
    { shape: [2, 6, 9, 13], rois: roisOfTwoImages, fill: (random) => Math.floor(random() * 3) },
    { fd: false }, // kinks
  ),
  // prettier-ignore
  worked('worked example: cells 1,1 to 7,5', [16, 8, 111, 79], [
    10, 2, 5, 8, 0, 3, 6,  10, 9, 5, 8, 7, 10, 6,  6, 9, 8, 4, 7, 10, 9,  2, 5, 8, 0, 3, 6, 9,
    9, 5, 8, 7, 10, 6, 9,  9, 8, 4, 7, 10, 9, 5,  5, 8, 0, 3, 6, 9, 1,
  ], [
    9, 10, 11, 12, 13, 14, 15,  9, 18, 11, 12, 21, 22, 15,  17, 18, 27, 20, 21, 22, 31,
    25, 26, 27, 28, 29, 30, 31,  33, 26, 27, 36, 37, 30, 31,  33, 42, 35, 36, 37, 46, 39,
    41, 42, 43, 44, 45, 46, 47,
  ]),
  worked(
    'worked example: both halves round up',
    [24, 24, 40, 40],
    [
      ...repeat([9, 9, 9, 9, 1, 1, 1], 3),
      ...[9, 9, 9, 9, 8, 8, 8],
      ...repeat([5, 5, 5, 8, 8, 8, 8], 3),
    ],
    [
      ...repeat([18, 18, 18, 18, 19, 19, 19], 3),
      ...[18, 18, 18, 18, 27, 27, 27],
      ...repeat([26, 26, 26, 27, 27, 27, 27], 3),
    ],
  ),
  worked(
    'worked example: partly outside',
    [100, 60, 200, 140],
    [5, 5, 0, 0, 0, 0, 0, 9, 5, 0, 0, 0, 0, 0, 9, 1, ...repeat([0], 33)],
    [39, 39, -1, -1, -1, -1, -1, 46, 39, -1, -1, -1, -1, -1, 46, 47, ...repeat([-1], 33)],
  ),
  worked('worked example: outside', [120, 90, 127, 95], repeat([0], 49), repeat([-1], 49)),
];

export const cases: OpCase[] = (['buffer', 'texture'] as const).flatMap((source) =>
  table.map((make) => make(source)),
);
