/** COCO-style evaluation of face detectors, in all and by what covers the faces. */
import { basename } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { loadAnnotations, type LabelledSet } from './annotations.js';
import { curvePlot, findingsOf, scoreAtFalsePositives, viewsOf } from './faces.js';
import { FALSE_PER_IMAGE, judgeAll, measuresOf, pairedMeasuresOf } from './judge.js';
import {
  categoryTable,
  cocoTable,
  heightTable,
  protocolFacts,
  sweepTable,
  viewTable,
} from './report.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { differencesOf, headlinesOf } from '../statistics/measures.js';
import { numberOption, textOption } from '../options.js';
import type {
  DetectionSet,
  EvalProtocol,
  EvalSet,
  Evaluation,
  EvaluateSettings,
  Fact,
} from '../protocol.js';
import { evenlySpread, markPartial } from '../detections/partial.js';
import { readDetectionsAsync } from '../detections/readers.js';

interface CocoProtocolSettings {
  iou: number;
  score: number;
  ignoreFlags: 'all' | 'iscrowd';
}

/** `aofd eval coco`. */
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
        ...(annotations === undefined ? {} : { annotations }),
        ...(images === undefined ? {} : { images }),
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
    const settings = {
      iou: numberOption(options, 'iou', 0.5, 0.05, 1),
      score: numberOption(
        options,
        'score',
        0.5,
        Number.NEGATIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      ),
      ignoreFlags,
    } as const;
    return new CocoSet(set, settings, await aboutAsync(set, ignoreBelow));
  },
};

async function aboutAsync(
  set: LabelledSet,
  ignoreBelow: number,
): Promise<{ facts: Fact[]; warnings: string[] }> {
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

class CocoSet implements EvalSet {
  readonly name: string;
  readonly images: EvalSet['images'];
  readonly facts: readonly Fact[];
  readonly warnings: readonly string[];
  readonly tellsMissing = true;
  private readonly views;

  constructor(
    private readonly set: LabelledSet,
    private readonly settings: CocoProtocolSettings,
    about: { facts: Fact[]; warnings: string[] },
    /** The set before it was cut: result files may name any of its pictures. */
    private readonly whole: LabelledSet = set,
  ) {
    this.name = set.name;
    this.images = set.images;
    this.facts = about.facts;
    this.warnings = about.warnings;
    this.views = viewsOf(set.categories);
  }

  readDetectionsAsync(files: readonly string[], name: string): Promise<DetectionSet> {
    const { images } = this.whole;
    const imageIds = new Map(images.map((image) => [image.id, image.name]));
    return readDetectionsAsync(files, images, name, { imageIds });
  }

  take(count: number): EvalSet {
    const images = evenlySpread(this.set.images, count);
    const about = markPartial({ ...this, total: this.set.images.length }, images.length);
    return new CocoSet({ ...this.set, name: about.name, images }, this.settings, about, this.whole);
  }

  evaluate(detections: DetectionSet, settings: EvaluateSettings): Evaluation {
    const { set, views } = this;
    const { iou, score } = this.settings;
    const judged = judgeAll(set, detections, views, iou);
    const [all] = judged.views;
    const categories = categoryTable(set, judged);
    const ones = new Float64Array(set.images.length).fill(1);
    const working = scoreAtFalsePositives(all!.records, ones, FALSE_PER_IMAGE);
    return {
      headlines: headlinesOf(measuresOf(judged, iou), set.images.length, settings),
      tables: [
        viewTable(judged, iou, score),
        cocoTable(judged.faceCells, 'COCO figures, all categories as one'),
        ...(judged.categoryCells && set.categories.size > 1
          ? [cocoTable(judged.categoryCells, 'COCO figures, mean of categories')]
          : []),
        ...(categories ? [categories] : []),
        heightTable(judged),
        sweepTable(set, judged, views),
      ],
      plots: judged.views.map((view) => curvePlot(view, detections.name, iou)),
      facts: protocolFacts(set, detections, this.settings),
      warnings: detections.warnings,
      findings: findingsOf(set, detections, all!, working),
      files: [],
    };
  }

  compare(
    a: DetectionSet,
    b: DetectionSet,
    settings: EvaluateSettings,
  ): ReturnType<EvalSet['compare']> {
    const { iou } = this.settings;
    const [judgedA, judgedB] = [a, b].map((d) => judgeAll(this.set, d, this.views, iou));
    return differencesOf(
      pairedMeasuresOf(judgedA!, judgedB!, iou),
      this.set.images.length,
      settings,
    );
  }
}
