/**
 * What covers faces that are larger than the segmentation branch knows well (`test.segFaceSize`): the
 * backbone and the branch look again at the input, shrunk until such a face has that size. That costs
 * a quarter of a pass at most, and only where there are large faces; boxes and scores stay.
 */
import { retryOutOfMemoryAsync } from '../../nn/index.js';
import { segmentPassAsync } from './forward.js';
import type { GridMap } from './grid-map.js';
import type { Network } from './network.js';
import type { Candidates } from './postprocess.js';
import { paddedLength, type PreparedPass } from './prepare.js';

/** By what the input is shrunk at most. */
const MOST = 4;

/** By what the input is shrunk for a face of that height, both in input pixels: 1, 1.5, 2 ... 4. */
export function reductionFor(height: number, faceSize: number): number {
  return Math.min(MOST, Math.max(1, Math.round((2 * height) / faceSize) / 2));
}

/**
 * The input shrunk by a factor: each value is the mean over the area that it stands for (shares of pixels
 * at its edges count as such); padded with the mean, 0.
 */
export function reducedPass(pass: PreparedPass, by: number, padMultiple: number): PreparedPass {
  const columns = areasOf(pass.contentWidth, by);
  const rows = areasOf(pass.contentHeight, by);
  const [contentWidth, contentHeight] = [columns.length, rows.length];
  const width = paddedLength(contentWidth, padMultiple);
  const height = paddedLength(contentHeight, padMultiple);
  const data = new Float32Array(width * height * 4);
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      const to = 4 * (y * width + x);
      for (let lane = 0; lane < 3; lane++) {
        let sum = 0;
        for (const [v, down] of row) {
          for (const [u, across] of column) {
            sum += down * across * pass.data[4 * (v * pass.width + u) + lane]!;
          }
        }
        data[to + lane] = sum;
      }
    });
  });
  return { ...pass, width, height, contentWidth, contentHeight, scale: pass.scale / by, data };
}

/** For each place of the shrunk axis the pixels under it with their weights, whose sum is 1. */
function areasOf(length: number, by: number): [pixel: number, weight: number][][] {
  return Array.from({ length: Math.ceil(length / by) }, (_, i) => {
    const [from, to] = [i * by, Math.min(length, (i + 1) * by)];
    const area: [number, number][] = [];
    for (let pixel = Math.floor(from); pixel < to; pixel++) {
      const part = Math.min(to, pixel + 1) - Math.max(from, pixel);
      area.push([pixel, part / (to - from)]);
    }
    return area;
  });
}

/**
 * The map that says what covers each face: that of the pass, or of a look at the shrunk input.
 * @param found boxes in pixels of the original picture
 * @param map what the pass itself says
 */
export async function occludersOfFacesAsync(
  network: Network,
  pass: PreparedPass,
  found: Candidates,
  map: GridMap,
): Promise<GridMap[]> {
  const { config, params } = network;
  const { segFaceSize } = config.test;
  const factors = Array.from(found.scores, (_, i) =>
    segFaceSize === null
      ? 1
      : reductionFor((found.boxes[4 * i + 3]! - found.boxes[4 * i + 1]!) * pass.scale, segFaceSize),
  );
  const maps = new Map([[1, map]]);
  for (const by of [...new Set(factors)].sort()) {
    if (maps.has(by)) continue;
    const reduced = reducedPass(pass, by, config.input.padMultiple);
    const seen = await retryOutOfMemoryAsync(params.device, () =>
      segmentPassAsync(network, reduced),
    );
    maps.set(by, seen ?? map);
  }
  return factors.map((by) => maps.get(by)!);
}
