import { at, nd, nd4, type TwinArray } from './nd.js';

/** C's round: half away from zero. */
export function roundHalfAway(v: number): number {
  return Math.sign(v) * Math.floor(Math.abs(v) + 0.5);
}

/** The maxima and their places (row · W + column, -1 for an empty bin). */
export interface RoiPooled {
  y: TwinArray;
  argmax: TwinArray;
}

/**
 * RoI max pooling: x [N, C, H, W], rois [R, 5] = (image, x1, y1, x2, y2) (docs/spec.md 1.11, exact
 * integer bins).
 */
export function roiPool(x: TwinArray, rois: TwinArray, scale: number, size: number): RoiPooled {
  const [, channels, h, w] = nd4(x);
  const count = rois.shape[0] as number;
  const y = nd([count, channels, size, size]);
  const argmax = nd(y.shape, new Float64Array(y.data.length).fill(-1));
  const clip = (v: number, end: number): number => Math.min(Math.max(v, 0), end);
  for (let r = 0; r < count; r++) {
    const image = at(rois, 5 * r);
    const [x1, y1, x2, y2] = [1, 2, 3, 4].map((j) =>
      roundHalfAway(at(rois, 5 * r + j) * scale),
    ) as [number, number, number, number];
    const width = Math.max(x2 - x1 + 1, 1);
    const height = Math.max(y2 - y1 + 1, 1);
    for (let c = 0; c < channels; c++) {
      for (let py = 0; py < size; py++) {
        const top = clip(y1 + Math.floor((py * height) / size), h);
        const bottom = clip(y1 + Math.ceil(((py + 1) * height) / size), h);
        for (let px = 0; px < size; px++) {
          const left = clip(x1 + Math.floor((px * width) / size), w);
          const right = clip(x1 + Math.ceil(((px + 1) * width) / size), w);
          const out = ((r * channels + c) * size + py) * size + px;
          let best = -Infinity;
          for (let iy = top; iy < bottom; iy++) {
            for (let ix = left; ix < right; ix++) {
              const v = at(x, ((image * channels + c) * h + iy) * w + ix);
              if (v > best) {
                best = v;
                argmax.data[out] = iy * w + ix;
              }
            }
          }
          y.data[out] = best === -Infinity ? 0 : best;
        }
      }
    }
  }
  return { y, argmax };
}

/** dX of RoI pooling: every output's gradient goes to its place, bins and RoIs add up. */
export function roiPoolBackward(
  x: TwinArray,
  rois: TwinArray,
  dY: TwinArray,
  scale: number,
): TwinArray {
  const [, channels, h, w] = nd4(x);
  const [count, , size] = nd4(dY);
  const { argmax } = roiPool(x, rois, scale, size);
  const dX = nd(x.shape);
  const bins = size * size;
  for (let out = 0; out < dY.data.length; out++) {
    const place = at(argmax, out);
    if (place < 0) continue;
    const r = Math.floor(out / (bins * channels));
    const c = Math.floor(out / bins) % channels;
    if (r >= count) break;
    const to = (at(rois, 5 * r) * channels + c) * h * w + place;
    dX.data[to] = at(dX, to) + at(dY, out);
  }
  return dX;
}
