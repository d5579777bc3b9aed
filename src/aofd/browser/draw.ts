/** Faces on a 2D canvas. */
import { COVER_COLOR } from '../detect/drawing/draw.js';
import { faceLabel, scoreColor } from '../detect/drawing/draw-faces.js';
import type { DetectedFace } from '../detect/faces.js';
import { drawMaskOnCanvas, placeOnCanvas, type CanvasPlace, type Context2d } from './canvas.js';

/** What is drawn, and where. */
export interface DrawOptions {
  /** Canvas pixels per pixel of the picture: `canvas.width / detection.width`. Default 1. */
  scale?: number;
  /** Score and covered share as text (default true). */
  labels?: boolean;
  /** Tint what covers each face (default true). */
  masks?: boolean;
  /** Mirror left-right, as cameras are shown; texts stay readable. Default false. */
  mirrored?: boolean;
  /** CSS colour of frames and labels; default by score, amber to green. */
  color?: string;
  /** CSS font family of the labels. */
  font?: string;
}

/** Draws faces over what a canvas shows, weakest first. */
export function drawFacesOnCanvas(
  ctx: Context2d,
  faces: readonly DetectedFace[],
  options: DrawOptions = {},
): void {
  const { scale = 1, labels = true, masks = true, mirrored = false } = options;
  const view = { scale, mirrored };
  const ordered = [...faces].sort((a, b) => a.score - b.score);
  const line = Math.max(1.5, Math.min(ctx.canvas.width, ctx.canvas.height) / 220);
  ctx.save();
  if (masks) {
    const [red, green, blue] = COVER_COLOR;
    for (const { occlusion } of ordered) {
      if (occlusion) drawMaskOnCanvas(ctx, occlusion.mask, view, () => [red, green, blue, 120]);
    }
  }
  for (const face of ordered) {
    const place = placeOnCanvas(ctx, face.box, view);
    const color = options.color ?? `rgb(${scoreColor(face.score).join(' ')})`;
    drawFrame(ctx, place, color, line);
    if (labels) drawLabel(ctx, place, textOf(face), { color, font: options.font, line });
  }
  ctx.restore();
}

function textOf({ score, occlusion }: DetectedFace): string {
  return faceLabel({ score, ...(occlusion ? { coveredRatio: occlusion.ratio } : {}) });
}

function drawFrame(ctx: Context2d, { x, y, w, h }: CanvasPlace, color: string, line: number): void {
  const radius = Math.min(w, h) * 0.06;
  for (const [style, width] of [
    ['rgb(16 18 22 / 55%)', 2.2 * line],
    [color, line],
  ] as const) {
    ctx.beginPath();
    ctx.roundRect(x, y, w, h, radius);
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.stroke();
  }
}

function drawLabel(
  ctx: Context2d,
  { x, y, w, h }: CanvasPlace,
  text: string,
  { color, font = 'system-ui, sans-serif', line }: { color: string; font?: string; line: number },
): void {
  const size = Math.max(11, Math.min(ctx.canvas.height / 24, w / 9));
  const pad = size * 0.35;
  ctx.font = `600 ${size}px ${font}`;
  ctx.textBaseline = 'middle';
  const width = ctx.measureText(text).width + 2 * pad;
  const height = size + 2 * pad;
  const left = Math.max(0, Math.min(x - line / 2, ctx.canvas.width - width));
  const above = y - height - line;
  const below = y + h + line;
  const top = above >= 0 ? above : below + height <= ctx.canvas.height ? below : Math.max(0, y);
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.roundRect(left, top, width, height, pad / 2);
  ctx.fill();
  ctx.fillStyle = 'rgb(16 18 22)';
  ctx.fillText(text, left + pad, top + height / 2);
}
