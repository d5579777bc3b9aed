/** Progress of an evaluation: one line that is renewed on a terminal, a line now and then elsewhere. */

/** Where it is written to. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Seconds between two lines. */
const RENEWED = 0.2;
const APART = 15;

export class Progress {
  readonly #out: ProgressStream;
  readonly #now: () => number;
  readonly #start: number;
  #last = -Infinity;
  #isOpen = false;

  /** @param now seconds; tests give their own */
  constructor(out: ProgressStream, now = () => performance.now() / 1000) {
    this.#out = out;
    this.#now = now;
    this.#start = now();
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return this.#now() - this.#start;
  }

  /** Shows a line unless one was shown a moment ago; `isLast` always. */
  show(text: string, isLast = false): void {
    const now = this.#now();
    if (!isLast && now - this.#last < (this.#out.isTTY ? RENEWED : APART)) return;
    this.#last = now;
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[2K${text.slice(0, (this.#out.columns ?? 120) - 1)}`);
      this.#isOpen = true;
    } else this.#out.write(`${text}\n`);
  }

  /** Ends the line, so that others can be written. */
  close(): void {
    if (this.#isOpen) this.#out.write('\n');
    this.#isOpen = false;
  }
}

/** `1240/2845 pictures, 400 from the cache, 6.1 per second, 4m22 left`. */
export function describeRun(run: {
  done: number;
  total: number;
  fromCache: number;
  perSecond: number;
}): string {
  const { done, total, fromCache, perSecond } = run;
  const left =
    perSecond > 0 && done < total ? `, ${duration((total - done) / perSecond)} left` : '';
  return [
    `${done}/${total} pictures`,
    ...(fromCache > 0 ? [`${fromCache} from the cache`] : []),
    ...(perSecond > 0 ? [`${perSecond.toPrecision(3)} per second`] : []),
  ]
    .join(', ')
    .concat(left);
}

/** `48s`, `4m22`, `1h05`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}`;
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}`;
}
