/** Seeded random inputs, and the places at which large results are checked. */
import { CounterRng, type Device, type Tensor } from '../../src/nn/index.js';

/** A prime, so that the repeated block lines up with no row or channel. */
const BLOCK = 1048573;
const blocks = new Map<string, Float32Array>();

/**
 * `size` numbers uniform in [-scale, scale): a block of 1,048,573 different ones, repeated. The same
 * for the same seed.
 */
export function randomData(size: number, seed: number, scale = 1): Float32Array {
  const key = `${seed} ${scale}`;
  let block = blocks.get(key);
  const wanted = Math.min(size, BLOCK);
  if (!block || block.length < wanted) {
    block = new Float32Array(wanted);
    let state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1;
    for (let i = 0; i < wanted; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      block[i] = scale * ((state >>> 0) * 2 ** -31 - 1);
    }
    if (blocks.size > 8) blocks.clear();
    blocks.set(key, block);
  }
  const data = new Float32Array(size);
  for (let at = 0; at < size; at += block.length) {
    data.set(block.subarray(0, Math.min(block.length, size - at)), at);
  }
  return data;
}

/** A map [1, C, H, W] of random numbers, outside of every scope. */
export function mapTensor(
  device: Device,
  [c, h, w]: readonly [channels: number, height: number, width: number],
  seed: number,
): Tensor {
  const data = randomData(c * h * w, seed);
  return device.release(device.tensor(data, [1, c, h, w], { layout: 'c4' }));
}

/** `count` places below `size`, the first and the last among them. */
export function samplePlaces(size: number, count: number, seed: number): number[] {
  if (size <= count) return Array.from({ length: size }, (_, i) => i);
  const rng = new CounterRng(seed, 'bench/places');
  const places = [0, size - 1];
  while (places.length < count) places.push(Math.floor(rng.next() * size));
  return places;
}

/** Largest |got - wanted| over the root mean square of the wanted; 1 where something is not finite. */
export function deviation(got: readonly number[], wanted: readonly number[]): number {
  let worst = 0;
  let squares = 0;
  for (const [i, value] of wanted.entries()) {
    const difference = Math.abs((got[i] ?? Number.NaN) - value);
    if (!Number.isFinite(difference)) return 1;
    worst = Math.max(worst, difference);
    squares += value * value;
  }
  const size = Math.sqrt(squares / Math.max(1, wanted.length));
  return size > 0 ? worst / size : worst;
}
