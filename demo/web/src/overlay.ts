/** Faces drawn over a picture: corners, what covers them, and a label with the share. */
import { drawMaskOnCanvas, placeOnCanvas } from '../../../src/aofd/browser/canvas.js';
import type { PageFace } from './engine.js';
import { percent } from './dom.js';
import { LEVEL_COLORS, levelOf } from './shares.js';

export interface OverlayOptions {
  /** Canvas pixels per pixel on the screen: labels keep their size whatever the picture's. */
  unit: number;
  /** Canvas pixels per pixel of the faces' coordinates. */
  scale: number;
  showMask: boolean;
  /** Index of a face to draw strongly. */
  highlight: number | null;
  /** The picture is shown mirrored: boxes are, labels are not. */
  mirrored: boolean;
}

/** Draws on top of what is there. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  faces: readonly PageFace[],
  options: OverlayOptions,
): void {
  if (options.showMask) for (const face of faces) drawMask(context, face, options);
  faces.forEach((face, i) => drawFrame(context, face, options, i === options.highlight));
  for (const face of faces) drawLabel(context, face, options);
}

/** What covers the face: a tint, and an outline that is seen on any ground. */
function drawMask(
  context: CanvasRenderingContext2D,
  face: PageFace,
  options: OverlayOptions,
): void {
  const mask = face.occlusion?.mask;
  if (!mask || (face.occlusion?.ratio ?? 0) === 0) return;
  const { width, height, data } = mask;
  const reach = Math.max(1, Math.round(options.unit / options.scale));
  const isIn = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  drawMaskOnCanvas(context, mask, options, (x, y) => {
    const isEdge =
      !isIn(x - reach, y) || !isIn(x + reach, y) || !isIn(x, y - reach) || !isIn(x, y + reach);
    return isEdge ? [255, 235, 243, 235] : [255, 30, 112, 125];
  });
}

/** Rounded corners rather than a box: the face stays to be seen. */
function drawFrame(
  context: CanvasRenderingContext2D,
  face: PageFace,
  options: OverlayOptions,
  isStrong: boolean,
): void {
  const { unit } = options;
  const { x, y, w, h } = placeOnCanvas(context, face.box, options);
  const radius = Math.min(10 * unit, w / 4, h / 4);
  context.save();
  context.strokeStyle = LEVEL_COLORS[levelOf(face.occlusion?.ratio ?? 0)];
  context.shadowColor = 'rgba(0, 0, 0, 0.6)';
  context.shadowBlur = 3 * unit;
  context.lineWidth = (isStrong ? 4.5 : 2.5) * unit;
  context.lineCap = 'round';
  context.beginPath();
  context.roundRect(x, y, w, h, radius);
  if (!isStrong) {
    // A faint box all round, and four strong corners.
    context.globalAlpha = 0.35;
    context.stroke();
    context.globalAlpha = 1;
    const [lx, ly] = [w * 0.24, h * 0.24];
    context.beginPath();
    for (const [cx, cy, sx, sy] of [
      [x, y, 1, 1],
      [x + w, y, -1, 1],
      [x + w, y + h, -1, -1],
      [x, y + h, 1, -1],
    ] as const) {
      context.moveTo(cx, cy + sy * ly);
      context.lineTo(cx, cy + sy * radius);
      context.quadraticCurveTo(cx, cy, cx + sx * radius, cy);
      context.lineTo(cx + sx * lx, cy);
    }
  }
  context.stroke();
  context.restore();
}

function drawLabel(
  context: CanvasRenderingContext2D,
  face: PageFace,
  options: OverlayOptions,
): void {
  const { unit } = options;
  const ratio = face.occlusion?.ratio;
  const text = ratio === undefined ? `score ${face.score.toFixed(2)}` : percent(ratio);
  const place = placeOnCanvas(context, face.box, options);
  const size = 13 * unit;
  context.save();
  context.font = `700 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 14 * unit;
  const height = 22 * unit;
  const { width: wide, height: high } = context.canvas;
  const middle = place.x + place.w / 2;
  const x = Math.max(2 * unit, Math.min(wide - width - 2 * unit, middle - width / 2));
  const above = place.y - height - 4 * unit;
  const y =
    above >= 2 * unit ? above : Math.min(high - height - 2 * unit, place.y + place.h + 4 * unit);
  context.fillStyle = LEVEL_COLORS[levelOf(ratio ?? 0)];
  context.shadowColor = 'rgba(0, 0, 0, 0.45)';
  context.shadowBlur = 4 * unit;
  context.beginPath();
  context.roundRect(x, y, width, height, height / 2);
  context.fill();
  context.shadowBlur = 0;
  context.fillStyle = '#14090f';
  context.textBaseline = 'middle';
  context.fillText(text, x + 7 * unit, y + height / 2 + unit * 0.5);
  context.restore();
}
