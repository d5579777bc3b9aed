/** Work that is let in a few at a time; the rest waits in line. */

interface Waiting {
  enter(): void;
  refuse(error: Error): void;
}

/** Called when nothing is inside any more (`isIdle`), and when something enters again. */
export type IdleWatcher = (isIdle: boolean) => void;

export class Turnstile {
  readonly #most: number;
  readonly #watch: IdleWatcher;
  readonly #line: Waiting[] = [];
  readonly #leavers: (() => void)[] = [];
  #inside = 0;
  #closed: (() => Error) | null = null;
  /** Ends when the last work that asked to be alone has ended. */
  #alone: Promise<unknown> = Promise.resolve();

  /** @param most pieces of work inside at a time */
  constructor(most: number, watch: IdleWatcher = () => undefined) {
    this.#most = most;
    this.#watch = watch;
  }

  get isEmpty(): boolean {
    return this.#inside === 0;
  }

  /** Does `work` when its turn has come. Rejects with what it rejects with, or with what `close` says. */
  async passAsync<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closed();
    if (this.#inside >= this.#most) {
      // Whoever leaves hands the place over, so that nobody enters in between.
      await new Promise<void>((enter, refuse) => this.#line.push({ enter, refuse }));
    } else if (this.#inside++ === 0) this.#watch(false);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Does `work` with nothing else inside, by taking all places, one piece of such work at a time. */
  async passAloneAsync<T>(work: () => Promise<T>): Promise<T> {
    const takeAsync = (places: number): Promise<T> =>
      places === 0 ? work() : this.passAsync(() => takeAsync(places - 1));
    const mine = this.#alone.then(() => takeAsync(this.#most));
    this.#alone = mine.catch(() => undefined);
    return mine;
  }

  #leave(): void {
    const next = this.#line.shift();
    if (next) {
      next.enter();
      return;
    }
    if (--this.#inside > 0) return;
    this.#watch(true);
    for (const leaver of this.#leavers.splice(0)) leaver();
  }

  /**
   * Lets nobody in any more: who waits, or comes later, gets `refusal`.
   * @returns when what is inside has ended
   */
  async closeAsync(refusal: () => Error): Promise<void> {
    this.#closed ??= refusal;
    for (const { refuse } of this.#line.splice(0)) refuse(refusal());
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#leavers.push(resolve));
  }
}
