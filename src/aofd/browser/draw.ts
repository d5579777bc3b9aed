/** Faces on a 2D canvas. */
import { COVER_COLOR } from '../detect/drawing/draw.js';
import { faceLabel, scoreColor } from '../detect/drawing/draw-faces.js';
import type { DetectedFace } from '../detect/faces.js';
import type { BinaryMask } from '../detect/rle.js';
import {
  drawMaskOnCanvas,
  placeOnCanvas,
  type CanvasPlace,
  type CanvasView,
  type Context2d,
} from './canvas.js';

/** What is drawn, and where. */
export interface DrawOptions {
  /** Canvas pixels per pixel of the picture: `canvas.width / detection.width`. Default 1. */
  scale?: number;
  /** Score and covered share as text (default true), or the text of each face; empty for none. */
  labels?: boolean | ((face: DetectedFace) => string);
  /** Tint what covers each face (default true). */
  masks?: boolean;
  /** Mirror left-right, as cameras are shown; texts stay readable. Default false. */
  mirrored?: boolean;
  /** CSS colour of frames and labels, or that of each face; default by score, amber to green. */
  color?: string | ((face: DetectedFace) => string);
  /** CSS font family of the labels. */
  font?: string;
  /** Canvas pixels per pixel on the screen, for lines and texts. Default: in proportion to the canvas. */
  unit?: number;
  /** A face to draw with a strong frame. */
  highlight?: DetectedFace | null;
}

/** Draws faces over what a canvas shows, weakest first. */
export function drawFacesOnCanvas(
  ctx: Context2d,
  faces: readonly DetectedFace[],
  options: DrawOptions = {},
): void {
  const { scale = 1, labels = true, masks = true, mirrored = false, highlight } = options;
  const { width, height } = ctx.canvas;
  const view = { scale, mirrored };
  const unit = options.unit ?? Math.max(0.75, Math.min(width, height) / 480);
  const ordered = [...faces].sort((a, b) => a.score - b.score);
  ctx.save();
  if (masks) {
    for (const { occlusion } of ordered) {
      if (occlusion && occlusion.ratio > 0) drawMask(ctx, occlusion.mask, view, unit);
    }
  }
  const drawn = ordered.map((face) => ({
    face,
    place: placeOnCanvas(ctx, face.box, view),
    color: colorOf(face, options.color),
  }));
  for (const { face, place, color } of drawn) {
    drawFrame(ctx, place, color, unit, face === highlight);
  }
  // After all frames: texts are to be read.
  for (const { face, place, color } of drawn) {
    const text = typeof labels === 'function' ? labels(face) : labels ? textOf(face) : '';
    if (text) drawLabel(ctx, place, text, { color, font: options.font, unit });
  }
  ctx.restore();
}

function textOf({ score, occlusion }: DetectedFace): string {
  return faceLabel({ score, ...(occlusion ? { coveredRatio: occlusion.ratio } : {}) });
}

function colorOf(face: DetectedFace, color: DrawOptions['color']): string {
  if (typeof color === 'function') return color(face);
  return color ?? `rgb(${scoreColor(face.score).join(' ')})`;
}

/** Rounded corners on a faint box rather than a strong one: the face stays to be seen. */
function drawFrame(
  ctx: Context2d,
  { x, y, w, h }: CanvasPlace,
  color: string,
  unit: number,
  isStrong: boolean,
): void {
  const radius = Math.min(10 * unit, w / 4, h / 4);
  ctx.save();
  ctx.strokeStyle = color;
  ctx.shadowColor = 'rgb(0 0 0 / 60%)';
  ctx.shadowBlur = 3 * unit;
  ctx.lineWidth = (isStrong ? 4.5 : 2.5) * unit;
  ctx.lineCap = 'round';
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, radius);
  if (!isStrong) {
    ctx.globalAlpha = 0.35;
    ctx.stroke();
    ctx.globalAlpha = 1;
    const [dx, dy] = [w * 0.24, h * 0.24];
    ctx.beginPath();
    for (const [cx, cy, sx, sy] of [
      [x, y, 1, 1],
      [x + w, y, -1, 1],
      [x + w, y + h, -1, -1],
      [x, y + h, 1, -1],
    ] as const) {
      ctx.moveTo(cx, cy + sy * dy);
      ctx.lineTo(cx, cy + sy * radius);
      ctx.quadraticCurveTo(cx, cy, cx + sx * radius, cy);
      ctx.lineTo(cx + sx * dx, cy);
    }
  }
  ctx.stroke();
  ctx.restore();
}

/** A pill above the box, below it where there is no room, and always on the canvas. */
function drawLabel(
  ctx: Context2d,
  { x, y, w, h }: CanvasPlace,
  text: string,
  { color, font = 'system-ui, sans-serif', unit }: { color: string; font?: string; unit: number },
): void {
  const { width: wide, height: high } = ctx.canvas;
  const [gap, margin] = [4 * unit, 2 * unit];
  ctx.save();
  ctx.font = `700 ${13 * unit}px ${font}`;
  const width = ctx.measureText(text).width + 14 * unit;
  const height = 22 * unit;
  const left = Math.max(margin, Math.min(wide - width - margin, x + (w - width) / 2));
  const above = y - height - gap;
  const top = above >= margin ? above : Math.min(high - height - margin, y + h + gap);
  ctx.fillStyle = color;
  ctx.shadowColor = 'rgb(0 0 0 / 45%)';
  ctx.shadowBlur = 4 * unit;
  ctx.beginPath();
  ctx.roundRect(left, top, width, height, height / 2);
  ctx.fill();
  ctx.shadowBlur = 0;
  ctx.fillStyle = 'rgb(16 18 22)';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, left + 7 * unit, top + height / 2 + unit * 0.5);
  ctx.restore();
}

/** What covers a face: a tint, and an outline that is seen on any ground. */
function drawMask(ctx: Context2d, mask: BinaryMask, view: CanvasView, unit: number): void {
  const { width, height, data } = mask;
  const [red, green, blue] = COVER_COLOR;
  const reach = Math.max(1, Math.round(unit / view.scale));
  const isIn = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] !== 0;
  drawMaskOnCanvas(ctx, mask, view, (x, y) => {
    const isInner =
      isIn(x - reach, y) && isIn(x + reach, y) && isIn(x, y - reach) && isIn(x, y + reach);
    return isInner ? [red, green, blue, 125] : [255, 235, 243, 235];
  });
}
