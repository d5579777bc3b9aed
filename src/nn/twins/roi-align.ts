import { at, nd, nd4, type TwinArray } from './nd.js';

/** A cell of one axis with its share of a point. */
type Share = readonly [cell: number, weight: number];

/** The cells (at most two) that a point of an axis with `size` cells is read from. */
function shares(place: number, size: number): Share[] {
  if (place < -1 || place > size) return [];
  const v = Math.min(Math.max(place, 0), size - 1);
  const low = Math.floor(v);
  return low + 1 < size
    ? [
        [low, 1 - (v - low)],
        [low + 1, v - low],
      ]
    : [[low, 1]];
}

/** Shares of every bin of one axis: the mean over its points. */
function binShares(
  low: number,
  high: number,
  scale: number,
  size: number,
  samples: number,
  cells: number,
): Share[][] {
  const begin = low * scale - 0.5;
  const width = Math.max((high - low + 1) * scale, 0.01);
  return Array.from({ length: size }, (_, bin) =>
    Array.from({ length: samples }, (_, s) =>
      shares(begin + ((bin + (s + 0.5) / samples) * width) / size, cells),
    )
      .flat()
      .map(([cell, weight]) => [cell, weight / samples] as const),
  );
}

/** Calls `visit` for every (output, input) pair of places with the output's derivative by the input. */
function eachPair(
  xShape: TwinArray,
  rois: TwinArray,
  options: { scale: number; size: number; samples: number },
  visit: (out: number, from: number, weight: number) => void,
): void {
  const [, channels, h, w] = nd4(xShape);
  const { scale, size, samples } = options;
  for (let r = 0; r < (rois.shape[0] as number); r++) {
    const [image, x1, y1, x2, y2] = [0, 1, 2, 3, 4].map((j) => at(rois, 5 * r + j)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const columns = binShares(x1, x2, scale, size, samples, w);
    const rows = binShares(y1, y2, scale, size, samples, h);
    for (let c = 0; c < channels; c++) {
      rows.forEach((down, py) =>
        columns.forEach((across, px) => {
          const out = ((r * channels + c) * size + py) * size + px;
          for (const [iy, wy] of down) {
            for (const [ix, wx] of across) {
              visit(out, ((image * channels + c) * h + iy) * w + ix, wy * wx);
            }
          }
        }),
      );
    }
  }
}

/** RoIAlign: x [N, C, H, W], rois [R, 5] = (image, x1, y1, x2, y2) inclusive -> [R, C, size, size]. */
export function roiAlign(
  x: TwinArray,
  rois: TwinArray,
  scale: number,
  size: number,
  samples: number,
): TwinArray {
  const y = nd([rois.shape[0] as number, x.shape[1] as number, size, size]);
  eachPair(x, rois, { scale, size, samples }, (out, from, weight) => {
    y.data[out] = at(y, out) + weight * at(x, from);
  });
  return y;
}

/** dX of RoIAlign, which is linear in x. */
export function roiAlignBackward(
  x: TwinArray,
  rois: TwinArray,
  dY: TwinArray,
  scale: number,
  samples: number,
): TwinArray {
  const dX = nd(x.shape);
  const size = dY.shape[2] as number;
  eachPair(x, rois, { scale, size, samples }, (out, from, weight) => {
    dX.data[from] = at(dX, from) + weight * at(dY, out);
  });
  return dX;
}
