/** Evaluation of what covers faces: pixels, covered shares, and whether a face is covered. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { decodeMaskPng } from '../../data/files/decode.js';
import { DataError } from '../../errors.js';
import { loadOcclusionSeg } from '../../data/sets/occlusion-seg.js';
import type { Sample } from '../../data/sample.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { differencesOf, headlinesOf } from '../statistics/measures.js';
import {
  COVERED_SHARE,
  judgeOcclusion,
  occlusionMeasures,
  pairedOcclusionMeasures,
  type MaskedImage,
} from './judge.js';
import {
  coveredTable,
  faceIouTable,
  occlusionFindings,
  occlusionPlots,
  pixelTable,
  reliabilityTable,
  scoreTable,
  shareTable,
} from './report.js';
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

/** `aofd eval occlusion`. */
export const occlusionProtocol: EvalProtocol = {
  name: 'occlusion',
  summary: 'pixel IoU of the occluder class, error of covered shares, reliability of "is covered"',
  options: [
    {
      flags: '--split <name>',
      description: 'which part of the set',
      choices: ['test', 'train', 'all'],
      default: 'test',
    },
    { flags: '--real', description: 'leave out pictures with masks drawn in by a program' },
    {
      flags: '--score <threshold>',
      description: 'least score of the detections whose masks count',
      default: '0.5',
    },
  ],
  needsMasks: true,
  async loadAsync(data, options): Promise<EvalSet> {
    const split = textOption(options, 'split') ?? 'test';
    if (split !== 'test' && split !== 'train' && split !== 'all') {
      throw new DataError('option-invalid', `got "${split}".`, {
        where: '--split',
        fix: 'use test, train or all',
      });
    }
    const isFile = statSync(data, { throwIfNoEntry: false })?.isFile() ?? false;
    const root = isFile ? dirname(data) : data;
    const index = join(root, 'index.json');
    if (!existsSync(index)) {
      throw new DataError('file-missing', `there is no ${index}.`, {
        where: data,
        fix: 'name the folder with index.json, images/ and masks/',
      });
    }
    const real = loadOcclusionSeg(root, { split, synthetic: false });
    const realIds = new Set(real.map((sample) => sample.id));
    const samples = options['real'] === true ? real : loadOcclusionSeg(root, { split });
    if (samples.length === 0) {
      throw new DataError('list-malformed', `no entry of split "${split}".`, {
        where: index,
        fix: 'use --split',
      });
    }
    const images: MaskedImage[] = [];
    for (const sample of samples) images.push(await maskedImageAsync(sample, realIds));
    const score = numberOption(
      options,
      'score',
      0.5,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    );
    const name = `${basename(resolve(root))}/${split}`;
    return new OcclusionSet(name, images, score, await aboutAsync(name, index, samples, images));
  },
};

async function maskedImageAsync(
  sample: Sample,
  realIds: ReadonlySet<string>,
): Promise<MaskedImage> {
  const maskFile = sample.segmentation?.maskFile as string;
  const { width, height, data } = await decodeMaskPng(maskFile);
  if (width !== sample.width || height !== sample.height) {
    throw new DataError(
      'list-malformed',
      `the mask is ${width}x${height}, the picture ${sample.width}x${sample.height}.`,
      { where: maskFile, fix: 'masks must have the size of their picture' },
    );
  }
  return {
    name: `images/${basename(sample.file)}`,
    file: existsSync(sample.file) ? sample.file : null,
    width,
    height,
    labels: data,
    boxes: Float64Array.from(sample.faces.flatMap((face) => [...face.box])),
    isSynthetic: !realIds.has(sample.id),
  };
}

interface About {
  facts: readonly Fact[];
  warnings: readonly string[];
}

