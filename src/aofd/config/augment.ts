import type { Config } from './schema.js';

/** How a picture is changed on its way to a training canvas. */
export type AugmentConfig = Config['data']['augment'];

/** Every effect off, only the place of the window is drawn: the paper's, and for overfitting one batch. */
export const NO_AUGMENT: AugmentConfig = {
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

/** Values in the middle of what RetinaFace and SCRFD use. */
export const DEFAULT_AUGMENT: AugmentConfig = {
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
