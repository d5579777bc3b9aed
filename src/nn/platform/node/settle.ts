/** Waiting for a software adapter without taking its core. */

const firstNapMs = 0.05;
const growth = 1.3;

/** How a thread naps and lets the event loop turn; replaced in tests. */
export interface NapClock {
  /** Blocks the thread. */
  nap(ms: number): void;
  /** Resolves after one turn of the event loop. */
  turn(): Promise<void>;
}

/**
 * Dawn polls for finished work on each turn of the event loop while a promise of its own is pending,
 * which keeps one core busy. A software adapter needs that core: so the thread naps between turns.
 * Naps begin at 0.05 ms, so that short waits stay short, and grow by 1.3 to `maxSleepMs`; a new wait
 * begins anew. However many promises are awaited, one nap is taken per turn.
 */
export class Napper {
  readonly #clock: NapClock;
  /** Longest nap that each pending wait allows. */
  readonly #pending: number[] = [];
  #napMs = firstNapMs;
  #isRunning = false;

  constructor(clock: NapClock) {
    this.#clock = clock;
  }

  /** Awaits a promise, napping meanwhile; a plain await where `maxSleepMs` is 0. */
  async settle<T>(promise: Promise<T>, maxSleepMs: number): Promise<T> {
    if (maxSleepMs <= 0) return promise;
    this.#pending.push(maxSleepMs);
    this.#napMs = firstNapMs;
    if (!this.#isRunning) void this.#run();
    try {
      return await promise;
    } finally {
      this.#pending.splice(this.#pending.indexOf(maxSleepMs), 1);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is done already needs no nap.
    await this.#clock.turn();
    while (this.#pending.length > 0) {
      const most = Math.min(...this.#pending);
      this.#napMs = Math.min(this.#napMs, most);
      this.#clock.nap(this.#napMs);
      this.#napMs = Math.min(this.#napMs * growth, most);
      await this.#clock.turn();
    }
    this.#isRunning = false;
  }
}
