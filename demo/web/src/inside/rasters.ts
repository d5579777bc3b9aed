/** Between the library's RGB pictures and canvases. */
import type { Raster } from '../../../../src/aofd/detect/drawing/draw.js';
import { heatColor } from '../../../../src/aofd/detect/inspect/heat.js';
import { contextOf } from '../dom.js';

/** Shows an RGB picture. */
export function showRaster(canvas: HTMLCanvasElement, { width, height, data }: Raster): void {
  Object.assign(canvas, { width, height });
  const pixels = new ImageData(width, height);
  for (let i = 0, j = 0; i < pixels.data.length; i += 4, j += 3) {
    for (let c = 0; c < 3; c++) pixels.data[i + c] = data[j + c]!;
    pixels.data[i + 3] = 255;
  }
  contextOf(canvas).putImageData(pixels, 0, 0);
}

/** Maps [C, h, w] in a grid of tiles, each scaled to its own range, one colour scale. */
export function showMaps(
  canvas: HTMLCanvasElement,
  maps: { data: ArrayLike<number>; channels: number; height: number; width: number },
  columns: number,
): void {
  const { data, channels, height, width } = maps;
  const gap = 2;
  const rows = Math.ceil(channels / columns);
  const sheet = new ImageData(columns * (width + gap) - gap, rows * (height + gap) - gap);
  for (let c = 0; c < channels; c++) {
    const from = c * height * width;
    let [low, high] = [Infinity, -Infinity];
    for (let i = from; i < from + height * width; i++) {
      low = Math.min(low, data[i]!);
      high = Math.max(high, data[i]!);
    }
    const [left, top] = [(c % columns) * (width + gap), Math.floor(c / columns) * (height + gap)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = (data[from + y * width + x]! - low) / (high - low || 1);
        sheet.data.set([...heatColor(value), 255], 4 * ((top + y) * sheet.width + left + x));
      }
    }
  }
  Object.assign(canvas, { width: sheet.width, height: sheet.height });
  contextOf(canvas).putImageData(sheet, 0, 0);
}
