/** Heat maps over pictures, for inspection. */
import type { Color, Raster } from '../drawing/draw.js';
import { forEachPixel, type GridMap } from '../grid-map.js';

/** Dark purple over red and orange to pale yellow; t in 0..1. */
const STOPS: readonly Color[] = [
  [12, 8, 38],
  [101, 21, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

/** Colour of a value in 0..1; dark is low. */
export function heatColor(t: number): Color {
  const at = Math.max(0, Math.min(1, t)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  const [a, b] = [STOPS[low] as Color, STOPS[low + 1] as Color];
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (at - low));
  return [mix(0), mix(1), mix(2)];
}

/** The picture under a map of values in 0..1; values near 0 leave it darkened. */
export function heatOver(picture: Raster, map: GridMap, opacity = 0.65): Raster {
  const { width, height } = picture;
  const channels = picture.channels ?? 3;
  const data = new Uint8Array(width * height * 3);
  const colors = Uint8Array.from(Array.from({ length: 256 }, (_, i) => heatColor(i / 255)).flat());
  forEachPixel(map, { x: 0, y: 0, width, height }, (at, value) => {
    const level = Math.round(255 * Math.max(0, Math.min(1, value)));
    for (let c = 0; c < 3; c++) {
      const under = picture.data[channels * at + c]!;
      data[3 * at + c] = Math.round(under + (colors[3 * level + c]! - under) * opacity);
    }
  });
  return { width, height, data };
}

/** The part of a picture inside a box, scaled to side x side (nearest pixels, edges repeated). */
export function cropSquare(
  picture: Raster,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  side: number,
): Raster {
  const channels = picture.channels ?? 3;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const sy = clampTo(Math.floor(y1 + ((y + 0.5) / side) * (y2 - y1)), picture.height);
    for (let x = 0; x < side; x++) {
      const sx = clampTo(Math.floor(x1 + ((x + 0.5) / side) * (x2 - x1)), picture.width);
      for (let c = 0; c < 3; c++) {
        data[(y * side + x) * 3 + c] = picture.data[(sy * picture.width + sx) * channels + c] ?? 0;
      }
    }
  }
  return { width: side, height: side, data };
}

const clampTo = (value: number, size: number): number => Math.max(0, Math.min(size - 1, value));

/**
 * What the mask generator thinks of one face (the paper's Figure 3a): the face, its heat (bright =
 * worth covering; scaled to the face's own range), and the face with the covered cells dark.
 * @param heat [cells*cells]; small values are what the generator covers
 * @param mask [cells*cells]; 0 = covered
 */
export function generatorPanels(
  face: Raster,
  heat: ArrayLike<number>,
  mask: ArrayLike<number>,
  cells: number,
): Raster {
  const side = face.width;
  const list = Array.from(heat);
  const low = Math.min(...list);
  const range = Math.max(...list) - low || 1;
  const values = list.map((v) => 1 - (v - low) / range);
  const warm = heatOver(face, { values, height: cells, width: cells, scale: cells / side });
  const hidden = face.data.slice();
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const cell = Math.floor((y * cells) / side) * cells + Math.floor((x * cells) / side);
      if (mask[cell] !== 0) continue;
      for (let c = 0; c < 3; c++) hidden[(y * side + x) * 3 + c]! >>= 3;
    }
  }
  return sideBySide([face, warm, { ...face, data: hidden }], 4);
}

/** Pictures of one height in a row on white. */
export function sideBySide(pictures: readonly Raster[], gap: number): Raster {
  const height = pictures[0]?.height ?? 0;
  const width = pictures.reduce((sum, p) => sum + p.width, gap * (pictures.length - 1));
  const data = new Uint8Array(width * height * 3).fill(255);
  let left = 0;
  for (const picture of pictures) {
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      data.set(row, (y * width + left) * 3);
    }
    left += picture.width + gap;
  }
  return { width, height, data };
}