async function aboutAsync(
  name: string,
  index: string,
  samples: readonly Sample[],
  images: readonly MaskedImage[],
): Promise<About> {
  const pictures = await hashPicturesAsync(images);
  const masks = await hashPicturesAsync(
    samples.map((sample) => ({
      name: `masks/${sample.id}.png`,
      file: sample.segmentation?.maskFile ?? null,
    })),
  );
  const faces = samples.reduce((sum, sample) => sum + sample.faces.length, 0);
  const synthetic = images.filter((image) => image.isSynthetic).length;
  return {
    facts: [
      { name: 'data set', value: name },
      {
        name: 'label file',
        value: `${basename(index)}, SHA-256 ${await sha256FileAsync(index)}`,
      },
      {
        name: 'faces',
        value: `${faces} in ${images.length} pictures, ${synthetic} of them with masks drawn in`,
      },
      pictureHashFact(pictures),
      { name: 'masks', value: pictureHashFact(masks).value },
    ],
    warnings:
      pictures.missing.length > 0
        ? [`${pictures.missing.length} of ${images.length} pictures are not at hand.`]
        : [],
  };
}

class OcclusionSet implements EvalSet {
  readonly facts: readonly Fact[];
  readonly warnings: readonly string[];
  readonly tellsMissing = true;

  constructor(
    readonly name: string,
    readonly images: readonly MaskedImage[],
    private readonly score: number,
    about: About,
    /** The images before the set was cut: result files may name any of them. */
    private readonly whole: readonly MaskedImage[] = images,
  ) {
    this.facts = about.facts;
    this.warnings = about.warnings;
  }

  take(count: number): EvalSet {
    const images = evenlySpread(this.images, count);
    const about = markPartial({ ...this, total: this.images.length }, images.length);
    return new OcclusionSet(about.name, images, this.score, about, this.whole);
  }

  readDetectionsAsync(files: readonly string[], name: string): Promise<DetectionSet> {
    return readDetectionsAsync(files, this.whole, name);
  }

  evaluate(detections: DetectionSet, settings: EvaluateSettings): Evaluation {
    const { images, score } = this;
    const judged = judgeOcclusion(images, detections, score);
    const found = judged.faces.filter((face) => face.isFound).length;
    return {
      headlines: headlinesOf(occlusionMeasures(judged), images.length, settings),
      tables: [
        ...(judged.hasMasks ? [pixelTable(images, judged), faceIouTable(judged)] : []),
        shareTable(judged),
        coveredTable(judged),
        reliabilityTable(judged),
        scoreTable(images, detections, score),
      ],
      plots: occlusionPlots(judged, detections.name).filter(
        (plot) => judged.hasMasks || plot.key !== 'face-iou',
      ),
      facts: protocolFacts(score, judged.hasMasks, found, judged.faces.length),
      warnings: [
        ...detections.warnings,
        ...(judged.hasMasks
          ? []
          : ['The detections tell covered shares but no pixels: pixel figures are left out.']),
      ],
      findings: occlusionFindings(images, judged),
      files: [],
    };
  }

  compare(
    a: DetectionSet,
    b: DetectionSet,
    settings: EvaluateSettings,
  ): ReturnType<EvalSet['compare']> {
    return differencesOf(
      pairedOcclusionMeasures(
        judgeOcclusion(this.images, a, this.score),
        judgeOcclusion(this.images, b, this.score),
      ),
      this.images.length,
      settings,
    );
  }
}

function protocolFacts(score: number, hasMasks: boolean, found: number, faces: number): Fact[] {
  return [
    {
      name: 'pixels',
      value:
        `the masks of all detections with score at least ${score}, painted into the picture (end to ` +
        'end: a face that is not found is called clear), against the labels, over the pixels inside ' +
        'the true boxes, each pixel once, summed over the set',
    },
    { name: 'box convention', value: 'true boxes with inclusive corners; detections continuous' },
    {
      name: 'covered share',
      value: hasMasks
        ? 'covered pixels over all pixels of the true box, labels and painted masks alike'
        : 'as told by the best detection with an IoU of at least 0.5, 0 where there is none',
    },
    { name: 'is covered', value: `true share above ${COVERED_SHARE} (headline, ROC, curves)` },
    { name: 'faces found', value: `${found} of ${faces} by a detection with an IoU of 0.5` },
  ];
}
