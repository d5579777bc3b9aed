/**
 * The assignment as the FDDB tool finds it: Kuhn's Hungarian method of 1955 in floating point, with the
 * tool's tolerance and its order of search. In crowded pictures it may stop before the sum is the
 * greatest; files that were made with the tool hold these sums (docs/spec.md 6.1).
 */
import { NnError } from '../../../nn/errors.js';

/** Cells whose cover exceeds their weight by less than this count as tight. */
const TOLERANCE = 1e-15;

/** Longest search for one more pair; equal weights can make the tool's own search endless. */
const MOST_STEPS = 1e8;

/** What is known of a cell: its cover is loose, tight, or tight and the cell chosen. */
const [LOOSE, TIGHT, CHOSEN] = [0, 1, 2];

interface Place {
  row: number;
  column: number;
}

/**
 * The column of each row, `rows` <= `columns`.
 * @throws NnError `solver-failed` where the tool stops with a failed assertion, or its search does not end
 */
export function officialAssignment(
  weight: (row: number, column: number) => number,
  rows: number,
  columns: number,
): Int32Array {
  const problem = new Kuhn(weight, rows, columns);
  do {
    while (problem.addPair());
  } while (problem.lowerCover());
  return problem.chosen();
}

/** A cover u, v of the weights (u + v >= weight in every cell) and pairs on its tight cells. */
class Kuhn {
  readonly #rows: number;
  readonly #columns: number;
  readonly #weights: Float64Array;
  readonly #u: Float64Array;
  readonly #v: Float64Array;
  readonly #cells: Uint8Array;
  /** Rows from which no further pair was reached in the last search. */
  readonly #isEssential: Uint8Array;
  #steps = 0;

