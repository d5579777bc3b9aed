/** Draws what a detector says of one picture of a figure, and tells the numbers. */
import type { StoredTensor } from '../../../nn/io/index.js';
import type { DecodedImage } from '../../data/sample.js';
import { drawBox, drawLabel, type Color, type Raster } from '../../detect/drawing/draw.js';
import { drawFaces } from '../../detect/drawing/draw-faces.js';
import { drawingOf } from '../../detect/files/detect-files.js';
import { heatOver } from '../../detect/inspect/heat.js';
import type { Inspection } from '../../detect/inspect/inspect.js';
import { matchDetections } from '../../eval/statistics/ap.js';
import type { FigurePicture } from '../figure-pictures.js';
import { maskShape } from '../mask-shape.js';
import type { PictureFigure } from '../schema.js';
import type { ShownPicture } from './shown.js';

const RIGHT: Color = [60, 200, 90];
const WRONG: Color = [235, 60, 50];
const MISSED: Color = [80, 150, 255];

type Told = Omit<ShownPicture, 'image'>;
type Face = Inspection['faces'][number];
type Box = readonly [number, number, number, number];

export interface PictureInput {
  kind: PictureFigure['kind'];
  /** Of a detector that shows boxes of far lower scores than `score` too. */
  inspection: Inspection;
  /** True faces, where they are known. */
  truths: FigurePicture['faces'];
  /** Least score that is shown. */
  score: number;
  /** Of the features that RoIs are pooled from, input pixels. */
  stride: number;
}

/** A face that was found: its place in the inspection, and the true face that it took (-1: none). */
interface Found {
  face: Face;
  index: number;
  truth: number;
}

/** Draws on a copy of the picture. */
export function drawPicture(
  image: DecodedImage,
  input: PictureInput,
): { raster: Raster; told: Told } {
  const { kind, inspection, truths, score } = input;
  const raster: DecodedImage = { ...image, data: image.data.slice() };
  const all = matched(inspection.faces, truths ?? []);
  const found = all.filter(({ face }) => face.score >= score);
  const told: Told = {
    faces: found.map(({ face: { box, score: s, occlusion } }) => ({
      box: box.map((v) => Math.round(v * 100) / 100),
      score: Number(s.toPrecision(4)),
      covered: occlusion ? Number(occlusion.ratio.toPrecision(4)) : null,
      pieces: null,
      edge: null,
    })),
    right: null,
    wrong: null,
    missed: null,
    truths: truths ? truths.map((_, t) => scoreOf(all, t)) : null,
  };
  if (truths) {
    told.right = found.filter(({ truth }) => truth >= 0).length;
    told.wrong = found.length - told.right;
    told.missed = truths.length - told.right;
  }
  if (kind === 'features') {
    const map = featureMap(inspection, input.stride);
    return { raster: map ? heatOver(image, map) : raster, told };
  }
  if (kind === 'masks') drawMasks(raster, inspection, truths ? { found, truths } : { found }, told);
  else if (kind === 'side-by-side' && truths) drawJudged(raster, found, truths, told.truths ?? []);
  else {
    drawFaces(
      raster,
      found.map(({ face }) => drawingOf(face)),
    );
    markMissed(raster, found, truths ?? [], told.truths ?? []);
  }
  return { raster, told };
}

/** Which true face each detection took. */
function matched(faces: readonly Face[], truths: NonNullable<FigurePicture['faces']>): Found[] {
  const match = matchDetections({
    boxes: Float64Array.from(faces.flatMap(({ box }) => [...box])),
    scores: Float64Array.from(faces, ({ score }) => score),
    gt: Float64Array.from(truths.flat()),
  });
  return faces.map((face, index) => ({
    face,
    index,
    truth: match.outcome[index] === 1 ? (match.face[index] ?? -1) : -1,
  }));
}

function scoreOf(found: readonly Found[], truth: number): number | null {
  const score = found.find((one) => one.truth === truth)?.face.score;
  return score === undefined ? null : Number(score.toPrecision(4));
}

