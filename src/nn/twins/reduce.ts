import { at, nd, nd2, nd4, type TwinArray } from './nd.js';

/** factor · Σ x as [1]. */
export function sum(x: TwinArray, factor = 1): TwinArray {
  let total = 0;
  for (const v of x.data) total += v;
  return nd([1], [factor * total]);
}

export function sumBackward(x: TwinArray, dY: TwinArray, factor = 1): TwinArray {
  return nd(x.shape, new Float64Array(x.data.length).fill(factor * at(dY, 0)));
}

/** Σ over rows: [R, O] -> [O]. */
export function sumRows(x: TwinArray): TwinArray {
  const [rows, columns] = nd2(x);
  const y = nd([columns]);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < columns; o++) y.data[o] = at(y, o) + at(x, r * columns + o);
  }
  return y;
}

export function sumRowsBackward(x: TwinArray, dY: TwinArray): TwinArray {
  const dX = nd(x.shape);
  const columns = x.shape[1] ?? 1;
  for (let i = 0; i < dX.data.length; i++) dX.data[i] = at(dY, i % columns);
  return dX;
}

/** Σ over images and pixels: [N, C, H, W] -> [C]. */
export function sumMap(x: TwinArray): TwinArray {
  const [, c, h, w] = nd4(x);
  const y = nd([c]);
  for (let i = 0; i < x.data.length; i++) {
    const channel = Math.floor(i / (h * w)) % c;
    y.data[channel] = at(y, channel) + at(x, i);
  }
  return y;
}

export function sumMapBackward(x: TwinArray, dY: TwinArray): TwinArray {
  const [, c, h, w] = nd4(x);
  const dX = nd(x.shape);
  for (let i = 0; i < dX.data.length; i++) dX.data[i] = at(dY, Math.floor(i / (h * w)) % c);
  return dX;
}
