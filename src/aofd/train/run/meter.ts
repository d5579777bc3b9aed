import type { NamedLosses } from '../losses/index.js';
import type { StepCounts } from '../step/types.js';

/** Sums what the steps report until it is logged. */
export class Meter {
  #losses = new Map<string, { sum: number; count: number }>();
  #counts = new Map<string, number>();
  #gradNorm = 0;
  #steps = 0;
  #started = performance.now();

  add(losses: NamedLosses, counts: StepCounts, gradNorm: number): void {
    this.#steps++;
    this.#gradNorm += gradNorm;
    for (const [name, value] of Object.entries(losses)) {
      const entry = this.#losses.get(name) ?? { sum: 0, count: 0 };
      entry.sum += value;
      entry.count++;
      this.#losses.set(name, entry);
    }
    for (const [name, value] of Object.entries(counts) as [string, number][]) {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + value);
    }
  }

  get steps(): number {
    return this.#steps;
  }

  /** Means since the last call; starts anew. A loss is averaged over the steps that had it. */
  take(): {
    losses: NamedLosses;
    counts: Record<string, number>;
    gradNorm: number;
    msPerStep: number;
    elapsedMs: number;
  } {
    const now = performance.now();
    const elapsedMs = now - this.#started;
    const steps = Math.max(1, this.#steps);
    const result = {
      losses: Object.fromEntries([...this.#losses].map(([n, { sum, count }]) => [n, sum / count])),
      counts: Object.fromEntries([...this.#counts].map(([n, sum]) => [n, sum / steps])),
      gradNorm: this.#gradNorm / steps,
      msPerStep: elapsedMs / steps,
      elapsedMs,
    };
    this.#losses = new Map();
    this.#counts = new Map();
    this.#gradNorm = 0;
    this.#steps = 0;
    this.#started = now;
    return result;
  }

  /** Leaves the time since the last call out of the next mean (a validation, a checkpoint). */
  skipTime(milliseconds: number): void {
    this.#started += milliseconds;
  }
}
