import { ConfigError } from '../errors.js';
import { DEFAULT_AUGMENT } from './augment.js';
import { PAPER, stage } from './defaults.js';
import { mergeConfig } from './merge.js';
import type { Config } from './schema.js';

/** What `lite` changes: the same graph, narrow, trained from scratch on a fixed canvas. */
const LITE = {
  preset: 'lite',
  input: {
    channelOrder: 'rgb',
    mean: [127.5, 127.5, 127.5],
    std: [64, 64, 64],
    testShortSide: null, // the long side is scaled to maxSize
    maxSize: 640,
    canvas: [384, 384],
    padMultiple: 32,
  },
  model: {
    backbone: 'lite',
    frozenBlocks: 0,
    ceilPooling: false,
    stemChannels: 16,
    stageChannels: [32, 64, 96, 96], // strides 4, 8, 16, 32
    blocks: [0, 1, 1, 1],
    weightStandardize: true,
    residual: true,
    fpnChannels: 64,
    levels: [
      { stride: 8, sizes: [16, 24, 36], ratios: [1.1], rounding: 'none' },
      { stride: 16, sizes: [54, 80, 120], ratios: [1.1], rounding: 'none' },
      { stride: 32, sizes: [170, 250, 370], ratios: [1.1], rounding: 'none' },
    ],
    rpnChannels: 32,
    roiStride: 8,
    hidden6: 160,
    hidden7: 96,
    dropout: 0,
    generator: { channels: 64, convs: 3 },
    segmentation: { stride: 8, channels: [32, 32], dilation: 2 },
  },
  rpn: { positiveIou: 0.5, negativeIou: 0.35, allowedBorder: -1 },
  proposals: {
    train: { preNmsTop: 2000, postNmsTop: 300, nmsIou: 0.7, minSize: 4, minScore: 0 },
    // With 120 RoIs a 640x480 picture takes 2.496 GFLOP, the budget of lite.
    test: { preNmsTop: 2000, postNmsTop: 120, nmsIou: 0.7, minSize: 4, minScore: 0.02 },
  },
  rois: { batchSize: 64 },
  ohem: { batchSize: 64, maxRois: 320 },
  masking: { jointMode: 'replace' },
  loss: { segReduction: 'mean' },
  optim: {
    kind: 'adamw',
    lr: 0.001,
    weightDecay: 0.02,
    biasLrMult: 1,
    biasDecayMult: 0,
    updateUntouched: false,
    clipNorm: 10,
    ema: 0.999,
  },
  stages: [
    {
      ...stage('stage0', 'detector', 20000),
      schedule: 'cosine',
      warmupSteps: 500,
      finalLrFactor: 0.05,
      order: 'weighted',
      data: { facecount: 2, extra: 1, masked: 2, portraits: 1 },
      mu: 0.3,
      segFraction: 0.1,
      paintProbability: 0.3,
    },
    {
      ...stage('stage1', 'generator', 1500),
      order: 'weighted',
      data: { facecount: 2, extra: 1, masked: 2 },
    },
    {
      ...stage('stage2', 'joint', 8000),
      schedule: 'cosine',
      warmupSteps: 100,
      finalLrFactor: 0.02,
      order: 'weighted',
      lr: 0.0005,
      data: { facecount: 2, extra: 1, masked: 2, portraits: 1 },
      mu: 1,
      segFraction: 0.2,
      paintProbability: 0.4,
    },
  ],
  train: { batch: 4, validateEverySteps: 2000, validation: { source: 'masked-val', limit: 100 } },
  data: {
    root: 'data',
    sources: {
      wider: undefined,
      sfs: undefined,
      facecount: {
        kind: 'wider',
        list: 'facecount/train_bbx_gt.txt',
        images: 'facecount/images',
      },
      extra: { kind: 'wider', list: 'facecount/extra_bbx_gt.txt', images: 'facecount/images' },
      masked: { kind: 'coco', list: 'masked/train.json', images: 'masked' },
      portraits: { kind: 'occlusion-seg', list: 'occlusion-seg', split: 'train' },
      'masked-val': { kind: 'coco', list: 'masked/val.json', images: 'masked' },
      'facecount-val': {
        kind: 'wider',
        list: 'facecount/val_bbx_gt.txt',
        images: 'facecount/images',
      },
    },
    minFacePx: 8,
    smallFaces: 'ignore',
    weakMaskLabels: true,
    appendFlipped: false,
    portraitRatios: [0.7, 0.9, 1, 1.2, 1.5, 2, 3],
    cacheMegabytes: 512,
    augment: {
      ...DEFAULT_AUGMENT,
      crop: {
        ...DEFAULT_AUGMENT.crop,
        ratios: [0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1, 1, 1.2, 1.5],
      },
      mosaicRatios: [0.5, 0.6, 0.8, 0.9, 1, 1.2],
      mosaic: 0.4,
    },
  },
  // Large photographs shrink a lot: a pixel more or less of a small RoI is 4 of the original's.
  test: {
    scoreThreshold: 0.05,
    nmsIou: 0.45,
    maxDetections: 300,
    decodeIn: 'input',
    boxVoting: 0.55,
  },
};

/**
 * What `nano` changes in `lite`: a fifth of the arithmetic, for cameras on machines without a GPU. With 60 RoIs a
 * 640x480 picture takes 0.500 GFLOP. No weights come with it.
 */
const NANO = {
  preset: 'nano',
  model: {
    stemChannels: 8,
    stageChannels: [16, 24, 48, 48],
    fpnChannels: 32,
    rpnChannels: 16,
    hidden6: 64,
    hidden7: 48,
    generator: { channels: 32 },
    segmentation: { channels: [12, 8] },
  },
  proposals: { test: { postNmsTop: 60 } },
};

const lite = mergeConfig(PAPER, LITE) as Config;

/** The presets by name. */
export const PRESETS: Readonly<Record<string, Config>> = {
  paper: PAPER,
  lite,
  nano: mergeConfig(lite, NANO) as Config,
};

/** A fresh copy of a preset, free to be changed. */
export function presetConfig(name: string): Config {
  const preset = PRESETS[name];
  if (!preset) {
    throw new ConfigError('config', `There is no preset "${name}".`, {
      fix: `choose one of ${Object.keys(PRESETS).join(', ')}.`,
      paths: ['preset'],
    });
  }
  return structuredClone(preset);
}
