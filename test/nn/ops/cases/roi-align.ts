import type { TwinArray } from '../../../../src/nn/twins/nd.js';
import { roiAlign as twin, roiAlignBackward } from '../../../../src/nn/twins/roi-align.js';
import { roiAlign } from '../../../../src/nn/ops/roi-align.js';
import type { OpCase } from '../case.js';

type Arrays = Record<string, TwinArray>;

interface Setup {
  shape: number[];
  rois: number[][];
  scale?: number;
  size?: number;
  samples?: number;
}

function align(name: string, setup: Setup, extra: Partial<OpCase> = {}): OpCase[] {
  const { shape, rois, scale = 1 / 8, size = 7, samples = 2 } = setup;
  const flat = rois.flat();
  return (['buffer', 'texture'] as const).map((source) => ({
    name: `${name} (${source})`,
    inputs: {
      x: { shape, layout: 'c4', fill: (random) => random() * 4 - 2 },
      rois: { shape: [rois.length, 5], grad: false, fill: (_, i) => flat[i]! },
    },
    run: ({ x, rois: r }) => roiAlign(x!, r!, { spatialScale: scale, size, samples, source }),
    twin: ({ x, rois: r }: Arrays) => twin(x!, r!, scale, size, samples),
    twinGrad: ({ x, rois: r }: Arrays, dY) => ({
      x: roiAlignBackward(x!, r!, dY, scale, samples),
    }),
    // Places in float32 are good to 1e-6 of a cell, and neighbours differ by up to 4.
    atol: 1e-5,
    gradAtol: 1e-5,
    ...extra,
  }));
}

const roisOfTwoImages = Array.from({ length: 23 }, (_, i) => {
  const x1 = (i * 26.5) % 85.3;
  const y1 = (i * 15.7) % 60.1;
  return [(i * 7) % 2, x1, y1, x1 + ((i * 14.3) % 45), y1 + ((i * 21.9) % 65)];
});

export const cases: OpCase[] = [
  align('two images, overlapping rois', { shape: [2, 6, 9, 13], rois: roisOfTwoImages }),
  align('many channels', {
    shape: [1, 70, 5, 6],
    rois: [
      [0, 0, 0, 47, 39],
      [0, 10.3, 5.2, 30.9, 25],
    ],
  }),
  align('no rois', { shape: [1, 8, 4, 4], rois: [] }),
  align('a face of ten pixels', { shape: [1, 4, 6, 6], rois: [[0, 17, 21, 26, 32]] }),
  align('bins narrower and wider than points, beyond every border', {
    shape: [2, 6, 34, 45],
    rois: [
      [0, 3.1, 20.2, 300.7, 61.4],
      [1, 40.3, -3, 140.2, 268],
      [0, -3, 8, 357, 270],
      [1, 200, 100, 327.9, 228],
      [1, 8.5, 8.5, 144.1, 300],
    ],
  }),
  align('one cell map', {
    shape: [1, 4, 1, 1],
    rois: [
      [0, 0, 0, 7, 7],
      [0, -3, -3, 150, 150],
    ],
  }),
  align('outside in part and whole', {
    shape: [1, 5, 6, 6],
    rois: [
      [0, -40, -24, 50, 70],
      [0, -90, -90, -50, -40],
      [0, 30, 30, 90, 80],
    ],
  }),
  align('reversed corners', { shape: [1, 4, 6, 6], rois: [[0, 35, 30, 10, 5]] }),
  align('windows of images', { shape: [3, 6, 20, 13], rois: roisOfTwoImages }, { lowLimit: 12288 }),
  align('windows of quads', { shape: [2, 12, 20, 13], rois: roisOfTwoImages }, { lowLimit: 12288 }),
  align('size 3, one point, scale 1/16', {
    shape: [2, 5, 10, 8],
    rois: roisOfTwoImages,
    scale: 1 / 16,
    size: 3,
    samples: 1,
  }),
  align('14 bins', {
    shape: [1, 5, 20, 23],
    rois: [
      [0, -20, 3, 170, 131],
      [0, 60, 70, 95, 99],
    ],
    size: 14,
  }),
  align('three points', { shape: [1, 3, 9, 9], rois: [[0, 3, 4, 60, 66]], samples: 3 }),
].flat();
