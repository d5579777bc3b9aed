/**
 * The one sampling pass of the training pipeline: a window of a picture onto a tile of the canvas,
 * bilinear for colours, nearest for labels. Sample positions are half-pixel: canvas column u reads
 * source coordinate (u + 0.5) / s + left - 0.5.
 */
import type { CropWindow, Tile } from './crop-window.js';
import type { DecodedImage } from '../sample.js';

/** Mean of docs/spec.md 1.2 as R, G, B: padding that is about zero after mean subtraction. */
export const FILL_RGB: readonly [number, number, number] = [123, 116, 103];

/** Averages k x k blocks (the rest at the right and bottom edge is averaged as it is). */
export function shrinkByInteger(image: DecodedImage, k: number): DecodedImage {
  if (k <= 1) return image;
  const width = Math.ceil(image.width / k);
  const height = Math.ceil(image.height / k);
  const data = new Uint8Array(3 * width * height);
  const sums = new Int32Array(3 * width);
  const source = image.data;
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const rows = Math.min(k, image.height - y * k);
    for (let r = 0; r < rows; r++) {
      let at = 3 * (y * k + r) * image.width;
      for (let x = 0; x < width; x++) {
        const columns = Math.min(k, image.width - x * k);
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let c = 0; c < columns; c++, at += 3) {
          red += source[at] as number;
          green += source[at + 1] as number;
          blue += source[at + 2] as number;
        }
        sums[3 * x] = (sums[3 * x] as number) + red;
        sums[3 * x + 1] = (sums[3 * x + 1] as number) + green;
        sums[3 * x + 2] = (sums[3 * x + 2] as number) + blue;
      }
    }
    for (let x = 0; x < width; x++) {
      const scale = 1 / (rows * Math.min(k, image.width - x * k));
      const out = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) data[out + c] = (sums[3 * x + c] as number) * scale + 0.5;
    }
  }
  return { width, height, data };
}

/** Positions of one axis: low index, high index and weight (0..256) of high; -1 = outside. */
interface Axis {
  low: Int32Array;
  high: Int32Array;
  weight: Int32Array;
}

function makeAxis(
  count: number,
  start: number,
  length: number,
  limit: number,
  flip: boolean,
): Axis {
  const axis = {
    low: new Int32Array(count),
    high: new Int32Array(count),
    weight: new Int32Array(count),
  };
  const step = length / count;
  for (let i = 0; i < count; i++) {
    const u = flip ? count - 1 - i : i;
    const edge = (u + 0.5) * step + start;
    if (edge < 0 || edge >= limit) {
      axis.low[i] = -1;
      continue;
    }
    const position = Math.min(limit - 1, Math.max(0, edge - 0.5));
    const low = Math.floor(position);
    axis.low[i] = low;
    axis.high[i] = Math.min(limit - 1, low + 1);
    axis.weight[i] = Math.round((position - low) * 256);
  }
  return axis;
}

/**
 * Draws the window into the tile of `canvas` (RGB). Outside the picture: FILL_RGB.
 * @param antialias shrink by whole factors first where the window is minified twice or more
 */
export function sampleWindow(
  image: DecodedImage,
  window: CropWindow,
  canvas: DecodedImage,
  tile: Tile,
  antialias: boolean,
): void {
  const w = tile.x1 - tile.x0;
  const h = tile.y1 - tile.y0;
  const k = antialias ? Math.floor(Math.min(window.width / w, window.height / h)) : 1;
  const source = shrinkByInteger(image, k);
  const z = 1 / Math.max(1, k);
  const limitX = image.width * z;
  const limitY = image.height * z;
  const xs = makeAxis(w, window.left * z, window.width * z, limitX, window.flip);
  const ys = makeAxis(h, window.top * z, window.height * z, limitY, false);
  for (const [axis, size] of [
    [xs, source.width],
    [ys, source.height],
  ] as const) {
    for (let i = 0; i < axis.low.length; i++) {
      axis.low[i] = Math.min(size - 1, axis.low[i] as number);
      axis.high[i] = Math.min(size - 1, axis.high[i] as number);
    }
  }
  // Two horizontally interpolated source rows are kept; consecutive canvas rows reuse them.
  const rows = [new Int32Array(3 * w), new Int32Array(3 * w)] as [Int32Array, Int32Array];
  const held = [-1, -1];
  const rowOf = (y: number, keep: number): number => {
    if (held[0] === y) return 0;
    if (held[1] === y) return 1;
    const slot = held[0] === keep ? 1 : 0;
    interpolateRow(source, y, xs, rows[slot] as Int32Array);
    held[slot] = y;
    return slot;
  };
  const out = canvas.data;
  for (let v = 0; v < h; v++) {
    let at = 3 * ((tile.y0 + v) * canvas.width + tile.x0);
    const low = ys.low[v] as number;
    if (low < 0) {
      for (let u = 0; u < w; u++, at += 3) {
        out[at] = FILL_RGB[0];
        out[at + 1] = FILL_RGB[1];
        out[at + 2] = FILL_RGB[2];
      }
      continue;
    }
    const high = ys.high[v] as number;
    const a = rows[rowOf(low, high)] as Int32Array;
    const b = rows[rowOf(high, low)] as Int32Array;
    const wy = ys.weight[v] as number;
    const n = 3 * w;
    for (let i = 0; i < n; i++) {
      const p = a[i] as number;
      out[at + i] = (p * 256 + ((b[i] as number) - p) * wy + 32768) >> 16;
    }
  }
}

/** Row of 8.8 fixed-point values; outside columns get the fill colour. */
function interpolateRow(source: DecodedImage, y: number, xs: Axis, row: Int32Array): void {
  const data = source.data;
  const base = 3 * y * source.width;
  const n = xs.low.length;
  for (let u = 0, i = 0; u < n; u++, i += 3) {
    const low = xs.low[u] as number;
    if (low < 0) {
      row[i] = FILL_RGB[0] << 8;
      row[i + 1] = FILL_RGB[1] << 8;
      row[i + 2] = FILL_RGB[2] << 8;
      continue;
    }
    const p = base + 3 * low;
    const q = base + 3 * (xs.high[u] as number);
    const t = xs.weight[u] as number;
    const s = 256 - t;
    row[i] = (data[p] as number) * s + (data[q] as number) * t;
    row[i + 1] = (data[p + 1] as number) * s + (data[q + 1] as number) * t;
    row[i + 2] = (data[p + 2] as number) * s + (data[q + 2] as number) * t;
  }
}

/** Nearest sampling of a label map [H, W]; outside the picture 255 (no label). */
export function sampleLabels(
  labels: { width: number; height: number; data: Uint8Array },
  window: CropWindow,
  canvas: { width: number; data: Uint8Array },
  tile: Tile,
): void {
  const w = tile.x1 - tile.x0;
  const h = tile.y1 - tile.y0;
  const columns = new Int32Array(w);
  for (let u = 0; u < w; u++) {
    const along = window.flip ? w - 1 - u : u;
    columns[u] = Math.floor(((along + 0.5) * window.width) / w + window.left);
  }
  for (let v = 0; v < h; v++) {
    const y = Math.floor(((v + 0.5) * window.height) / h + window.top);
    const out = (tile.y0 + v) * canvas.width + tile.x0;
    const isRowInside = y >= 0 && y < labels.height;
    for (let u = 0; u < w; u++) {
      const x = columns[u] as number;
      canvas.data[out + u] =
        isRowInside && x >= 0 && x < labels.width
          ? (labels.data[y * labels.width + x] as number)
          : 255;
    }
  }
}
