import { at, nd, type TwinArray } from './nd.js';

/** gain · (w − mean) / sqrt(var · F + 1e-4) per row of [O, ...]. */
export function weightStandardize(w: TwinArray, gain: TwinArray): TwinArray {
  const rows = w.shape[0] ?? 0;
  const fan = w.data.length / Math.max(1, rows);
  const y = nd(w.shape);
  for (let o = 0; o < rows; o++) {
    const row = w.data.subarray(o * fan, (o + 1) * fan);
    const mean = row.reduce((s, v) => s + v, 0) / fan;
    const variance = row.reduce((s, v) => s + (v - mean) ** 2, 0) / fan;
    const factor = at(gain, o) / Math.sqrt(variance * fan + 1e-4);
    for (let f = 0; f < fan; f++) y.data[o * fan + f] = factor * ((row[f] as number) - mean);
  }
  return y;
}

export function weightStandardizeBackward(
  w: TwinArray,
  gain: TwinArray,
  dY: TwinArray,
): { w: TwinArray; gain: TwinArray } {
  const rows = w.shape[0] ?? 0;
  const fan = w.data.length / Math.max(1, rows);
  const dW = nd(w.shape);
  const dGain = nd(gain.shape);
  for (let o = 0; o < rows; o++) {
    const row = w.data.subarray(o * fan, (o + 1) * fan);
    const up = dY.data.subarray(o * fan, (o + 1) * fan);
    const mean = row.reduce((s, v) => s + v, 0) / fan;
    const norm = Math.sqrt(row.reduce((s, v) => s + (v - mean) ** 2, 0) + 1e-4);
    const z = row.map((v) => (v - mean) / norm);
    // y = g · z(w): the Jacobian of z is (I − 1/F − z zᵀ) / norm.
    const upMean = up.reduce((s, v) => s + v, 0) / fan;
    const along = up.reduce((s, v, f) => s + v * (z[f] as number), 0);
    dGain.data[o] = along;
    for (let f = 0; f < fan; f++) {
      dW.data[o * fan + f] =
        (at(gain, o) / norm) * ((up[f] as number) - upMean - along * (z[f] as number));
    }
  }
  return { w: dW, gain: dGain };
}
