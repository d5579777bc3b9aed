/** One annotated picture: boxes, labels and what covers each face. */
import type { Color, Raster } from './draw.js';
import { drawBox, drawLabel, drawMask, labelSize } from './draw.js';
import type { BinaryMask } from '../rle.js';

/** A face as drawn. */
export interface FaceDrawing {
  /** x1, y1, x2, y2 in pixels of the picture. */
  box: readonly [number, number, number, number];
  /** 0..1 */
  score: number;
  /** Covered share of the face, 0..1; left out: no cover label. */
  coveredRatio?: number;
  mask?: BinaryMask;
}

/** What is drawn. */
export interface DrawFacesOptions {
  /** Draw score and cover (default true). */
  labels?: boolean;
  /** Tint covered pixels (default true). */
  masks?: boolean;
}

type Box = readonly [number, number, number, number];

/** Amber at score 0.3 and below, through yellow to green at 1. */
export function scoreColor(score: number): Color {
  const t = Math.max(0, Math.min(1, (score - 0.3) / 0.7));
  return [Math.round(255 - 195 * t), Math.round(150 + 85 * t), Math.round(40 + 60 * t)];
}

/** `0.97  covered 43 %`; short form `0.97 43%`. */
export function faceLabel(
  face: Pick<FaceDrawing, 'score' | 'coveredRatio'>,
  isShort = false,
): string {
  const score = face.score.toFixed(2);
  if (face.coveredRatio === undefined) return score;
  const percent = Math.round(face.coveredRatio * 100);
  return isShort ? `${score} ${percent}%` : `${score}  covered ${percent} %`;
}

/**
 * Draws faces onto `r`, weakest first. Sizes follow picture and face, from thumbnails to 4K; labels
 * keep inside the picture and out of each other's way where there is room.
 */
export function drawFaces(
  r: Raster,
  faces: readonly FaceDrawing[],
  options: DrawFacesOptions = {},
): void {
  const { labels = true, masks = true } = options;
  const shortSide = Math.min(r.width, r.height);
  const ordered = [...faces].sort((a, b) => a.score - b.score);
  const thickness = (box: Box): number => {
    const side = Math.min(box[2] - box[0], box[3] - box[1]);
    return Math.max(1, Math.min(Math.round(shortSide / 240), Math.round(side / 14)));
  };
  for (const face of ordered) {
    if (masks && face.mask) drawMask(r, face.mask, { outline: thickness(face.box) });
  }
  for (const face of ordered) {
    drawBox(r, face.box, { color: scoreColor(face.score), thickness: thickness(face.box) });
  }
  if (!labels) return;
  const smallest = Math.max(7, Math.min(16, shortSide / 75));
  const largest = Math.max(smallest, shortSide / 34);
  const taken: Box[] = [];
  // The best faces choose their places first.
  for (const face of [...ordered].reverse()) {
    const faceWidth = face.box[2] - face.box[0];
    const size = Math.max(smallest, Math.min(largest, faceWidth * 0.085));
    const isShort = labelSize(faceLabel(face), size).width > Math.max(faceWidth * 1.7, 12 * size);
    const text = faceLabel(face, isShort || labelSize(faceLabel(face), size).width > r.width);
    const place = placeLabel(r, face.box, labelSize(text, size), thickness(face.box), taken);
    taken.push(place);
    drawLabel(r, place[0], place[1], text, { size, color: scoreColor(face.score) });
  }
}

/** Above the box, below it, inside its top, inside its bottom: the first with the least overlap. */
function placeLabel(
  r: Raster,
  [x1, y1, , y2]: Box,
  label: { width: number; height: number },
  thickness: number,
  taken: readonly Box[],
): Box {
  const gap = Math.ceil(thickness / 2) + Math.max(1, Math.ceil(thickness / 3));
  const left = Math.max(0, Math.min(Math.round(x1) - gap, r.width - label.width));
  const tops = [y1 - gap - label.height + 1, y2 + gap, y1 + gap, y2 - gap - label.height];
  let best: Box = [left, Math.max(0, y1), left + label.width, Math.max(0, y1) + label.height];
  let least = Infinity;
  tops.forEach((wanted, preference) => {
    const top = Math.max(0, Math.min(Math.round(wanted), r.height - label.height));
    const place: Box = [left, top, left + label.width, top + label.height];
    const moved = Math.abs(top - Math.round(wanted));
    const cost =
      taken.reduce((sum, other) => sum + overlap(place, other), 0) +
      moved * label.width +
      preference * 0.05 * label.width * label.height;
    if (cost < least) {
      least = cost;
      best = place;
    }
  });
  return best;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}
