/**
 * The schema of a study file: settings (differences to a base configuration), seeds, protocols, claims
 * and figures. docs/reproduction.md explains each with examples.
 */
import * as z from 'zod';
import { DRAWN_KINDS } from '../config/occluder-kinds.js';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower case letters, digits and dashes');
const label = z.string().min(1);
const differences = z.record(z.string(), z.unknown());

const settingSchema = z.strictObject({
  name,
  title: label.optional().describe('how tables call it; default: the name'),
  change: differences.optional().describe('differences to the base, merged as in a config file'),
  set: z
    .array(z.string().min(3))
    .optional()
    .describe('path=value, as --set of aofd train; stages by name (stages.stage1.steps=0)'),
});

const detectorSchema = z.strictObject({
  longSide: z
    .int()
    .min(32)
    .max(8192)
    .optional()
    .describe('pixels; default: the config of a setting'),
  scoreFloor: z.number().min(0).max(1).optional().describe('least score kept; default 0.02'),
  maxDetections: z.int().min(1).optional().describe('boxes per picture; default 300'),
});

const protocolSchema = z.strictObject({
  name,
  title: label.optional(),
  protocol: z.enum(['fddb', 'mafa', 'wider', 'coco', 'occlusion']),
  data: label.describe('folder of the set or its label file, relative to data.root of the study'),
  options: z
    .record(z.string(), z.union([z.string(), z.boolean()]))
    .optional()
    .describe('options of the protocol by their camelCase names, e.g. {"iou": "0.45"}'),
  limit: z.int().min(1).optional().describe('only so many pictures, at even distances'),
  detector: detectorSchema.optional(),
  measures: z.array(label).min(1).describe('keys of the figures that tables show'),
  optional: z
    .boolean()
    .optional()
    .describe('data that may be missing: the report says so instead of failing rows'),
});

const paperFigures = z.strictObject({
  better: z.number().optional(),
  worse: z.number().optional(),
  difference: z.number().optional().describe('where the paper gives only that'),
  note: label.optional(),
});

const claimSchema = z.strictObject({
  name,
  where: label.describe('place in the paper, e.g. "Table 2"'),
  text: label.describe('what the paper says, in a sentence'),
  better: name.describe('setting that the paper has ahead'),
  worse: name,
  protocol: name,
  measure: label.describe('key of a figure of that protocol'),
  isLowerBetter: z.boolean().optional().describe('for errors; default false'),
  paper: paperFigures.optional(),
});

const settingNames = z.array(name).min(1);
const pictureSchema = z.union([
  label,
  z.strictObject({
    file: label.describe('from the root; npm:NAME/PATH: of an installed package'),
    faces: z
      .array(z.tuple([z.number(), z.number(), z.number(), z.number()]))
      .optional()
      .describe(
        'true faces as x1, y1, x2, y2: those that are missed are marked, boxes are judged by them',
      ),
    cover: z
      .array(z.enum(DRAWN_KINDS).nullable())
      .optional()
      .describe('what is painted over each of the faces; null: nothing'),
  }),
]);
const peerSchema = z.strictObject({ name: label, files: z.array(label).min(1) });

const figureSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    name,
    kind: z.literal('curves'),
    title: label,
    protocol: name,
    plot: label.describe('key of a plot of that protocol'),
    settings: settingNames,
    peers: z.array(peerSchema).optional().describe('result files of other detectors on that set'),
  }),
  z.strictObject({
    name,
    kind: z
      .enum(['features', 'masks', 'detections', 'side-by-side'])
      .describe('heat maps of features; masks of the generator; detections; two settings compared'),
    title: label,
    settings: settingNames,
    pictures: z.array(pictureSchema).min(1),
    longSide: z.int().min(32).optional(),
    score: z.number().min(0).max(1).optional().describe('least score shown; default 0.5'),
  }),
]);

const statisticsSchema = z.strictObject({
  bootstrap: z.int().min(1).optional().describe('samples of pictures; default 1000'),
  level: z.number().min(0.5).max(0.9999).optional().describe('default 0.95'),
  seed: z.int().min(0).optional().describe('default 0'),
});

/** A study as its file holds it (after `extends` was followed). Unknown keys are errors. */
export const studySchema = z.strictObject({
  name,
  title: label,
  about: z.array(label).optional().describe('paragraphs for the head of the report'),
  root: label
    .optional()
    .describe('folder that data, peers and pictures start from, relative to the study file'),
  base: differences.describe(
    'differences to a preset, as a config file; data.root defaults to root',
  ),
  initialWeights: label.nullish().describe('weights that stage 0 starts from (VGG16 or our own)'),
  seeds: z.array(z.int().min(0).max(0xffffffff)).min(1),
  settings: z.array(settingSchema).min(1),
  protocols: z.array(protocolSchema).min(1),
  claims: z.array(claimSchema),
  figures: z.array(figureSchema).optional(),
  untested: z
    .array(z.strictObject({ where: label, text: label, why: label }))
    .optional()
    .describe('what the paper says that this study cannot test'),
  statistics: statisticsSchema.optional(),
});

export type Study = z.infer<typeof studySchema>;
export type StudySetting = Study['settings'][number];
export type StudyProtocol = Study['protocols'][number];
export type StudyClaim = Study['claims'][number];
export type StudyFigure = NonNullable<Study['figures']>[number];
export type CurvesFigure = Extract<StudyFigure, { kind: 'curves' }>;
export type PictureFigure = Exclude<StudyFigure, { kind: 'curves' }>;
