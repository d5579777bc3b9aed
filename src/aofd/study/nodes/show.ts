/** A trained detector on the pictures of a figure: a JPEG for each, and `show.json` with the numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import * as z from 'zod';
import { atomicWriteFile } from '../../../nn/io/files/index.js';
import type { StoredTensor } from '../../../nn/io/index.js';
import { decodeImage } from '../../data/files/decode.js';
import type { DecodedImage } from '../../data/sample.js';
import { Detector } from '../../detect/detector.js';
import { drawBox, drawLabel, type Color, type Raster } from '../../detect/drawing/draw.js';
import { drawFaces } from '../../detect/drawing/draw-faces.js';
import { drawingOf } from '../../detect/files/detect-files.js';
import { heatOver } from '../../detect/inspect/heat.js';
import { inspectAsync, type Inspection } from '../../detect/inspect/inspect.js';
import { DataError } from '../../errors.js';
import { matchDetections } from '../../eval/statistics/ap.js';
import { readWeightsAsync } from '../../weights/files/detector-weights.js';
import { picturesOf, type FigurePicture } from '../facts.js';
import { maskShape } from '../mask-shape.js';
import type { ShowNode } from '../plan.js';
import type { NodeContext } from './context.js';
import { weightsOf } from './train.js';
import { parseJsonText } from '../../../nn/json.js';

const FILE = 'show.json';
const LONGEST_SIDE = 560;
const RIGHT: Color = [60, 200, 90];
const WRONG: Color = [235, 60, 50];
const MISSED: Color = [80, 150, 255];

const shownFace = z.strictObject({
  box: z.array(z.number()).length(4),
  score: z.number(),
  covered: z.number().nullable(),
  /** Of the generator's mask; null where another kind of figure is shown. */
  pieces: z.number().nullable(),
  edge: z.number().nullable(),
});
const showSchema = z.strictObject({
  pictures: z.array(
    z.strictObject({
      image: z.string(),
      faces: z.array(shownFace),
      right: z.number().nullable(),
      wrong: z.number().nullable(),
      missed: z.number().nullable(),
    }),
  ),
});

/** What a figure shows of one trained detector; null numbers: not known. */
export type Shown = z.infer<typeof showSchema>;
type ShownPicture = Shown['pictures'][number];

/** Draws the figure's pictures. @returns time, ms; null when the signal ended it */
export async function showNodeAsync(node: ShowNode, context: NodeContext): Promise<number | null> {
  const { folder, store, device, loaded, signal } = context;
  const started = performance.now();
  const { config, figure } = node;
  const input =
    figure.longSide === undefined
      ? config.input
      : { ...config.input, testShortSide: null, maxSize: figure.longSide };
  await using detector = await Detector.createAsync({
    weights: await readWeightsAsync(weightsOf(store, node.parent)),
    config: { ...config, input },
    device,
    score: figure.score ?? 0.5,
  });
  const pictures: ShownPicture[] = [];
  for (const [i, picture] of picturesOf(loaded.root, figure).entries()) {
    if (signal?.aborted) return null;
    const image = await decodeImage(picture.file, { autoOrient: true });
    const inspection = await inspectAsync(detector, image);
    const { raster, told } = drawn(node, image, inspection, picture);
    const name = `${i}.jpg`;
    atomicWriteFile(join(folder, name), await jpegAsync(raster), { flush: false });
    pictures.push({ image: name, ...told });
  }
  atomicWriteFile(join(folder, FILE), `${JSON.stringify({ pictures } satisfies Shown)}\n`);
  return performance.now() - started;
}

/**
 * What a finished node left.
 * @throws DataError for a file that is damaged
 */
export function readShown(folder: string): Shown {
  const file = join(folder, FILE);
  try {
    return showSchema.parse(parseJsonText(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new DataError('list-malformed', 'cannot be read as pictures of a study.', {
      where: file,
      fix: `remove the folder ${folder} to draw them again`,
      cause,
    });
  }
}

async function jpegAsync({ width, height, data }: Raster): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 86 })
    .toBuffer();
}

type Told = Omit<ShownPicture, 'image'>;

function drawn(
  { figure: { kind }, config }: ShowNode,
  image: DecodedImage,
  inspection: Inspection,
  picture: FigurePicture,
): { raster: Raster; told: Told } {
  const raster: DecodedImage = { ...image, data: image.data.slice() };
  const told: Told = {
    faces: inspection.faces.map(({ box, score, occlusion }) => ({
      box: box.map((v) => Math.round(v * 100) / 100),
      score: Number(score.toPrecision(4)),
      covered: occlusion ? Number(occlusion.ratio.toPrecision(4)) : null,
      pieces: null,
      edge: null,
    })),
    right: null,
    wrong: null,
    missed: null,
  };
  if (kind === 'features') {
    const map = featureMap(inspection, config.model.roiStride);
    return { raster: map ? heatOver(image, map) : raster, told };
  }
  if (kind === 'masks') drawMasks(raster, inspection, told);
  else if (picture.faces) drawJudged(raster, inspection, picture.faces, told);
  else drawFaces(raster, inspection.faces.map(drawingOf));
  return { raster, told };
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

/** The cells that the generator covers, dark in each face, and their shape. */
function drawMasks(raster: Raster, { faces, tensors }: Inspection, told: Told): void {
  const masks = tensors.get('generator/mask');
  if (!masks) return;
  const [, side = 7] = masks.shape;
  faces.forEach(({ box }, f) => {
    const mask = rowOf(masks, f, side * side);
    const shape = maskShape(mask, side);
    Object.assign(told.faces[f] as Told['faces'][number], shape);
    darken(raster, box, mask, side);
    drawBox(raster, box, { color: RIGHT, thickness: thicknessOf(raster) });
    const text = `${shape.pieces} pieces, edge ${shape.edge}`;
    drawLabel(raster, box[0], Math.max(0, box[1] - 14), text, {
      size: labelSizeOf(raster),
      color: RIGHT,
    });
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
  { faces }: Inspection,
  truths: NonNullable<FigurePicture['faces']>,
  told: Told,
): void {
  const match = matchDetections({
    boxes: Float64Array.from(faces.flatMap(({ box }) => [...box])),
    scores: Float64Array.from(faces, ({ score }) => score),
    gt: Float64Array.from(truths.flat()),
  });
  const thickness = thicknessOf(raster);
  const found = new Set(Array.from(match.face));
  truths.forEach((box, t) => {
    if (!found.has(t)) drawBox(raster, box, { color: MISSED, thickness });
  });
  faces.forEach(({ box, score }, f) => {
    const color = match.outcome[f] === 1 ? RIGHT : WRONG;
    drawBox(raster, box, { color, thickness });
    const top = Math.max(0, box[1] - 14);
    drawLabel(raster, box[0], top, score.toFixed(2), { size: labelSizeOf(raster), color });
  });
  told.right = match.outcome.filter((outcome) => outcome === 1).length;
  told.wrong = match.outcome.filter((outcome) => outcome === 0).length;
  told.missed = truths.length - told.right;
}
