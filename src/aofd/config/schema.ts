/**
 * The one schema of a training or detection run. Every value has its unit and meaning here, its
 * number and source in `defaults.ts`. Judgement calls of docs/spec.md section 9 are marked J1..J24
 * and listed in `judgements.ts`.
 */
import * as z from 'zod';
import { OCCLUDER_KINDS, PHOTO_KINDS } from './occluder-kinds.js';
import {
  amount,
  boxesSchema,
  count,
  factor,
  inputSchema,
  lossSchema,
  maskingSchema,
  modelSchema,
  ohemSchema,
  positive,
  proposalsSchema,
  roisSchema,
  rpnSchema,
  share,
} from './schema-model.js';
import { evalSchema, testSchema } from './schema-detect.js';

const optimSchema = z.strictObject({
  kind: z.enum(['sgd', 'adamw']),
  lr: factor.describe('base learning rate; a stage may set its own'),
  momentum: share,
  weightDecay: amount,
  betas: z.tuple([share, share]).describe('adamw'),
  eps: factor.describe('adamw'),
  biasLrMult: amount.describe("Caffe's lr_mult of biases"),
  biasDecayMult: amount.describe('J8: weight decay of biases'),
  updateUntouched: z
    .boolean()
    .describe('J20: decay and momentum also act on parameters without gradient in a step'),
  clipNorm: amount.describe('global gradient norm cap; 0 = off'),
  ema: share.describe('decay of averaged weights; 0 = off'),
  accumulate: z.int().min(1).max(65536).describe('J9: batches averaged per update'),
});

const stageSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes'),
  kind: z
    .enum(['detector', 'generator', 'joint'])
    .describe('detector: plain Faster R-CNN; generator: masks only; joint: masks fixed'),
  steps: count.describe('J21: updates'),
  lr: factor.optional().describe('default optim.lr'),
  schedule: z.enum(['constant', 'step', 'cosine', 'linear']),
  warmupSteps: count.describe('lr rises linearly from 0 over these updates'),
  decayAt: z
    .array(count)
    .max(1000)
    .describe('step: updates at which lr is multiplied by decayFactor'),
  decayFactor: factor,
  finalLrFactor: share.describe('cosine, linear: lr at the end as a share of the base'),
  mu: amount.describe('weight of the segmentation loss; 0 leaves the branch out'),
  data: z.record(z.string(), factor).describe('names of data.sources with sampling weights'),
  order: z
    .enum(['shuffle', 'weighted'])
    .describe('shuffle: full passes over the union; weighted: sources drawn by weight'),
  segFraction: share.describe('weighted: share of images from sources with pixel masks'),
  paintProbability: share.describe('share of images on which occluders are painted'),
  jointMode: z.enum(['double', 'replace', 'none']).optional().describe('default masking.jointMode'),
  ohem: z.boolean().optional().describe('default ohem.enabled'),
  batch: z.int().min(1).max(1024).optional().describe('default train.batch'),
  freeze: z.array(z.string()).optional().describe('parameter name prefixes that do not train'),
});

const trainSchema = z.strictObject({
  seed: z.int().min(0).max(0xffffffff),
  batch: z.int().min(1).max(1024).describe('J9: images per step'),
  logEverySteps: positive,
  samplesEverySteps: count.describe('0 = never'),
  checkpointEverySteps: count.describe('0 = only at the end of a stage'),
  checkpointEveryMinutes: amount.describe('0 = off'),
  keepLast: positive.describe('checkpoints kept'),
  validateEverySteps: count.describe('0 = never'),
  validation: z
    .strictObject({
      source: z.string().describe('name of a data source'),
      limit: count.describe('images; 0 = all'),
    })
    .nullable(),
  workers: z
    .int()
    .min(0)
    .max(256)
    .describe('0: batches are prepared in the main thread; above: in one of their own'),
});

const jitter = z.number().min(0).max(10);

/** The ends of a range, the lower one first. */
const ascending = (bound: z.ZodNumber) =>
  z
    .tuple([bound, bound])
    .refine(([low, high]) => low <= high, 'the first must not be above the second');

