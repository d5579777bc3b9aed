import { NO_AUGMENT } from './augment.js';
import { DEFAULT_PAINTER } from './painter.js';
import type { Config } from './schema.js';

/**
 * The published system (VGG16, 4096-wide head, three phases of stage 2), each number with its
 * source. Data sources are placeholders: name your copies in the config file.
 */
export const PAPER: Config = {
  preset: 'paper',
  boxes: {
    convention: 'inclusive', // py-faster-rcnn; docs/spec.md 1.4
    maxLogRatio: Math.log(1000 / 16), // J3
  },
  input: {
    channelOrder: 'bgr', // docs/spec.md 1.2
    mean: [102.9801, 115.9465, 122.7717], // B, G, R; docs/spec.md 1.2
    std: [1, 1, 1],
    trainShortSides: [512, 1024], // J1
    testShortSide: 1024, // J1
    maxSize: 1024, // paper: long side at most 1024
    canvas: null,
    padMultiple: 1,
  },
  model: {
    backbone: 'vgg16',
    frozenBlocks: 2, // conv1_1..conv2_2; docs/spec.md 1.1
    ceilPooling: true, // Caffe; docs/spec.md 1.1
    stemChannels: 32, // not used by vgg16
    stageChannels: [64, 96, 128, 128], // not used by vgg16
    blocks: [0, 0, 0, 0], // not used by vgg16
    weightStandardize: false,
    residual: false,
    fpnChannels: 0,
    levels: [
      { stride: 16, sizes: [64, 128, 256, 512], ratios: [1.7, 1, 1.3], rounding: 'pfr' }, // J2
    ],
    rpnChannels: 512, // docs/spec.md 1.5
    roiStride: 16,
    roiSize: 7,
    roiPooling: 'max', // J7
    hidden6: 4096, // docs/spec.md 1.12
    hidden7: 4096,
    dropout: 0.5,
    generator: {
      channels: 256, // J11
      convs: 3, // J11
      dropout: 0, // J12
      positivesOnly: true, // J12
      gradient: 'threshold-sigmoid', // J13, docs/spec.md 3.3
    },
    segmentation: {
      enabled: true,
      stride: 16,
      channels: [256, 256],
      dilation: 2,
      output: 'covered',
    }, // J18
  },
  rpn: {
    assign: 'iou', // docs/spec.md 1.7
    candidates: 9, // not used by iou
    positiveIou: 0.7, // docs/spec.md 1.7
    negativeIou: 0.3,
    batchSize: 256,
    positiveFraction: 0.5,
    allowedBorder: 0,
    forceBestAnchor: true,
    ignoreOverlap: 0.5, // ours: the paper has no ignored regions
  },
  proposals: {
    train: { preNmsTop: 12000, postNmsTop: 2000, nmsIou: 0.7, minSize: 16, minScore: 0 },
    test: { preNmsTop: 6000, postNmsTop: 300, nmsIou: 0.7, minSize: 16, minScore: 0 },
  }, // docs/spec.md 1.9
  rois: {
    batchSize: 128, // J6
    positiveFraction: 0.25, // paper: 1:3
    positiveIou: 0.5,
    negativeIouLow: 0, // end2end config; docs/spec.md 1.10
    negativeIouHigh: 0.5,
    addGroundTruth: true,
    stds: [0.1, 0.1, 0.2, 0.2],
    ignoreOverlap: 0.5,
  },
  ohem: {
    enabled: false,
    batchSize: 128,
    nmsIou: 0.7,
    maxRois: 2100,
    masked: false,
    dropout: false,
  }, // J10
  masking: {
    jointMode: 'double', // J15
    types: ['generator', 'half', 'random'],
    trainCells: 16, // a third of 49, floored; J14
    generatorCells: 12, // a quarter; J11
    halfCells: 3, // J14
    randomCells: 24, // J14
    maskNegatives: true, // J16
  },
  loss: {
    alpha: 1, // paper
    beta: 1, // paper
    rpnClass: 1,
    rpnBox: 1,
    gamma: 1e-6, // paper
    eta: 1, // paper
    compact: 'relu', // J13
    smoothL1SigmaRpn: 3, // docs/spec.md 1.8
    smoothL1SigmaHead: 1, // docs/spec.md 1.12
    box: 'smooth-l1', // paper
    rpnBoxForm: 'smooth-l1', // paper
    score: 'softmax', // paper
    segReduction: 'sum', // J17
    segCoverWeight: 1,
    segBoxScale: 1.3, // paper
  },
  optim: {
    kind: 'sgd',
    lr: 0.001, // paper
    momentum: 0.9, // docs/spec.md 1.13
    weightDecay: 5e-4,
    betas: [0.9, 0.999],
    eps: 1e-8,
    biasLrMult: 2,
    biasDecayMult: 1, // J8
    updateUntouched: true, // J20
    clipNorm: 0,
    ema: 0,
    accumulate: 1, // J9
  },
  stages: [
    {
      ...stage('stage0', 'detector', 80000), // J21
      schedule: 'step',
      decayAt: [50000],
      data: { wider: 1 },
    },
    {
      ...stage('stage1', 'generator', 25000), // J21
      schedule: 'step',
      decayAt: [20000],
      data: { wider: 1 },
    },
    { ...stage('stage2a', 'joint', 10000), mu: 1e-5, data: { sfs: 1 } },
    { ...stage('stage2b', 'joint', 50000), mu: 1e-7, data: { wider: 1, sfs: 1 } },
    { ...stage('stage2c', 'joint', 1128), mu: 1e-5, data: { sfs: 1 } }, // 3 passes of 376
  ],
  train: {
    seed: 1,
    batch: 1, // paper
    logEverySteps: 20,
    samplesEverySteps: 1000,
    checkpointEverySteps: 2000,
    checkpointEveryMinutes: 30,
    keepLast: 2,
    validateEverySteps: 0,
    validation: null,
    workers: 1,
  },
  data: {
    root: '.',
    sources: {
      wider: {
        kind: 'wider',
        list: 'wider/wider_face_split/wider_face_train_bbx_gt.txt',
        images: 'wider/WIDER_train/images',
      },
      sfs: { kind: 'occlusion-seg', list: 'sfs', split: 'train' },
    },
    minFacePx: 10, // J4
    dropInvalid: true, // J4
    smallFaces: 'drop',
    weakMaskLabels: false,
    appendFlipped: true, // docs/spec.md 1.3
    portraitRatios: [1],
    cacheMegabytes: 256,
    augment: { ...NO_AUGMENT, minFacePx: 0 },
    painter: DEFAULT_PAINTER,
  },
  test: {
    scoreThreshold: 0.05, // docs/spec.md 1.14
    nmsIou: 0.3,
    maxDetections: 100,
    boxVoting: 0,
    decodeIn: 'original', // docs/spec.md 1.14
    largeFaceSize: null,
    coveredShare: 0.25,
    calibration: null,
    occluderThreshold: 0.5, // docs/spec.md 4.3
  },
  eval: {
    iou: 0.5,
    ap: 'all-point', // J24
    mafaIgnored: 'skip', // J22
    mafaSquare: 'max', // J23
  },
};

/** A stage of the paper: constant lr, no segmentation, no painting. */
export function stage(
  name: string,
  kind: Config['stages'][number]['kind'],
  steps: number,
): Config['stages'][number] {
  return {
    name,
    kind,
    steps,
    schedule: 'constant',
    warmupSteps: 0,
    decayAt: [],
    decayFactor: 0.1,
    finalLrFactor: 1,
    mu: 0,
    data: {},
    order: 'shuffle',
    segFraction: 0,
    paintProbability: 0,
  };
}
