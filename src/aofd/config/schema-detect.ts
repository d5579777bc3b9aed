/** Settings of detection and of evaluation, as zod describes them. */
import * as z from 'zod';
import { rows, share } from './schema-model.js';

/** Calibration curves have some hundred. */
const knots = z.array(share).min(2).max(65536);

/** Height in input pixels below which a face is looked at closer; never without it. */
const lowFace = z.number().min(4).max(256).nullable().optional();

export const testSchema = z.strictObject({
  scoreThreshold: share,
  nmsIou: share,
  maxDetections: rows.describe('per image; ties with the last may exceed it'),
  boxVoting: share.describe(
    'a kept box becomes the score-weighted mean of all candidates that overlap it this much; 0 = off',
  ),
  proposalWeight: share
    .optional()
    .describe(
      'a: the score is head^(1 - a) * proposal^a of the face probabilities of head and RPN; default 0, the paper',
    ),
  decodeIn: z
    .enum(['original', 'input'])
    .describe(
      'pixels in which RoIs are inclusive boxes: original after division by the scale ' +
        '(docs/spec.md 1.14), or input, as the head was trained',
    ),
  occluderThreshold: share.describe('probability above which a pixel counts as covered'),
  largeFaceSize: z
    .number()
    .min(32)
    .max(4096)
    .nullable()
    .describe(
      'height of a face in input pixels that suits the network: where there are faces higher by a quarter, it ' +
        'looks again at the input shrunk towards it, for their boxes and for what covers them; null = never, ' +
        'the paper',
    ),
  closeMaskSize: z
    .int()
    .min(16)
    .max(1024)
    .multipleOf(16)
    .nullable()
    .optional()
    .describe(
      'what covers faces whose longer side is below this many input pixels is asked of a crop of twice the size ' +
        'around each, where the picture has more pixels than the input; default never',
    ),
  smallFaceSize: lowFace.describe(
    'where there are faces lower than this many input pixels and the picture has more pixels than the input ' +
      'shows, the network looks again at an input of up to 2.5 times the size; default never, the paper',
  ),
  crowdFaceSize: lowFace.describe(
    'where four or more likely faces are lower than this many input pixels, the closer look at small faces is taken ' +
      'at twice the size also where the picture has fewer pixels than that; default never, the paper',
  ),
  coveredShare: share.describe('a face counts as covered from this covered share of its box on'),
  calibration: z
    .strictObject({ scores: knots, probabilities: knots })
    .nullable()
    .describe(
      'knots of the rising curve from raw scores to probabilities (aofd calibrate); null = as they are',
    ),
});

export const evalSchema = z.strictObject({
  iou: share.describe('a detection is right at and above this overlap'),
  ap: z.enum(['all-point', '11-point']).describe('J24'),
  mafaIgnored: z.enum(['skip', 'false-positive']).describe('J22: type 3 in "w/o ignored"'),
  mafaSquare: z.enum(['max', 'mean', 'sqrt', 'width', 'none']).describe('J23: box to square'),
});
