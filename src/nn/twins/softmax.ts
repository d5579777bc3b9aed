import { at, nd, nd2, type TwinArray } from './nd.js';

/** Softmax of each row of [M, K]. */
export function softmax(x: TwinArray): TwinArray {
  const [rows, k] = nd2(x);
  const y = nd(x.shape);
  for (let m = 0; m < rows; m++) {
    const row = x.data.subarray(m * k, (m + 1) * k);
    const top = Math.max(...row);
    let total = 0;
    for (const v of row) total += Math.exp(v - top);
    for (let j = 0; j < k; j++) y.data[m * k + j] = Math.exp((row[j] as number) - top) / total;
  }
  return y;
}

export function softmaxBackward(x: TwinArray, dY: TwinArray): TwinArray {
  const [rows, k] = nd2(x);
  const y = softmax(x);
  const dX = nd(x.shape);
  for (let m = 0; m < rows; m++) {
    let dot = 0;
    for (let j = 0; j < k; j++) dot += at(y, m * k + j) * at(dY, m * k + j);
    for (let j = 0; j < k; j++) {
      const i = m * k + j;
      dX.data[i] = at(y, i) * (at(dY, i) - dot);
    }
  }
  return dX;
}