const augmentSchema = z.strictObject({
  crop: z.strictObject({
    flip: share.describe('probability of mirroring'),
    ratios: z.array(factor).min(1).max(1000).describe('window side / short side of picture'),
    scaleJitter: jitter.describe('the ratio is multiplied by e^u, u uniform in +-this'),
    aspectJitter: jitter.describe('width against height, times e^u, u uniform in +-this'),
    clipBoxes: z
      .boolean()
      .optional()
      .describe('faces at the border keep only the visible part of their box; default true'),
    decoyFocus: share
      .optional()
      .describe('probability that a picture with decoys is cut around one of them; default 0'),
  }),
  mosaicRatios: z
    .array(factor)
    .min(1)
    .max(1000)
    .describe('crop.ratios of the tiles of a mosaic, which are smaller, and faces with them'),
  mosaic: share.describe(
    'probability that a canvas is made of four photographs, or nine (mosaicOfNine)',
  ),
  portraitMosaic: share
    .optional()
    .describe('the same for canvases that begin with a portrait with pixel labels; default mosaic'),
  mosaicOfNine: share
    .optional()
    .describe('share of mosaics that are made of nine: crowds of small faces; default 0'),
  antialias: share.describe(
    'probability of averaging before minification; else plain bilinear, as at inference',
  ),
  color: z.strictObject({
    brightness: amount.describe('added to every channel: uniform in +-this, 0..255'),
    contrast: amount.describe('factor 1 +- this around mid grey'),
    saturation: amount.describe('factor 1 +- this'),
    hue: amount.describe('rotation in +-this degrees'),
    grey: share.describe('probability of a grey picture'),
    blur: share.describe('probability of a 3x3 or 5x5 box-like blur'),
    noise: share.describe('probability of Gaussian noise, sigma up to 8'),
    jpeg: share.describe('probability of JPEG-like block quantisation of the luma'),
  }),
  cutout: z
    .strictObject({
      probability: share,
      maxCount: z.int().min(0).max(1000),
      maxShare: share,
    })
    .describe('grey rectangles over parts of the canvas'),
  resolution: z
    .strictObject({
      probability: share,
      factors: ascending(z.number().min(1).max(64)).describe(
        'smallest and largest, drawn evenly on a log scale',
      ),
    })
    .optional()
    .describe('canvases shrunk by a factor, enlarged again and blurred; default none'),
  defocus: z
    .strictObject({
      probability: share,
      sigma: ascending(z.number().min(0.1).max(64)).describe(
        'standard deviation in pixels of the canvas, drawn evenly on a log scale',
      ),
    })
    .optional()
    .describe('canvases out of focus or moved; default none'),
  exposure: z
    .strictObject({
      probability: share,
      stops: ascending(z.number().min(-8).max(8)).describe('powers of two of the light'),
    })
    .optional()
    .describe('canvases with too little or too much light; default none'),
  light: z
    .strictObject({
      probability: share,
      stops: z.number().min(0).max(8).describe('powers of two by which a channel changes at most'),
    })
    .optional()
    .describe('canvases in two lights of different colours that meet on a face; default none'),
  headsInFront: z
    .strictObject({
      probability: share,
      most: z.int().min(1).max(16).describe('heads on such a canvas: one to so many'),
      minFacePx: amount.describe('shorter side of faces that may be hidden'),
    })
    .optional()
    .describe('heads cut out of portraits with pixel classes, pasted before faces; default none'),
  minFacePx: amount.describe('faces with a shorter side below this on the canvas are ignored'),
});

const occluderSchema = z.strictObject({
  kind: z.enum(PHOTO_KINDS).describe('what the pictures show; painter.kinds says how often'),
  folder: z.string().min(1),
  form: z.enum(['alpha', 'black']).describe('transparent pictures, or photographs on black'),
  match: z.string().optional().describe('regular expression that paths must match'),
  limit: positive.describe('at most so many, drawn by the seed'),
});

const painterSchema = z.strictObject({
  kinds: z
    .partialRecord(z.enum(OCCLUDER_KINDS), amount)
    .describe('relative frequency; kinds left out are not painted'),
  faceProbability: share.describe('probability that a usable face is painted at all'),
  secondProbability: share.describe('probability of a second occluder on a painted face'),
  minFacePx: amount.describe('faces with a shorter side below this are left alone'),
  decoyProbability: share.describe(
    'probability that a painted picture also gets hands and objects where no face is',
  ),
});

const teachersSchema = z.strictObject({
  lists: z
    .array(z.string().min(1))
    .min(1)
    .max(2)
    .describe('faces that detectors found; the first decides, the second confirms'),
  matchIou: share.optional().describe('a label and a box above this are one face'),
  matchScore: share.optional().describe('if the box has at least this score'),
  faceScore: share.optional().describe('from here, a box without a label is a forgotten face'),
  ignoreScore: share.optional().describe('from here, a box without a label is ignored'),
  aloneScore: share.optional().describe('sets without labels: from here the first makes a face'),
  agreedScore: share.optional().describe('or from here, if the second agrees'),
  secondScore: share.optional().describe('what the second needs to agree'),
  headScore: share.optional().describe('or from here, inside of a labelled head'),
  agreeIou: share.optional().describe('overlap at which the two agree'),
  secondIgnoreScore: share.optional().describe('from here, boxes of the second are ignored'),
});

