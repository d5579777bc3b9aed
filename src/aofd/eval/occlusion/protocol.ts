/** `aofd eval occlusion`: what covers faces, as pixels, as shares, and as "is covered" or not. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { readDetectionsAsync } from '../detections/readers.js';
import { loadedSet, type AboutSet, type Scoring } from '../loaded-set.js';
import { numberOption, textOption } from '../options.js';
import type { EvalProtocol, EvalSet } from '../protocol.js';
import { loadMaskedImagesAsync } from './annotations.js';
import {
  judgeOcclusion,
  occlusionMeasures,
  pairedOcclusionMeasures,
  type JudgedOcclusion,
} from './judge.js';
import { occlusionEvaluation } from './report.js';
import type { OcclusionSet } from './set.js';

/** The protocol. */
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
    const images = await loadMaskedImagesAsync(root, split, options['real'] === true);
    if (images.length === 0) {
      throw new DataError('list-malformed', `no entry of split "${split}".`, {
        where: index,
        fix: 'use --split',
      });
    }
    const set = { name: `${basename(resolve(root))}/${split}`, images };
    const score = numberOption(options, 'score', 0.5, -Infinity, Infinity);
    return loadedSet(set, scoringOf(score), await aboutAsync(set, index));
  },
};

/** @param score least one of the detections whose masks count */
const scoringOf = (score: number): Scoring<OcclusionSet, JudgedOcclusion> => ({
  readDetectionsAsync: (files, { images }, name) => readDetectionsAsync(files, images, name),
  judge: (set, detections) => judgeOcclusion(set, detections, score),
  measures: occlusionMeasures,
  pairedMeasures: pairedOcclusionMeasures,
  evaluation: occlusionEvaluation,
  tellsMissing: true,
});

async function aboutAsync({ name, images }: OcclusionSet, index: string): Promise<AboutSet> {
  const pictures = await hashPicturesAsync(images);
  const masks = await hashPicturesAsync(images.map(({ mask }) => mask));
  const faces = images.reduce((sum, { boxes }) => sum + boxes.length / 4, 0);
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
