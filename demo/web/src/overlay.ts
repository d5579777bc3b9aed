/** Faces over a picture in the page's words and colours: the share that is covered, not the score. */
import { drawFacesOnCanvas } from '../../../src/aofd/browser/draw.js';
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
  { showMask, highlight, ...options }: OverlayOptions,
): void {
  drawFacesOnCanvas(context, faces, {
    ...options,
    masks: showMask,
    highlight: highlight === null ? null : (faces[highlight] ?? null),
    color: (face) => LEVEL_COLORS[levelOf(face)],
    labels: ({ score, occlusion }) =>
      occlusion ? percent(occlusion.ratio) : `score ${score.toFixed(2)}`,
  });
}
