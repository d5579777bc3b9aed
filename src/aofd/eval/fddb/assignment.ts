/** One-to-one assignment of greatest total weight (Kuhn's Hungarian method, shortest paths). */
import { officialAssignment } from './official-assignment.js';

/** `optimal`: the greatest sum; `official`: what the FDDB tool finds, which may be a little less. */
export type Solver = 'optimal' | 'official';

/**
 * For a matrix of `rows` x `columns` weights (row-major, finite), the column of each row so that
 * the sum of the chosen weights is as large as it can be; -1 where a row stays alone because there
 * are more rows than columns. O(min^2 * max).
 * @throws NnError where the official solver fails
 */
export function bestAssignment(
  weights: ArrayLike<number>,
  rows: number,
  columns: number,
  solver: Solver = 'optimal',
): Int32Array {
  const assign = solver === 'official' ? officialAssignment : assignRows;
  if (rows <= columns) return assign((r, c) => weights[r * columns + c]!, rows, columns);
  const rowOf = assign((c, r) => weights[r * columns + c]!, columns, rows);
  const result = new Int32Array(rows).fill(-1);
  rowOf.forEach((row, column) => (result[row] = column));
  return result;
}

/** The method for rows <= columns: one shortest augmenting path per row, with potentials. */
function assignRows(
  weight: (row: number, column: number) => number,
  rows: number,
  columns: number,
): Int32Array {
  // Index 0 is a stand-in: row and column k of the matrix are k + 1 here.
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOfColumn = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  const distance = new Float64Array(columns + 1);
  const isDone = new Uint8Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowOfColumn[0] = row;
    distance.fill(Infinity);
    isDone.fill(0);
    let column = 0;
    while (rowOfColumn[column] !== 0) {
      isDone[column] = 1;
      const from = rowOfColumn[column]!;
      let nearest = Infinity;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (isDone[c]) continue;
        const reduced = -weight(from - 1, c - 1) - rowPotential[from]! - columnPotential[c]!;
        if (reduced < distance[c]!) {
          distance[c] = reduced;
          previous[c] = column;
        }
        if (distance[c]! < nearest) {
          nearest = distance[c]!;
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (isDone[c]) {
          rowPotential[rowOfColumn[c]!]! += nearest;
          columnPotential[c]! -= nearest;
        } else distance[c]! -= nearest;
      }
      column = next;
    }
    for (; column !== 0; column = previous[column]!) {
      rowOfColumn[column] = rowOfColumn[previous[column]!]!;
    }
  }
  const result = new Int32Array(rows).fill(-1);
  for (let c = 1; c <= columns; c++) if (rowOfColumn[c] !== 0) result[rowOfColumn[c]! - 1] = c - 1;
  return result;
}
