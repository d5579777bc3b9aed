/** Maps of the network over the picture that they belong to. */

/** Values on the cells of a feature map. */
export interface GridMap {
  /** [height * width] */
  values: ArrayLike<number>;
  height: number;
  width: number;
  /** Cells per pixel of the original picture: input scale / stride. */
  scale: number;
  /** Pixel of the picture at which the map begins; default its first. */
  left?: number;
  top?: number;
}

/**
 * Visits the pixels of a window of the picture, row by row, with the value there: bilinear between the
 * centres of cells, edge cells repeated. `at` counts the window's pixels from 0.
 */
export function forEachPixel(
  map: GridMap,
  window: { x: number; y: number; width: number; height: number },
  visit: (at: number, value: number) => void,
): void {
  const { width, height } = window;
  const { left: firstX = 0, top: firstY = 0 } = map;
  const place = (pixel: number, cells: number): number =>
    Math.min(cells - 1, Math.max(0, (pixel + 0.5) * map.scale - 0.5));
  const left = new Int32Array(width);
  const right = new Int32Array(width);
  const weight = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    const at = place(window.x + i - firstX, map.width);
    left[i] = Math.floor(at);
    right[i] = Math.min(map.width - 1, left[i]! + 1);
    weight[i] = at - left[i]!;
  }
  const { values } = map;
  for (let j = 0; j < height; j++) {
    const at = place(window.y + j - firstY, map.height);
    const low = Math.floor(at);
    const top = low * map.width;
    const bottom = Math.min(map.height - 1, low + 1) * map.width;
    const wy = at - low;
    for (let i = 0; i < width; i++) {
      const l = left[i]!;
      const r = right[i]!;
      const upper = values[top + l]! + weight[i]! * (values[top + r]! - values[top + l]!);
      const lower = values[bottom + l]! + weight[i]! * (values[bottom + r]! - values[bottom + l]!);
      visit(j * width + i, upper + wy * (lower - upper));
    }
  }
}
