/** How long things take: frames a second, and the stages of a frame. */

/** Frames a second over the last second or so. */
export class Rate {
  readonly #times: number[] = [];

  /** Notes a frame at a time in ms; gives the rate, or null before the second frame. */
  tick(now: number): number | null {
    const times = this.#times;
    times.push(now);
    while (times.length > 2 && now - times[0]! > 1500) times.shift();
    const span = now - times[0]!;
    return span > 0 ? (1000 * (times.length - 1)) / span : null;
  }
}

/** Means of the stages of frames, in order of their first appearance. */
export class StageTimes {
  readonly #sums = new Map<string, { totalMs: number; count: number }>();

  add(stage: string, timeMs: number): void {
    const sum = this.#sums.get(stage) ?? { totalMs: 0, count: 0 };
    // Recent frames count more: the reader changes settings and wants to see the effect.
    if (sum.count >= 30) {
      sum.totalMs *= 29 / sum.count;
      sum.count = 29;
    }
    sum.totalMs += timeMs;
    sum.count++;
    this.#sums.set(stage, sum);
  }

  means(): { stage: string; timeMs: number }[] {
    return [...this.#sums].map(([stage, { totalMs, count }]) => ({
      stage,
      timeMs: totalMs / count,
    }));
  }

  clear(): void {
    this.#sums.clear();
  }
}