  constructor(weight: (row: number, column: number) => number, rows: number, columns: number) {
    this.#rows = rows;
    this.#columns = columns;
    this.#weights = new Float64Array(rows * columns);
    this.#u = new Float64Array(rows);
    this.#v = new Float64Array(columns);
    this.#cells = new Uint8Array(rows * columns);
    this.#isEssential = new Uint8Array(rows);
    const [greatestInRow, greatestInColumn] = [new Float64Array(rows), new Float64Array(columns)];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const value = weight(r, c);
        this.#weights[r * columns + c] = value;
        greatestInRow[r] = Math.max(greatestInRow[r]!, value);
        greatestInColumn[c] = Math.max(greatestInColumn[c]!, value);
      }
    }
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    const byRows = sum(greatestInRow) <= sum(greatestInColumn);
    if (byRows) this.#u.set(greatestInRow);
    else this.#v.set(greatestInColumn);
    this.#findTight();
    this.#choosePlainly(byRows);
  }

  /** Looks for one more pair along alternating cells. @returns whether one was found */
  addPair(): boolean {
    this.#isEssential.fill(0);
    for (let column = 0; column < this.#columns; column++) {
      if (this.#chosenRow(column) >= 0) continue;
      for (let row = 0; row < this.#rows; row++) {
        if (this.#at(row, column) === TIGHT && this.#extend({ row, column })) return true;
      }
    }
    return false;
  }

  /** Lowers the cover where no pair could be added. @returns false: it is done */
  lowerCover(): boolean {
    const [rows, columns, u, v] = [this.#rows, this.#columns, this.#u, this.#v];
    const isEssentialColumn = Uint8Array.from(v, (_, column) => {
      for (let row = 0; row < rows; row++) {
        if (this.#at(row, column) === CHOSEN && !this.#isEssential[row]) return 1;
      }
      return 0;
    });
    const step = this.#leastSlack(isEssentialColumn);
    if (Math.abs(step) < TOLERANCE) return false;
    const free = (row: number): boolean => !this.#isEssential[row];
    const freeRows = Array.from(u.keys()).filter(free);
    if (freeRows.some((row) => u[row] === 0)) {
      let least = step;
      for (let c = 0; c < columns; c++) if (!isEssentialColumn[c]) least = Math.min(least, v[c]!);
      for (let r = 0; r < rows; r++) if (!free(r)) u[r]! += least;
      for (let c = 0; c < columns; c++) if (!isEssentialColumn[c]) v[c]! -= least;
    } else {
      const least = freeRows.reduce((most, row) => Math.min(most, u[row]!), step);
      for (const row of freeRows) u[row]! -= least;
      for (let c = 0; c < columns; c++) if (isEssentialColumn[c]) v[c]! += least;
    }
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) this.#checkCover(r, c);
    this.#findTight();
    return true;
  }

  /** @throws NnError unless every row has one column, and no column two rows */
  chosen(): Int32Array {
    const columnOf = new Int32Array(this.#rows).fill(-1);
    const isTaken = new Uint8Array(this.#columns);
    for (let r = 0; r < this.#rows; r++) {
      for (let c = 0; c < this.#columns; c++) {
        if (this.#at(r, c) !== CHOSEN) continue;
        if (columnOf[r] !== -1 || isTaken[c]) throw stopped('has no one-to-one result');
        columnOf[r] = c;
        isTaken[c] = 1;
      }
      if (columnOf[r] === -1) throw stopped('leaves a row without a partner');
    }
    return columnOf;
  }

  #at(row: number, column: number): number {
    return this.#cells[row * this.#columns + column]!;
  }

  #slack(row: number, column: number): number {
    return this.#u[row]! + this.#v[column]! - this.#weights[row * this.#columns + column]!;
  }

  /** A chosen cell that is loose now is no longer chosen. */
  #findTight(): void {
    for (let r = 0; r < this.#rows; r++) {
      for (let c = 0; c < this.#columns; c++) {
        const i = r * this.#columns + c;
        if (!(Math.abs(this.#slack(r, c)) < TOLERANCE)) this.#cells[i] = LOOSE;
        else if (this.#cells[i] === LOOSE) this.#cells[i] = TIGHT;
      }
    }
  }

  /** The first pairs: by rows, each row's first tight column that is not taken; or by columns. */
  #choosePlainly(byRows: boolean): void {
    const [outer, inner] = byRows ? [this.#rows, this.#columns] : [this.#columns, this.#rows];
    const isTaken = new Uint8Array(inner);
    for (let a = 0; a < outer; a++) {
      for (let b = 0; b < inner; b++) {
        const i = byRows ? a * this.#columns + b : b * this.#columns + a;
        if (this.#cells[i] !== TIGHT || isTaken[b]) continue;
        this.#cells[i] = CHOSEN;
        isTaken[b] = 1;
        break;
      }
    }
  }

  #chosenRow(column: number): number {
    for (let r = 0; r < this.#rows; r++) if (this.#at(r, column) === CHOSEN) return r;
    return -1;
  }

  #chosenColumn(row: number): number {
    for (let c = 0; c < this.#columns; c++) if (this.#at(row, c) === CHOSEN) return c;
    return -1;
  }

  /**
   * Goes from a tight cell of a free column to the chosen cell of its row, on to a tight cell of that
   * column, and so on, each row once, until a row has no chosen cell: then what was chosen on the way and
   * what was tight change places. A row that leads nowhere becomes essential and the search turns back.
   */
  #extend(start: Place): boolean {
    const path = [start];
    for (;;) {
      const last = path.at(-1)!;
      let column = this.#chosenColumn(last.row);
      if (column < 0) {
        for (const { row, column } of path) {
          const i = row * this.#columns + column;
          this.#cells[i] = this.#cells[i] === TIGHT ? CHOSEN : TIGHT;
        }
        return true;
      }
      let next = this.#nextRow(column, 0, path);
      while (next < 0) {
        const dead = path.pop()!;
        this.#isEssential[dead.row] = 1;
        if (path.length === 0) return false;
        path.pop();
        column = dead.column;
        next = this.#nextRow(column, dead.row + 1, path);
      }
      path.push({ row: path.at(-1)!.row, column }, { row: next, column });
    }
  }

  /** The first row from `from` on with a tight cell in the column that the path does not hold; -1: none. */
  #nextRow(column: number, from: number, path: readonly Place[]): number {
    if (++this.#steps > MOST_STEPS) throw stopped('does not end');
    for (let row = from; row < this.#rows; row++) {
      const isNew = this.#at(row, column) === TIGHT && !path.some((p) => p.row === row);
      if (isNew) return row;
    }
    return -1;
  }

  /**
   * Least slack of cells whose row and column are not essential, as the tool takes it: a value within the
   * tolerance of 0 is replaced by whatever comes next.
   */
  #leastSlack(isEssentialColumn: Uint8Array): number {
    let least = 0;
    for (let r = 0; r < this.#rows; r++) {
      if (this.#isEssential[r]) continue;
      for (let c = 0; c < this.#columns; c++) {
        if (isEssentialColumn[c]) continue;
        const slack = this.#checkCover(r, c);
        if (Math.abs(least) < TOLERANCE || (slack > -TOLERANCE && slack < least)) least = slack;
      }
    }
    return least;
  }

  #checkCover(row: number, column: number): number {
    const slack = this.#slack(row, column);
    if (slack < -TOLERANCE)
      throw stopped('stops with a failed assertion (rounding uncovers a cell)');
    return slack;
  }
}

const stopped = (what: string): NnError =>
  new NnError('solver-failed', `the official tool's matching ${what} here.`, {
    fix: 'leave out --solver official: the optimal matching has no such pictures.',
  });
