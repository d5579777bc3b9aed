/**
 * Counter-based random numbers: one hash of (seed, stream, counter), the same in TypeScript and in
 * `kernels/include/random.wgsl`, so that a number depends on its place and never on who drew
 * before. The hash is pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 2020).
 *
 * Pictures, batches and bootstraps draw from `KeyedRng`, `aofd/data/rng.ts`, which needs no engine and
 * says why both stay: their hashes share nothing, and neither stream may change.
 */

const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;

/** pcg4d: four unsigned 32-bit integers in, four well-mixed ones out. */
export function pcg4d(
  a: number,
  b: number,
  c: number,
  d: number,
): [number, number, number, number] {
  let x = (Math.imul(a, MULTIPLIER) + INCREMENT) | 0;
  let y = (Math.imul(b, MULTIPLIER) + INCREMENT) | 0;
  let z = (Math.imul(c, MULTIPLIER) + INCREMENT) | 0;
  let w = (Math.imul(d, MULTIPLIER) + INCREMENT) | 0;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

/** The first word of pcg4d(seed, stream, counterLo, counterHi): uniform in [0, 2^32). */
export function randomU32(seed: number, stream: number, counterLo: number, counterHi = 0): number {
  return pcg4d(seed, stream, counterLo, counterHi)[0];
}

/** The upper 24 bits of a 32-bit number as a float in [0, 1); exact in float32. */
export function uniform01(bits: number): number {
  return (bits >>> 8) * 2 ** -24;
}

/** What has to be stored to go on with a {@link CounterRng}. */
export interface RngState {
  seed: number;
  stream: number;
  /** Numbers drawn so far. */
  counter: number;
}

/** 32-bit FNV-1a of a text: turns a purpose ("sampler") into a stream number. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A generator over {@link randomU32}: number n of a (seed, stream) is a pure function of n, so the
 * state is one counter and streams never touch each other.
 */
export class CounterRng {
  readonly seed: number;
  readonly stream: number;
  #counter: number;

  /** `stream` may be a name; it is hashed by {@link streamOf}. */
  constructor(seed: number, stream: number | string = 0, counter = 0) {
    this.seed = seed >>> 0;
    this.stream = typeof stream === 'string' ? streamOf(stream) : stream >>> 0;
    this.#counter = counter;
  }

  /** Numbers drawn so far. */
  get counter(): number {
    return this.#counter;
  }

  /** Uniform in [0, 2^32). */
  nextU32(): number {
    const n = this.#counter++;
    return randomU32(this.seed, this.stream, n >>> 0, Math.floor(n / 4294967296));
  }

  /** Uniform in [0, 1), 24 bits. */
  next(): number {
    return uniform01(this.nextU32());
  }

  /** Uniform in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform integer in [0, n), 1 <= n <= 2^21 without rounding (bias below n / 2^32). */
  int(n: number): number {
    if (!(n >= 1)) throw new RangeError(`CounterRng.int: n must be at least 1, got ${n}.`);
    return Math.floor((this.nextU32() * n) / 4294967296);
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.next() < p;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('CounterRng.pick: the list is empty.');
    return items[this.int(items.length)] as T;
  }

  /** Standard normal number (Box-Muller; draws two). */
  normal(mean = 0, std = 1): number {
    const u = 1 - this.next(); // (0, 1]
    const v = this.next();
    return mean + std * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** Fisher-Yates in place; returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** An independent generator of the same seed for a named or numbered purpose. */
  fork(name: string | number): CounterRng {
    const stream = typeof name === 'string' ? streamOf(name) : name >>> 0;
    return new CounterRng(this.seed, pcg4d(this.stream, stream, 0x9e3779b9, 0)[1]);
  }

  /** The state to store in a checkpoint. */
  state(): RngState {
    return { seed: this.seed, stream: this.stream, counter: this.#counter };
  }

  /** A generator that goes on where `state` was taken. */
  static restore(state: RngState): CounterRng {
    return new CounterRng(state.seed, state.stream, state.counter);
  }
}
