/**
 * Drawing on pictures in memory: boxes, labels, translucent masks. Plain typed arrays, no DOM.
 * Coordinates are pixels; pixel (x, y) covers [x, x+1) x [y, y+1). Everything is clipped.
 */
import { CAP_HEIGHT, DESCENT, layoutText, textWidth } from './font.js';
import type { BinaryMask } from '../rle.js';

/** A picture: interleaved RGB (3 channels, the default) or RGBA bytes, row-major. */
export interface Raster {
  width: number;
  height: number;
  channels?: 3 | 4;
  data: Uint8Array;
}

/** Red, green, blue, 0..255. */
export type Color = readonly [number, number, number];

const INK: Color = [16, 18, 22];
const PAPER: Color = [255, 255, 255];
/** Colour of covered pixels. */
export const COVER_COLOR: Color = [255, 56, 124];

/** Lays `color` over one pixel with opacity `alpha` (0..1); outside of the picture nothing happens. */
export function blendPixel(r: Raster, x: number, y: number, color: Color, alpha: number): void {
  if (x < 0 || y < 0 || x >= r.width || y >= r.height || alpha <= 0) return;
  const channels = r.channels ?? 3;
  const at = (y * r.width + x) * channels;
  const a = Math.min(1, alpha);
  for (let c = 0; c < 3; c++) {
    const under = r.data[at + c] ?? 0;
    r.data[at + c] = Math.round(under + ((color[c] ?? 0) - under) * a);
  }
  if (channels === 4) r.data[at + 3] = Math.max(r.data[at + 3] ?? 0, Math.round(255 * a));
}

/** Fills the rectangle [x1, x2) x [y1, y2); edges between pixels are anti-aliased. */
export function fillRect(
  r: Raster,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  color: Color,
  alpha = 1,
): void {
  const yEnd = Math.min(r.height, Math.ceil(y2));
  const xEnd = Math.min(r.width, Math.ceil(x2));
  for (let y = Math.max(0, Math.floor(y1)); y < yEnd; y++) {
    const coverY = Math.min(y + 1, y2) - Math.max(y, y1);
    for (let x = Math.max(0, Math.floor(x1)); x < xEnd; x++) {
      const coverX = Math.min(x + 1, x2) - Math.max(x, x1);
      blendPixel(r, x, y, color, alpha * Math.max(0, coverX) * Math.max(0, coverY));
    }
  }
}

/** Draws a frame centred on the edges of `box` (x1, y1, x2, y2), with a thin dark rim for contrast. */
export function drawBox(
  r: Raster,
  box: readonly [number, number, number, number],
  options: { color: Color; thickness: number; rim?: number },
): void {
  const { color, thickness, rim = Math.max(1, thickness / 3) } = options;
  frame(r, box, thickness + 2 * rim, INK, 0.55);
  frame(r, box, thickness, color, 1);
}

function frame(
  r: Raster,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  thickness: number,
  color: Color,
  alpha: number,
): void {
  const h = thickness / 2;
  if (x2 - x1 <= thickness || y2 - y1 <= thickness) {
    fillRect(r, [x1 - h, y1 - h, x2 + h, y2 + h], color, alpha);
    return;
  }
  fillRect(r, [x1 - h, y1 - h, x2 + h, y1 + h], color, alpha);
  fillRect(r, [x1 - h, y2 - h, x2 + h, y2 + h], color, alpha);
  fillRect(r, [x1 - h, y1 + h, x1 + h, y2 - h], color, alpha);
  fillRect(r, [x2 - h, y1 + h, x2 + h, y2 - h], color, alpha);
}

/**
 * Draws one line of text.
 * @param x left edge; @param y top of the capitals
 * @param size height of a capital in pixels (legible from about 7)
 */
export function drawText(
  r: Raster,
  x: number,
  y: number,
  text: string,
  options: { size: number; color: Color; weight?: number },
): void {
  const { size, color } = options;
  const scale = size / CAP_HEIGHT;
  const radius = (options.weight ?? Math.max(1.15, size * 0.13)) / 2;
  const pad = Math.ceil(radius + 1);
  layoutText(text, (glyph, left) => {
    if (glyph.segments.length === 0) return;
    const originX = x + left * scale;
    const fromX = Math.floor(originX) - pad;
    const toX = Math.ceil(originX + glyph.width * scale) + pad;
    const toY = Math.ceil(y + (CAP_HEIGHT + DESCENT) * scale) + pad;
    for (let py = Math.floor(y) - pad; py < toY; py++) {
      for (let px = fromX; px < toX; px++) {
        let nearest = Infinity;
        for (const [x1, y1, x2, y2] of glyph.segments) {
          nearest = Math.min(
            nearest,
            segmentDistance(
              px + 0.5,
              py + 0.5,
              originX + x1 * scale,
              y + y1 * scale,
              originX + x2 * scale,
              y + y2 * scale,
            ),
          );
        }
        blendPixel(r, px, py, color, radius + 0.5 - nearest);
      }
    }
  });
}

function segmentDistance(
  px: number,
  py: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): number {
  const dx = x2 - x1;
  const dy = y2 - y1;
  const length2 = dx * dx + dy * dy;
  const t = length2 > 0 ? Math.max(0, Math.min(1, ((px - x1) * dx + (py - y1) * dy) / length2)) : 0;
  return Math.hypot(px - x1 - t * dx, py - y1 - t * dy);
}

/** Size in pixels of a label plate with text of that size. */
export function labelSize(text: string, size: number): { width: number; height: number } {
  const pad = Math.max(2, Math.round(size * 0.4));
  return {
    width: Math.ceil((textWidth(text) * size) / CAP_HEIGHT + 2 * pad + 1),
    height: Math.ceil(size + 2 * pad),
  };
}

/** Draws a plate with text; (x, y) is its top left corner. Dark or light text, whichever reads better. */
export function drawLabel(
  r: Raster,
  x: number,
  y: number,
  text: string,
  options: { size: number; color: Color; alpha?: number },
): void {
  const { size, color, alpha = 0.92 } = options;
  const { width, height } = labelSize(text, size);
  const pad = Math.max(2, Math.round(size * 0.4));
  fillRect(r, [x, y, x + width, y + height], color, alpha);
  const luminance = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
  drawText(r, x + pad + 0.5, y + pad, text, { size, color: luminance > 120 ? INK : PAPER });
}

/** Tints covered pixels and outlines the covered area. */
export function drawMask(
  r: Raster,
  mask: BinaryMask,
  options: { color?: Color; alpha?: number; outline?: number } = {},
): void {
  const { color = COVER_COLOR, alpha = 0.42, outline = 1 } = options;
  const { width, height, data } = mask;
  const left = Math.round(mask.x);
  const top = Math.round(mask.y);
  const isSet = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] !== 0;
  const reach = Math.max(0, Math.round(outline));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isSet(x, y)) continue;
      let isEdge = false;
      for (let d = 1; d <= reach && !isEdge; d++) {
        isEdge = !isSet(x - d, y) || !isSet(x + d, y) || !isSet(x, y - d) || !isSet(x, y + d);
      }
      blendPixel(r, left + x, top + y, color, isEdge ? 0.95 : alpha);
    }
  }
}
