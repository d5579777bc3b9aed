import { at, nd, type TwinArray } from './nd.js';

/** RGB bytes [N, H, W, 3], four a word with the first lowest, as (value - mean) / std [N, 3, H, W]. */
export function bytesToMap(
  words: TwinArray,
  o: {
    count: number;
    height: number;
    width: number;
    order: 'rgb' | 'bgr';
    mean: readonly number[];
    std: readonly number[];
  },
): TwinArray {
  const y = nd([o.count, 3, o.height, o.width]);
  const plane = o.height * o.width;
  for (let i = 0; i < y.data.length; i++) {
    const c = Math.floor(i / plane) % 3;
    const pixel = Math.floor(i / plane / 3) * plane + (i % plane);
    const byte = pixel * 3 + (o.order === 'bgr' ? 2 - c : c);
    const value = Math.floor(at(words, Math.floor(byte / 4)) / 256 ** (byte % 4)) % 256;
    y.data[i] = (value - (o.mean[c] as number)) / (o.std[c] as number);
  }
  return y;
}
