import { at, nd, nd4, type TwinArray } from './nd.js';

/** The two source elements of output `o` on an axis of n elements, with their weights. */
function taps(o: number, scale: number, n: number): [number, number][] {
  const s = Math.min(Math.max((o + 0.5) / scale - 0.5, 0), n - 1);
  const low = Math.floor(s);
  return [
    [low, 1 - (s - low)],
    [Math.min(low + 1, n - 1), s - low],
  ];
}

type Visit = (from: number, to: number, weight: number) => void;

function visitBilinear(
  shape: readonly number[],
  scale: number,
  out: readonly [number, number],
  visit: Visit,
): void {
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  const [oh, ow] = out;
  for (let plane = 0; plane < n * c; plane++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (const [iy, wy] of taps(oy, scale, h)) {
          for (const [ix, wx] of taps(ox, scale, w)) {
            visit((plane * h + iy) * w + ix, (plane * oh + oy) * ow + ox, wy * wx);
          }
        }
      }
    }
  }
}

/** Bilinear upsampling, half-pixel centres, edge clamp, cropped top-left (docs/spec.md 4.3). */
export function upsampleBilinear(
  x: TwinArray,
  scale: number,
  out: readonly [number, number],
): TwinArray {
  const [n, c] = nd4(x);
  const y = nd([n, c, ...out]);
  visitBilinear(x.shape, scale, out, (from, to, weight) => {
    y.data[to] = at(y, to) + weight * at(x, from);
  });
  return y;
}

/** dX of bilinear upsampling: the transposed weights. */
export function upsampleBilinearBackward(
  shape: readonly number[],
  scale: number,
  dY: TwinArray,
): TwinArray {
  const dX = nd(shape);
  const [, , oh, ow] = nd4(dY);
  visitBilinear(shape, scale, [oh, ow], (from, to, weight) => {
    dX.data[from] = at(dX, from) + weight * at(dY, to);
  });
  return dX;
}

/** Nearest upsampling by 2, cropped top-left. */
export function upsampleNearest2x(x: TwinArray, out: readonly [number, number]): TwinArray {
  const [n, c, h, w] = nd4(x);
  const [oh, ow] = out;
  const y = nd([n, c, oh, ow]);
  for (let i = 0; i < y.data.length; i++) {
    const plane = Math.floor(i / (oh * ow));
    const row = Math.floor((i % (oh * ow)) / ow);
    y.data[i] = at(x, (plane * h + (row >> 1)) * w + ((i % ow) >> 1));
  }
  return y;
}

/** dX of nearest upsampling: each input sums its outputs. */
export function upsampleNearest2xBackward(shape: readonly number[], dY: TwinArray): TwinArray {
  const [, , h = 0, w = 0] = shape;
  const [, , oh, ow] = nd4(dY);
  const dX = nd(shape);
  for (let i = 0; i < dY.data.length; i++) {
    const plane = Math.floor(i / (oh * ow));
    const row = Math.floor((i % (oh * ow)) / ow);
    const to = (plane * h + (row >> 1)) * w + ((i % ow) >> 1);
    dX.data[to] = at(dX, to) + at(dY, i);
  }
  return dX;
}
