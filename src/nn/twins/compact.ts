import { at, nd, type TwinArray } from './nd.js';

const centre = 1;
const around = -1 / 8;

/** a * k for a [R, H, W]: 3x3 kernel, centre 1, others -1/8, zero padding. */
export function compactResponse(a: TwinArray): TwinArray {
  const [rows = 0, h = 0, w = 0] = a.shape;
  const y = nd(a.shape);
  for (let r = 0; r < rows; r++) {
    for (let cy = 0; cy < h; cy++) {
      for (let cx = 0; cx < w; cx++) {
        let sum = 0;
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            const [iy, ix] = [cy + dy, cx + dx];
            if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
            sum += at(a, (r * h + iy) * w + ix) * (dy === 0 && dx === 0 ? centre : around);
          }
        }
        y.data[(r * h + cy) * w + cx] = sum;
      }
    }
  }
  return y;
}

/** Compact loss of occlusion [R, H, W] (docs/spec.md 3.4): scalar [1]. */
export function compactLoss(occlusion: TwinArray, mode: 'relu' | 'literal'): TwinArray {
  let total = 0;
  for (const v of compactResponse(occlusion).data) total += mode === 'relu' ? Math.max(v, 0) : v;
  return nd([1], [total]);
}

/** dOcclusion = dL · (k * [response > 0]); `literal`: all ones in place of the condition. */
export function compactLossBackward(
  occlusion: TwinArray,
  mode: 'relu' | 'literal',
  dL: TwinArray,
): TwinArray {
  const response = compactResponse(occlusion);
  const gate = nd(
    occlusion.shape,
    response.data.map((v) => (mode === 'literal' || v > 0 ? at(dL, 0) : 0)),
  );
  return compactResponse(gate);
}
