/**
 * Random views of labelled photographs on a canvas of fixed size: crop, scale, mirror, mosaic,
 * lens, light, colour, cut-out. Pure: everything random comes from the `Rng` passed in. Each part has a switch.
 */
import { DEFAULT_AUGMENT, type AugmentConfig } from '../../config/augment.js';
import { chance, randomInt, uniform, type Rng } from '../rng.js';
import type { DecodedImage, FaceBox } from '../sample.js';
import { jitterColor } from './color-jitter.js';
import {
  chooseWindow,
  mapFaces,
  type CanvasFace,
  type CropWindow,
  type Tile,
} from './crop-window.js';
import { changeExposure } from './exposure.js';
import { loseFocus } from './focus.js';
import { changeLight } from './light.js';
import { loseResolution } from './resolution.js';
import { FILL_RGB, sampleLabels, sampleWindow } from './resample.js';

/** A picture with its faces and, where known, labels [H, W] of 0, 1, 255. */
export interface LabelledImage {
  image: DecodedImage;
  faces: readonly FaceBox[];
  labels?: Uint8Array | null;
}

/** A canvas with what is on it. `labels` is null when no part of it has labels. */
export interface Canvas {
  image: DecodedImage;
  faces: CanvasFace[];
  labels: Uint8Array | null;
}

/** A canvas filled with the mean colour. */
export function newCanvas(width: number, height: number): Canvas {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = FILL_RGB[i % 3] as number;
  return { image: { width, height, data }, faces: [], labels: null };
}

export const fullTile = (width: number, height: number): Tile => ({
  x0: 0,
  y0: 0,
  x1: width,
  y1: height,
});

/** Four tiles around a point drawn in the middle 40 % of the canvas: order row by row. */
export function mosaicTiles(width: number, height: number, rng: Rng): Tile[] {
  const cx = Math.round(width * uniform(rng, 0.3, 0.7));
  const cy = Math.round(height * uniform(rng, 0.3, 0.7));
  return tilesBetween([0, cx, width], [0, cy, height]);
}

/** Nine tiles, .16 to .5 of the canvas wide and high: order row by row. */
export function nineTiles(width: number, height: number, rng: Rng): Tile[] {
  const cuts = (length: number): number[] => [
    0,
    Math.round(length * uniform(rng, 0.25, 0.42)),
    Math.round(length * uniform(rng, 0.58, 0.75)),
    length,
  ];
  return tilesBetween(cuts(width), cuts(height));
}

function tilesBetween(xs: readonly number[], ys: readonly number[]): Tile[] {
  return ys
    .slice(1)
    .flatMap((y1, row) =>
      xs.slice(1).map((x1, column) => ({ x0: xs[column]!, y0: ys[row]!, x1, y1 })),
    );
}

/** Draws one window of a labelled picture into a tile and adds its faces to the canvas. */
export function drawTile(
  canvas: Canvas,
  tile: Tile,
  source: LabelledImage,
  window: CropWindow,
  options: { antialias: boolean; minFacePx: number; clipBoxes?: boolean },
): void {
  const { antialias, minFacePx, clipBoxes } = options;
  sampleWindow(source.image, window, canvas.image, tile, antialias);
  canvas.faces.push(...mapFaces(source.faces, window, tile, minFacePx, clipBoxes));
  if (source.labels) {
    const { width, height } = canvas.image;
    canvas.labels ??= new Uint8Array(width * height).fill(255);
    const { width: w, height: h } = source.image;
    const from = { width: w, height: h, data: source.labels };
    sampleLabels(from, window, { width, data: canvas.labels }, tile);
  }
}

/** The effects on a finished canvas: lens, exposure, lights, resolution, colour, then cut-out. */
export function finishCanvas(canvas: Canvas, rng: Rng, options: AugmentConfig): void {
  const { defocus, exposure, light, resolution } = options;
  // Each is drawn only where it is on, so that options of old runs give their old canvases.
  const isDrawn = (effect: { probability: number } | undefined): boolean =>
    effect !== undefined && effect.probability > 0 && chance(rng, effect.probability);
  if (defocus && isDrawn(defocus)) loseFocus(canvas, rng, defocus);
  if (exposure && isDrawn(exposure)) changeExposure(canvas.image, rng, exposure);
  if (light && isDrawn(light)) changeLight(canvas, rng, light);
  if (resolution && isDrawn(resolution)) loseResolution(canvas, rng, resolution);
  jitterColor(canvas.image, rng, options.color);
  if (chance(rng, options.cutout.probability)) cutOut(canvas, rng, options.cutout);
}

/** Overwrites random rectangles; labels under them become 255. */
export function cutOut(
  canvas: Canvas,
  rng: Rng,
  options: { maxCount: number; maxShare: number },
): void {
  const { width, height, data } = canvas.image;
  const count = 1 + randomInt(rng, Math.max(1, options.maxCount));
  for (let n = 0; n < count; n++) {
    const w = Math.max(1, Math.round(width * uniform(rng, 0.03, options.maxShare)));
    const h = Math.max(1, Math.round(height * uniform(rng, 0.03, options.maxShare)));
    const x0 = randomInt(rng, Math.max(1, width - w));
    const y0 = randomInt(rng, Math.max(1, height - h));
    const grey = randomInt(rng, 256);
    for (let y = y0; y < y0 + h; y++) {
      data.fill(grey, 3 * (y * width + x0), 3 * (y * width + x0 + w));
      canvas.labels?.fill(255, y * width + x0, y * width + x0 + w);
    }
  }
}

/**
 * One augmented canvas of one picture (four for a mosaic: pass four).
 * @param pictures one picture, or four for a mosaic
 */
export function augment(
  pictures: readonly LabelledImage[],
  size: { width: number; height: number },
  rng: Rng,
  options: AugmentConfig = DEFAULT_AUGMENT,
): Canvas {
  const canvas = newCanvas(size.width, size.height);
  const isMosaic = pictures.length === 4;
  const tiles = isMosaic
    ? mosaicTiles(size.width, size.height, rng)
    : [fullTile(size.width, size.height)];
  tiles.forEach((tile, i) => {
    const source = pictures[i];
    if (!source) return;
    const { width, height } = source.image;
    const ratios = isMosaic ? options.mosaicRatios : options.crop.ratios;
    const window = chooseWindow(width, height, source.faces, tile, rng, {
      ...options.crop,
      ratios,
    });
    const antialias = chance(rng, options.antialias);
    const { minFacePx, crop } = options;
    drawTile(canvas, tile, source, window, {
      antialias,
      minFacePx,
      clipBoxes: isMosaic || (crop.clipBoxes ?? true),
    });
  });
  finishCanvas(canvas, rng, options);
  return canvas;
}
