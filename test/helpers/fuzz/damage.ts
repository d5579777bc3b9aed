/** Seeded damage to good files. */
import { CounterRng } from '../../../src/nn/index.js';

/** What JSON and numbers are replaced by. */
const ODD = [
  'null',
  '-1',
  '1e999',
  '[]',
  '{}',
  '"x"',
  'true',
  '""',
  '__proto__',
  '4294967296',
  'NaN',
  '0',
  '1e9',
  '[[[[[[[[',
  '\u0000',
];

/** A damaged copy; which damage depends on seed and number alone. */
export function damaged(good: Uint8Array, seed: number, number: number): Uint8Array {
  const rng = new CounterRng(seed, 'fuzz').fork(number);
  let bytes = Buffer.from(good);
  for (let rounds = 1 + rng.int(3); rounds > 0; rounds--) {
    const at = rng.int(Math.max(1, bytes.length));
    const length = 1 + rng.int(8);
    switch (rng.int(6)) {
      case 0:
        bytes[at]! ^= 1 << rng.int(8);
        break;
      case 1:
        bytes = bytes.subarray(0, at) as typeof bytes;
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 4:
        for (let i = at; i < Math.min(bytes.length, at + length); i++) bytes[i] = rng.int(256);
        break;
      default: {
        // A whole value for another: the damage that syntax checks let through.
        const source = bytes.toString('latin1');
        const values = [...source.matchAll(/"[^"]*"|-?\d+(\.\d+)?|\[[^[\]]*\]/g)];
        const value = values[rng.int(Math.max(1, values.length))];
        if (!value) break;
        const odd = ODD[rng.int(ODD.length)] as string;
        const end = value.index + value[0].length;
        bytes = Buffer.from(source.slice(0, value.index) + odd + source.slice(end), 'latin1');
      }
    }
  }
  return bytes;
}
