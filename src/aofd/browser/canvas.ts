/** Places of a picture on a 2D canvas that shows it scaled, and mirrored like a camera's. */
import type { Box } from '../data/sample.js';
import type { BinaryMask } from '../detect/rle.js';

export type Context2d = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** How a canvas shows a picture. */
export interface CanvasView {
  /** Canvas pixels per pixel of the picture. */
  scale: number;
  /** Left and right are exchanged. */
  mirrored: boolean;
}

/** A rectangle in canvas pixels. */
export interface CanvasPlace {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Where a box of the picture stands on the canvas. */
export function placeOnCanvas(
  { canvas }: Context2d,
  [x1, y1, x2, y2]: Readonly<Box>,
  { scale, mirrored }: CanvasView,
): CanvasPlace {
  const w = (x2 - x1) * scale;
  const x = mirrored ? canvas.width - x2 * scale : x1 * scale;
  return { x, y: y1 * scale, w, h: (y2 - y1) * scale };
}

/**
 * Draws the set pixels of a mask over the canvas, through a layer of its own so that transparency blends.
 * @param colorAt red, green, blue, alpha (0..255) of a set pixel, whose place in the mask is given
 */
export function drawMaskOnCanvas(
  ctx: Context2d,
  { x, y, width, height, data }: BinaryMask,
  { scale, mirrored }: CanvasView,
  colorAt: (x: number, y: number) => readonly [number, number, number, number],
): void {
  const image = new ImageData(width, height);
  data.forEach((isSet, i) => {
    if (isSet) image.data.set(colorAt(i % width, Math.floor(i / width)), 4 * i);
  });
  const layer =
    typeof OffscreenCanvas === 'undefined'
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height);
  const own = layer.getContext('2d') as Context2d | null;
  own?.putImageData(image, 0, 0);
  ctx.save();
  if (mirrored) ctx.setTransform(-1, 0, 0, 1, ctx.canvas.width, 0);
  ctx.drawImage(layer, x * scale, y * scale, width * scale, height * scale);
  ctx.restore();
}
