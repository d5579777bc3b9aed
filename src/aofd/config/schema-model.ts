import * as z from 'zod';

/**
 * Small building blocks of the schema. Each number has an upper bound far above what anybody needs: a
 * configuration also comes out of files of strangers (weights, checkpoints), and decides what is allocated.
 */
export const share = z.number().min(0).max(1);
/** Weights of losses and of what is drawn, pixels, minutes, megabytes. */
export const amount = z.number().min(0).max(1e6);
export const factor = z.number().positive().max(1e6);
/** Updates of a training, pictures of a set. */
export const count = z.int().min(0).max(1e9);
export const positive = z.int().min(1).max(1e9);
/** Pixels of a side: the largest that WebGPU promises for textures. */
const side = z.int().min(1).max(8192);
/** Anchors, RoIs or faces of a picture that are looked at. */
export const rows = z.int().min(1).max(65536);
/** Channels of a layer. */
const width = z.int().min(1).max(16384);
/** Pixels per cell. */
const stride = z.int().min(1).max(1024);
const cells = z.int().min(1).max(1024);
const triple = z.array(z.number().min(-1e4).max(1e4)).length(3);

/** How box corners are read and coded everywhere. */
export const boxesSchema = z.strictObject({
  convention: z
    .enum(['inclusive', 'continuous'])
    .describe('inclusive: width = x2 - x1 + 1 (docs/spec.md 1.4); continuous: width = x2 - x1'),
  maxLogRatio: z
    .number()
    .positive()
    .max(20)
    .describe('J3: cap of dw and dh before exp; ln(1000/16)'),
});

/** Pixels that enter the network. */
export const inputSchema = z.strictObject({
  channelOrder: z.enum(['bgr', 'rgb']).describe('order of the three input channels'),
  mean: triple.describe('subtracted per channel in that order, 0..255 (docs/spec.md 1.2)'),
  std: z
    .array(z.number().positive().max(1e4))
    .length(3)
    .describe('divisor per channel after the mean; 1 in the paper'),
  trainShortSides: z
    .array(side)
    .min(1)
    .max(1000)
    .describe('J1: one is drawn per training image; not used with a canvas'),
  testShortSide: side
    .nullable()
    .describe('J1: short side at test; null scales the long side to maxSize instead'),
  maxSize: side.describe('largest long side after scaling, pixels'),
  canvas: z
    .tuple([side, side])
    .nullable()
    .describe('fixed [height, width] of training input; null = each image at its own size'),
  padMultiple: stride.describe('input is padded right and below to a multiple of this'),
});

const anchorLevel = z.strictObject({
  stride: stride.describe('pixels per cell; also the base window'),
  sizes: z
    .array(z.number().positive().max(65536))
    .min(1)
    .max(32)
    .describe('square root of the area, pixels'),
  ratios: z.array(z.number().min(0.01).max(100)).min(1).max(32).describe('J2: height / width'),
  rounding: z.enum(['pfr', 'none']).describe('J2: pfr rounds at the base window'),
});

/** Shape of the network. */
export const modelSchema = z.strictObject({
  backbone: z.enum(['vgg16', 'lite']).describe('vgg16 as published, or the narrow one'),
  frozenBlocks: z
    .int()
    .min(0)
    .max(5)
    .describe('vgg16: first blocks that never train (conv1, conv2)'),
  ceilPooling: z.boolean().describe("Caffe's pooled size ceil((n-2)/2)+1 (docs/spec.md 1.1)"),
  stemChannels: width.describe('lite: channels of the stride 2 stem'),
  stageChannels: z.array(width).min(1).max(9).describe('lite: channels at strides 4, 8, 16, ...'),
  blocks: z
    .array(z.int().min(0).max(256))
    .min(1)
    .max(9)
    .describe('lite: extra blocks of each stage'),
  weightStandardize: z.boolean().describe('normalise conv weights instead of activations'),
  residual: z.boolean().describe('lite: add the input of each extra block to its output'),
  fpnChannels: z
    .int()
    .min(0)
    .max(16384)
    .describe('lite: channels of the top-down pathway; not used by vgg16'),
  levels: z
    .array(anchorLevel)
    .min(1)
    .max(8)
    .describe('finest first; one level of stride 16 in the paper'),
  rpnChannels: width.describe('3x3 convolution before the RPN outputs'),
  roiStride: stride.describe('feature level that RoIs are pooled from, by its stride'),
  roiSize: z.int().min(1).max(32).describe('side of the pooled map; 7'),
  roiPooling: z
    .enum(['max', 'align'])
    .describe('max: RoI pooling with exact integer bins (the paper, J7); align: RoIAlign'),
  hidden6: width.describe('width of fc6'),
  hidden7: z.int().min(0).max(16384).describe('width of fc7; 0 = no fc7'),
  dropout: share.describe('after fc6 and fc7 while the detector trains'),
  generator: z.strictObject({
    channels: width.describe('J11: width of the 3x3 convolutions'),
    convs: z.int().min(1).max(64).describe('J11: 3x3 convolutions before the one-channel output'),
    dropout: share.describe('J12: dropout of the frozen head while the generator trains'),
    positivesOnly: z.boolean().describe('J12: the generator learns from faces only'),
    gradient: z
      .enum(['threshold-sigmoid', 'identity'])
      .describe('J13: straight-through gradient of the hard mask (docs/spec.md 3.3)'),
  }),
  segmentation: z.strictObject({
    enabled: z.boolean(),
    stride: stride.describe('feature level it reads, by its stride'),
    channels: z.array(width).length(2).describe('J18: widths of the two 3x3 convolutions'),
    dilation: z.int().min(1).max(64).describe('J18: dilation of the last 3x3 convolution'),
    detail: z
      .strictObject({ channels: width.describe('of what joins the finer map and the branch') })
      .nullable()
      .optional()
      .describe(
        'logits at half that stride, refined by the map of stride 4; only for stride 8 of the lite ' +
          'backbone; default none (null)',
      ),
    output: z
      .enum(['covered', 'region-visible'])
      .describe(
        'what the two maps say: softmax over (not covered, covered), the paper; or two sigmoids, ' +
          'the whole face region and the visible face, covered being the first without the second',
      ),
  }),
});

