/**
 * A counter-based random generator: value i of a stream is a hash of (key, i), so a stream can be
 * saved as three integers, resumed, or opened anywhere without drawing the values before.
 *
 * The engine has another (`CounterRng`, `nn/tensor/random.ts`), and there are two on purpose. That one
 * hashes by pcg4d, as its WGSL twin does, and selects a stream by one number. This one has a
 * hash of its own (two rounds of a 32-bit mixer, over a list of integers of any length) and needs no
 * engine, so that evaluators and data threads load without it. No step of the two hashes is the same:
 * to make one of them would change every stream, and with it batches, resumed runs and bootstraps.
 */

/** Source of uniform numbers in [0, 1). Everything random in this folder takes one of these. */
export interface Rng {
  next(): number;
}

/** Serialisable state of {@link KeyedRng}: three unsigned 32-bit integers. */
export interface RngState {
  key0: number;
  key1: number;
  counter: number;
}

/** One round of a 32-bit integer mixer (xor-shift-multiply, low bias). */
function mix32(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  x ^= x >>> 15;
  return x >>> 0;
}

/** Hashes a list of integers to 32 bits; the order matters. */
export function hashInts(...values: number[]): number {
  let h = 0x9e3779b9;
  for (const v of values) {
    const low = v >>> 0;
    const high = Math.floor(v / 4294967296) >>> 0;
    h = mix32((h ^ low) >>> 0);
    h = mix32((Math.imul(h, 0x85ebca6b) + high + 0x165667b1) >>> 0);
  }
  return h;
}

/** Counter-based generator with 24 random bits per number (two mixer rounds per draw). */
export class KeyedRng implements Rng {
  private key0: number;
  private key1: number;
  private counter = 0;

  /**
   * @param seed integer seed
   * @param streams further integers (step, slot, purpose, ...) that select an independent stream
   */
  constructor(seed: number, ...streams: number[]) {
    this.key0 = hashInts(seed, ...streams, 0x1234567);
    this.key1 = hashInts(seed, ...streams, 0x89abcde);
  }

  next(): number {
    const c = this.counter;
    this.counter = (c + 1) >>> 0;
    const first = mix32((Math.imul(c, 0x9e3779b9) + this.key0) >>> 0);
    return (mix32((first + this.key1) >>> 0) >>> 8) / 16777216;
  }

  /** A copy of the state; `KeyedRng.fromState` continues with the same numbers. */
  state(): RngState {
    return { key0: this.key0, key1: this.key1, counter: this.counter };
  }

  static fromState(state: RngState): KeyedRng {
    const rng = new KeyedRng(0);
    rng.key0 = state.key0 >>> 0;
    rng.key1 = state.key1 >>> 0;
    rng.counter = state.counter >>> 0;
    return rng;
  }
}

/** Uniform in [low, high). */
export function uniform(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.next();
}

/** Uniform integer in [0, count). */
export function randomInt(rng: Rng, count: number): number {
  return Math.min(count - 1, Math.floor(rng.next() * count));
}

/** True with the given probability; always draws one number. */
export function chance(rng: Rng, probability: number): boolean {
  return rng.next() < probability;
}

/** One element of a non-empty list. */
export function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[randomInt(rng, list.length)] as T;
}

/** Index drawn in proportion to non-negative weights (at least one positive). */
export function pickWeighted(rng: Rng, weights: readonly number[]): number {
  let total = 0;
  for (const w of weights) total += w;
  let left = rng.next() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] ?? 0;
    if (w <= 0) continue;
    last = i;
    if (left < w) return i;
    left -= w;
  }
  return last;
}

/** Standard normal by Box-Muller; draws two numbers. */
export function gaussian(rng: Rng): number {
  const u = 1 - rng.next();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * rng.next());
}
