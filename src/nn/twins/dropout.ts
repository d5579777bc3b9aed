import { at, nd, type TwinArray } from './nd.js';

/** The 32-bit counter hash pcg4d (Jarzynski and Olano, JCGT 2020), first word, in whole numbers. */
export function hash(seed: number, stream: number, low: number, high: number): number {
  const mask = 0xffffffffn;
  let [x, y, z, w] = [seed, stream, low, high].map(
    (v) => (BigInt(v >>> 0) * 1664525n + 1013904223n) & mask,
  ) as [bigint, bigint, bigint, bigint];
  const mix = (): void => {
    x = (x + y * w) & mask;
    y = (y + z * x) & mask;
    z = (z + x * y) & mask;
    w = (w + y * z) & mask;
  };
  mix();
  x ^= x >> 16n;
  y ^= y >> 16n;
  z ^= z >> 16n;
  w ^= w >> 16n;
  mix();
  return Number(x);
}

/**
 * Inverted dropout. `position` gives the place of a logical element in storage order, which is
 * what the random numbers are counted by. The gradient is the same function of dY.
 */
export function dropout(
  x: TwinArray,
  p: number,
  seed: number,
  stream: number,
  position: (i: number) => number = (i) => i,
): TwinArray {
  const y = nd(x.shape);
  for (let i = 0; i < y.data.length; i++) {
    const u = (hash(seed, stream, position(i), 0) >>> 8) / 2 ** 24;
    y.data[i] = u < p ? 0 : at(x, i) / (1 - p);
  }
  return y;
}