/** RPN targets (docs/spec.md 1.7). */
export const rpnSchema = z.strictObject({
  assign: z
    .enum(['iou', 'atss'])
    .describe('iou: by the two thresholds (the paper), sampled; atss: adaptive, all anchors'),
  candidates: rows.describe('atss: nearest cells of each level that a face looks at'),
  positiveIou: share,
  negativeIou: share,
  batchSize: rows.describe('sampled anchors per image'),
  positiveFraction: share,
  allowedBorder: z.int().min(-1).max(65536).describe('pixels an anchor may stick out; -1 = any'),
  forceBestAnchor: z
    .boolean()
    .describe('best anchors of each face are positive (docs/spec.md 1.7)'),
  ignoreOverlap: share.describe('background with this share inside an ignored box is left out'),
});

const proposalSchema = z.strictObject({
  preNmsTop: rows,
  postNmsTop: rows,
  nmsIou: share,
  minSize: amount.describe('pixels of the original image'),
  minScore: share.describe('anchors below are not looked at'),
});

/** The proposal layer while training and testing (docs/spec.md 1.9). */
export const proposalsSchema = z.strictObject({
  train: proposalSchema,
  test: proposalSchema.extend({
    crowd: z
      .strictObject({
        score: share.describe('least face probability of the RPN'),
        top: rows.describe('proposals in all'),
      })
      .optional()
      .describe(
        'beyond postNmsTop, the proposals from a score on: pictures of crowds; default none',
      ),
  }),
});

/** RoI sampling (docs/spec.md 1.10). */
export const roisSchema = z.strictObject({
  batchSize: rows.describe('J6: RoIs per image'),
  positiveFraction: share.describe('1:3 in the paper'),
  positiveIou: share,
  negativeIouLow: z.number().min(-1).max(1),
  negativeIouHigh: share,
  addGroundTruth: z.boolean(),
  stds: z.array(factor).length(4).describe('divisors of the box code'),
  ignoreOverlap: share,
});

/** Online hard example mining (docs/spec.md 2). */
export const ohemSchema = z.strictObject({
  enabled: z.boolean(),
  batchSize: rows.describe('J10: RoIs kept per image'),
  nmsIou: share,
  maxRois: rows.describe('candidates scored per image'),
  masked: z.boolean().describe('J10: mine on masked features'),
  dropout: z.boolean().describe('J10: dropout in the mining pass'),
});

/** Masking strategy (docs/spec.md 3.6). */
export const maskingSchema = z.strictObject({
  jointMode: z
    .enum(['double', 'replace', 'none'])
    .describe('J15: each RoI original and masked, or one of the two, or never masked'),
  types: z
    .array(z.enum(['generator', 'half', 'random']))
    .max(100)
    .describe('equally likely'),
  trainCells: cells.describe('J14: cells the generator hides while the detector trains (1/3)'),
  generatorCells: cells.describe('J11: cells it hides while it is trained itself (1/4)'),
  halfCells: cells.describe('J14: lines of 7 that a half mask hides'),
  randomCells: cells.describe('J14: cells that a random mask hides'),
  maskNegatives: z.boolean().describe('J16: background RoIs are masked too'),
});

/** Loss weights and forms (docs/spec.md 0, 1.8, 1.12, 3.4, 4.2). */
export const lossSchema = z.strictObject({
  alpha: amount.describe('weight of the head classification loss'),
  beta: amount.describe('weight of the head box loss'),
  rpnClass: amount,
  rpnBox: amount,
  gamma: z.union([amount, z.literal('auto')]).describe('weight of compactness; auto = not paper'),
  eta: amount.describe('weight of the adversarial loss'),
  compact: z
    .enum(['relu', 'literal', 'flip'])
    .describe(
      'J13: rectified sum, plain sum, or rectified with the gradient of flipped cells (docs/spec.md 3.4)',
    ),
  smoothL1SigmaRpn: factor,
  smoothL1SigmaHead: factor,
  box: z
    .enum(['smooth-l1', 'giou'])
    .describe('box loss of the head: on the code (the paper), or 1 - GIoU of the decoded boxes'),
  rpnBoxForm: z.enum(['smooth-l1', 'giou']).describe('box loss of the RPN, likewise'),
  score: z
    .enum(['softmax', 'quality'])
    .describe(
      'classification of RPN and head: mean softmax cross-entropy (the paper), or quality focal loss ' +
        'towards the IoU of the predicted box, divided by the number of positives',
    ),
  segReduction: z.enum(['sum', 'mean']).describe('J17: over valid pixels at input resolution'),
  segCoverWeight: amount.describe('region-visible: weight of covered pixels, others weigh 1'),
  segDice: amount
    .optional()
    .describe(
      'region-visible: weight, beside the cross-entropy, of the Dice loss of the covered pixels of each picture; default 0',
    ),
  segBoxScale: z.number().min(1).max(1000).describe('boxes are enlarged by this before gating'),
});
