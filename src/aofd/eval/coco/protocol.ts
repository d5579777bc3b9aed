/** `aofd eval coco`: face detection in COCO's way, in all and by what covers the faces. */
import { basename } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { readDetectionsAsync } from '../detections/readers.js';
import { loadedSet, type AboutSet, type Scoring } from '../loaded-set.js';
import { numberOption, textOption } from '../options.js';
import type { EvalProtocol, EvalSet } from '../protocol.js';
import { loadAnnotations } from './annotations.js';
import {
  cocoMeasures,
  judgeCoco,
  pairedCocoMeasures,
  type CocoChoices,
  type JudgedCoco,
} from './judge.js';
import { cocoEvaluation } from './report.js';
import type { LabelledSet } from './set.js';

/** The protocol. */
export const cocoProtocol: EvalProtocol = {
  name: 'coco',
  summary: 'COCO-style AP and AR, face AP by what covers the faces (COCO json, WIDER-style text)',
  options: [
    {
      flags: '--annotations <file>',
      description:
        'label file (default: val.json, annotations.json, ... or *val_bbx_gt.txt in DIR)',
    },
    {
      flags: '--images <folder>',
      description: 'folder of the pictures (default: that of the label file, or images/ beside it)',
    },
    { flags: '--iou <threshold>', description: 'IoU of a found face, for face AP', default: '0.5' },
    {
      flags: '--score <threshold>',
      description: 'score of the working point in the table of faces',
      default: '0.5',
    },
    {
      flags: '--ignore-flags <which>',
      description:
        'flags of COCO json that make a face ignored; iscrowd alone is what pycocotools does',
      choices: ['all', 'iscrowd'],
      default: 'all',
    },
    {
      flags: '--ignore-below <px>',
      description:
        'ignore faces whose shorter side is below (default: 0 for COCO json, 10 for text lists)',
    },
  ],
  needsMasks: false,
  async loadAsync(data, options): Promise<EvalSet> {
    const ignoreFlags = textOption(options, 'ignoreFlags') === 'iscrowd' ? 'iscrowd' : 'all';
    const annotations = textOption(options, 'annotations');
    const images = textOption(options, 'images');
    const isTextList = (annotations ?? data).endsWith('.txt');
    const load = (ignoreBelow: number): LabelledSet =>
      loadAnnotations(data, {
        ignoreFlags,
        ignoreBelow,
        annotations,
        images,
      });
    let ignoreBelow = numberOption(options, 'ignoreBelow', isTextList ? 10 : 0, 0, 1e5);
    let set = load(ignoreBelow);
    if (options['ignoreBelow'] === undefined && !isTextList && set.labelFile.endsWith('.txt')) {
      set = load((ignoreBelow = 10));
    }
    if (set.images.length === 0) {
      throw new DataError('list-malformed', 'lists no picture.', {
        where: set.labelFile,
        fix: 'check the file',
      });
    }
    const iou = numberOption(options, 'iou', 0.5, 0.05, 1);
    const score = numberOption(options, 'score', 0.5, -Infinity, Infinity);
    const scoring = scoringOf({ iou, score, ignoreFlags });
    return loadedSet(set, scoring, await aboutAsync(set, ignoreBelow));
  },
};

const scoringOf = (choices: CocoChoices): Scoring<LabelledSet, JudgedCoco> => ({
  readDetectionsAsync: (files, { images }, name) =>
    readDetectionsAsync(files, images, name, {
      imageIds: new Map(images.map((image) => [image.id, image.name])),
    }),
  judge: (set, detections) => judgeCoco(set, detections, choices),
  measures: cocoMeasures,
  pairedMeasures: pairedCocoMeasures,
  evaluation: cocoEvaluation,
  tellsMissing: true,
});

async function aboutAsync(set: LabelledSet, ignoreBelow: number): Promise<AboutSet> {
  const truths = set.images.flatMap((image) => image.truths);
  const hash = await hashPicturesAsync(set.images);
  const perCategory = [...set.categories].map(([id, name]) => {
    const own = truths.filter((truth) => truth.category === id);
    return `${own.filter((truth) => !truth.isIgnored).length} ${name}`;
  });
  const counting = truths.filter((truth) => !truth.isIgnored).length;
  return {
    facts: [
      { name: 'data set', value: set.name },
      {
        name: 'label file',
        value: `${basename(set.labelFile)}, SHA-256 ${await sha256FileAsync(set.labelFile)}`,
      },
      {
        name: 'faces',
        value:
          `${counting} that count in ${set.images.length} pictures` +
          (perCategory.length > 1 ? ` (${perCategory.join(', ')})` : '') +
          `, ${truths.length - counting} ignored` +
          (ignoreBelow > 0 ? ` (shorter side below ${ignoreBelow} px, or flagged)` : ''),
      },
      pictureHashFact(hash),
    ],
    warnings: [
      ...set.warnings,
      ...(hash.missing.length > 0
        ? [
            `${hash.missing.length} of ${set.images.length} pictures are not at hand (first: ` +
              `${hash.missing[0]}); detections of them are judged, crops cannot be shown.`,
          ]
        : []),
    ],
  };
}
