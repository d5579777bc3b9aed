/** The shape of a mask on a square grid: into how many pieces it falls, and how long its edge is. */

export interface MaskShape {
  /** Groups of masked cells that touch, by a side or a corner. */
  pieces: number;
  /** Sides between a masked cell and one that is not, or the border of the grid; 4 for a single cell. */
  edge: number;
}

/**
 * @param mask [side * side], 0 = masked
 * @param side cells of a row
 */
export function maskShape(mask: ArrayLike<number>, side: number): MaskShape {
  const isMasked = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < side && y < side && mask[y * side + x] === 0;
  const seen = new Uint8Array(side * side);
  const shape: MaskShape = { pieces: 0, edge: 0 };
  const visit = (x: number, y: number): void => {
    if (!isMasked(x, y) || seen[y * side + x]) return;
    seen[y * side + x] = 1;
    for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) visit(x + dx, y + dy);
  };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!isMasked(x, y)) continue;
      if (!seen[y * side + x]) {
        shape.pieces++;
        visit(x, y);
      }
      const around = [
        isMasked(x - 1, y),
        isMasked(x + 1, y),
        isMasked(x, y - 1),
        isMasked(x, y + 1),
      ];
      shape.edge += around.filter((isInside) => !isInside).length;
    }
  }
  return shape;
}
