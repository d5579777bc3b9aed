/**
 * Random views of labelled photographs on a canvas of fixed size: crop, scale, mirror, mosaic,
 * colour, cut-out. Pure: everything random comes from the `Rng` passed in. Each part has a switch.
 */
import { chance, randomInt, uniform, type Rng } from '../rng.js';
import type { DecodedImage, FaceBox } from '../sample.js';
import { jitterColor, type ColorOptions } from './color-jitter.js';
import {
  chooseWindow,
  mapFaces,
  type CanvasFace,
  type CropOptions,
  type CropWindow,
  type Tile,
} from './crop-window.js';
import { loseResolution, type ResolutionOptions } from './resolution.js';
import { FILL_RGB, sampleLabels, sampleWindow } from './resample.js';

export interface AugmentOptions {
  crop: CropOptions;
  /** Crop ratios of mosaic tiles (tiles are smaller, so faces are too). */
  mosaicRatios: readonly number[];
  /** Probability that a canvas is made of four photographs. */
  mosaic: number;
  /** The same where the first photograph is a portrait with pixel labels. Default `mosaic`. */
  portraitMosaic?: number;
  /** Probability of averaging before minification; else plain bilinear, as at inference. */
  antialias: number;
  color: ColorOptions;
  /** Grey or noisy rectangles hiding parts of the canvas. */
  cutout: { probability: number; maxCount: number; maxShare: number };
  /** Canvases shrunk by a factor and enlarged again. Default none. */
  resolution?: ResolutionOptions;
  /** Faces whose shorter side on the canvas is smaller become `ignore`, px. */
  minFacePx: number;
}

/** Values in the middle of what RetinaFace and SCRFD use. */
export const DEFAULT_AUGMENT: AugmentOptions = {
  crop: {
    flip: 0.5,
    ratios: [0.3, 0.45, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2],
    scaleJitter: 0.1,
    aspectJitter: 0.08,
  },
  mosaicRatios: [0.5, 0.65, 0.8, 1, 1.2, 1.5],
  mosaic: 0.3,
  antialias: 0.5,
  color: {
    brightness: 24,
    contrast: 0.25,
    saturation: 0.35,
    hue: 8,
    grey: 0.05,
    blur: 0.08,
    noise: 0.08,
    jpeg: 0.08,
  },
  cutout: { probability: 0, maxCount: 3, maxShare: 0.15 },
  minFacePx: 8,
};

/** Every effect off, only the place of the window is drawn: for tests and for overfitting one batch. */
export const NO_AUGMENT: AugmentOptions = {
  crop: { flip: 0, ratios: [1], scaleJitter: 0, aspectJitter: 0 },
  mosaicRatios: [1],
  mosaic: 0,
  antialias: 0,
  color: {
    brightness: 0,
    contrast: 0,
    saturation: 0,
    hue: 0,
    grey: 0,
    blur: 0,
    noise: 0,
    jpeg: 0,
  },
  cutout: { probability: 0, maxCount: 0, maxShare: 0 },
  minFacePx: 1,
};

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
  return [
    { x0: 0, y0: 0, x1: cx, y1: cy },
    { x0: cx, y0: 0, x1: width, y1: cy },
    { x0: 0, y0: cy, x1: cx, y1: height },
    { x0: cx, y0: cy, x1: width, y1: height },
  ];
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

/** The effects on a finished canvas: resolution, colour, then cut-out. */
export function finishCanvas(canvas: Canvas, rng: Rng, options: AugmentOptions): void {
  const { resolution } = options;
  // Drawn only where it is on, so that options of old runs give their old canvases.
  if (resolution && resolution.probability > 0 && chance(rng, resolution.probability)) {
    loseResolution(canvas, rng, resolution);
  }
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
  options: AugmentOptions = DEFAULT_AUGMENT,
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