const sourceSchema = z.strictObject({
  kind: z
    .enum([
      'wider',
      'coco',
      'fddb',
      'voc',
      'yolo',
      'counting-csv',
      'pictures',
      'parsing',
      'occlusion-seg',
      'labelme',
      'coco-masks',
    ])
    .describe('docs/data.md says which set has which form'),
  list: z
    .string()
    .min(1)
    .describe(
      'annotation file, or folder for voc, yolo, fddb, occlusion-seg, labelme, pictures (of pictures), ' +
        'parsing (of pixel maps)',
    ),
  images: z.string().optional().describe('folder that image paths are relative to'),
  split: z.enum(['train', 'test', 'all']).optional().describe('occlusion-seg'),
  synthetic: z
    .union([z.boolean(), z.literal('only')])
    .optional()
    .describe('occlusion-seg: also portraits with drawn masks, or nothing but those'),
  limit: positive.optional().describe('only the first images'),
  names: z
    .array(z.string().min(1))
    .optional()
    .describe('take only the pictures on these lists: names.txt, or drop.json#KEY'),
  leaveOut: z.array(z.string().min(1)).optional().describe('leave out the pictures on these lists'),
  classes: z
    .record(
      z.string(),
      z.enum(['face', 'masked', 'unmasked', 'incorrect', 'occluder', 'head', 'drop']),
    )
    .optional()
    .describe(
      'voc, coco, yolo, labelme, coco-masks: what the names of objects mean; a name that is missing is an error',
    ),
  teachers: teachersSchema.optional().describe('boxes of strong detectors (reconcile.ts)'),
  pixelMaps: z
    .string()
    .optional()
    .describe('folder of NAME.mat: pixel classes of the person with the largest face'),
  roles: z
    .record(z.string(), z.enum(['visible', 'cover', 'overhang', 'other']))
    .optional()
    .describe('parsing, pixelMaps: classes that mean something else than usual'),
  trim: z
    .array(z.number().gt(-0.5).lt(0.5))
    .length(4)
    .optional()
    .describe(
      'cut from the left, top, right and bottom of every box, as shares of its width and height, ' +
        'where a set is known to draw boxes that way; negative enlarges',
    ),
});

const dataSchema = z.strictObject({
  root: z.string().describe('folder that relative paths of sources start from'),
  sources: z.record(z.string(), sourceSchema),
  minFacePx: amount.describe('J4: faces below this shorter side in the original are dropped'),
  dropInvalid: z.boolean().describe('J4: faces marked invalid by WIDER are dropped'),
  smallFaces: z.enum(['drop', 'ignore']).describe('what becomes of faces below minFacePx'),
  weakMaskLabels: z
    .boolean()
    .describe('pixel labels for the core of worn masks, guessed from masked boxes'),
  portraitPaintProbability: share
    .optional()
    .describe(
      'region-visible: share of portraits that are painted over, in stages with a paintProbability; default 0',
    ),
  portraitFocus: z
    .strictObject({ probability: share, draws: z.int().min(1).max(16) })
    .optional()
    .describe(
      'with this probability a portrait is the most covered one of so many drawn, since few are covered by ' +
        'much; default off',
    ),
  appendFlipped: z.boolean().describe('every image also mirrored (docs/spec.md 1.3)'),
  portraitRatios: z.array(factor).min(1).max(1000),
  skipBroken: z
    .boolean()
    .optional()
    .describe(
      'leave out pictures that are missing, damaged or of another size than their labels say, and count ' +
        'them; otherwise they end the run',
    ),
  cacheMegabytes: amount,
  augment: augmentSchema,
  painter: painterSchema,
  occluders: z.array(occluderSchema).optional().describe('folders of things to paint over faces'),
});

/** Everything that decides a run. Unknown keys are errors. */
export const configSchema = z.strictObject({
  preset: z.string().describe('the preset this started from'),
  boxes: boxesSchema,
  input: inputSchema,
  model: modelSchema,
  rpn: rpnSchema,
  proposals: proposalsSchema,
  rois: roisSchema,
  ohem: ohemSchema,
  masking: maskingSchema,
  loss: lossSchema,
  optim: optimSchema,
  stages: z.array(stageSchema).max(1000).describe('run in order'),
  train: trainSchema,
  data: dataSchema,
  test: testSchema,
  eval: evalSchema,
});

/** A complete configuration. Its parts are passed on under their own names. */
export type Config = z.infer<typeof configSchema>;
export type BoxesConfig = Config['boxes'];
export type InputConfig = Config['input'];
export type ModelConfig = Config['model'];
/** One feature level with its anchors. */
export type AnchorLevel = ModelConfig['levels'][number];
export type RpnConfig = Config['rpn'];
/** The proposal layer in one mode: `proposals.train` or `proposals.test`. */
export type ProposalConfig = Config['proposals']['test'];
export type RoisConfig = Config['rois'];
export type OhemConfig = Config['ohem'];
export type MaskingConfig = Config['masking'];
export type LossConfig = Config['loss'];
export type OptimConfig = Config['optim'];
export type StageConfig = Config['stages'][number];
export type DataSourceConfig = Config['data']['sources'][string];
