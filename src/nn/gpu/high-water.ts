/**
 * The most that was in use lately: over the present span of turns and the one before. Work that
 * repeats within a span is remembered whole; one large piece of work is forgotten after two.
 */
export class HighWater {
  readonly #span: number;
  #turns = 0;
  #present = 0;
  #previous = 0;

  constructor(span: number) {
    this.#span = span;
  }

  get most(): number {
    return Math.max(this.#present, this.#previous);
  }

  note(amount: number): void {
    if (amount > this.#present) this.#present = amount;
  }

  /** One turn has passed; `amount` is in use now. */
  turn(amount: number): void {
    this.note(amount);
    if (++this.#turns < this.#span) return;
    this.#turns = 0;
    this.#previous = this.#present;
    this.#present = amount;
  }
}