/** Mean size of the features that RoIs are pooled from, 0..1 over the picture. */
function featureMap(
  { tensors, scale }: Inspection,
  stride: number,
): Parameters<typeof heatOver>[1] | null {
  const features = tensors.get(`features/stride${stride}`);
  if (!features) return null;
  const [, channels = 0, height = 0, width = 0] = features.shape;
  const cells = height * width;
  const values = new Float64Array(cells);
  const data = features.data as Float32Array;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < cells; i++) values[i]! += Math.abs(data[c * cells + i]!) / channels;
  }
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const range = values.reduce((a, b) => Math.max(a, b), 0) - least || 1;
  const scaled = values.map((v) => (v - least) / range);
  return { values: scaled, height, width, scale: scale / stride };
}

/**
 * The cells that the generator covers, dark in each face, and their shape; where true faces are known, of
 * these alone, so that settings are compared on the same faces.
 */
function drawMasks(
  raster: Raster,
  { tensors }: Inspection,
  { found, truths }: { found: readonly Found[]; truths?: NonNullable<FigurePicture['faces']> },
  told: Told,
): void {
  const masks = tensors.get('generator/mask');
  if (!masks) return;
  const [, side = 7] = masks.shape;
  markMissed(raster, found, truths ?? [], []);
  found.forEach(({ face: { box }, index, truth }, f) => {
    if (truths && truth < 0) return;
    const mask = rowOf(masks, index, side * side);
    const shape = maskShape(mask, side);
    Object.assign(told.faces[f] as Told['faces'][number], shape);
    darken(raster, box, mask, side);
    drawBox(raster, box, { color: RIGHT, thickness: thicknessOf(raster) });
    const pieces = shape.pieces === 1 ? '1 piece' : `${shape.pieces} pieces`;
    label(raster, box, `${pieces}, edge ${shape.edge}`, RIGHT);
  });
}

const rowOf = ({ data }: StoredTensor, row: number, length: number): Float32Array =>
  (data as Float32Array).subarray(row * length, (row + 1) * length);

const thicknessOf = ({ width, height }: Raster): number =>
  Math.max(1, Math.round(Math.min(width, height) / 240));
const labelSizeOf = ({ width, height }: Raster): number =>
  Math.max(7, Math.round(Math.min(width, height) / 45));

function darken(
  { width, height, data }: Raster,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  mask: ArrayLike<number>,
  side: number,
): void {
  const [left, right] = [Math.max(0, Math.floor(x1)), Math.min(width, Math.ceil(x2))];
  const [top, bottom] = [Math.max(0, Math.floor(y1)), Math.min(height, Math.ceil(y2))];
  const cellOf = (at: number, from: number, to: number): number =>
    Math.min(side - 1, Math.max(0, Math.floor(((at + 0.5 - from) / (to - from)) * side)));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (mask[cellOf(y, y1, y2) * side + cellOf(x, x1, x2)] !== 0) continue;
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c]! >>= 3;
    }
  }
}

/** Boxes as right, wrong and missed, each in its colour with its score. */
function drawJudged(
  raster: Raster,
  found: readonly Found[],
  truths: NonNullable<FigurePicture['faces']>,
  scores: readonly (number | null)[],
): void {
  markMissed(raster, found, truths, scores);
  for (const { face, truth } of found) {
    const color = truth >= 0 ? RIGHT : WRONG;
    drawBox(raster, face.box, { color, thickness: thicknessOf(raster) });
    label(raster, face.box, face.score.toFixed(2), color);
  }
}

/** True faces that were not found; with the score of the best box that fits them, where one does. */
function markMissed(
  raster: Raster,
  found: readonly Found[],
  truths: NonNullable<FigurePicture['faces']>,
  scores: readonly (number | null)[],
): void {
  truths.forEach((box, t) => {
    if (!found.some(({ truth }) => truth === t)) drawMissed(raster, box, scores[t] ?? null);
  });
}

function drawMissed(raster: Raster, box: Box, score: number | null): void {
  drawBox(raster, box, { color: MISSED, thickness: thicknessOf(raster) });
  label(raster, box, score === null ? 'not found' : `only ${score.toFixed(2)}`, MISSED);
}

function label(raster: Raster, [left, top]: Box, text: string, color: Color): void {
  drawLabel(raster, left, Math.max(0, top - 14), text, { size: labelSizeOf(raster), color });
}
