/** `aofd eval mafa`: the paper's protocol on MAFA, with everything that it leaves open as options. */
import { basename, dirname, join } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { findFile, findFolder, isFolder } from '../detections/find-file.js';
import { loadedSet, type Scoring } from '../loaded-set.js';
import { numberOption, textOption } from '../options.js';
import type { EvalProtocol, EvalSet, Fact, ProtocolOptions } from '../protocol.js';
import type { ApMode } from '../statistics/ap.js';
import { MAFA_PICTURES, readMafaAsync } from './annotations.js';
import { readMafaDetectionsAsync } from './detections.js';
import {
  judgeMafa,
  mafaMeasures,
  pairedMafaMeasures,
  type JudgedMafa,
  type MafaChoices,
} from './judge.js';
import { SQUARE_RULES, type SquareRule } from './match.js';
import { mafaEvaluation } from './report.js';
import { MAFA_TYPES, type MafaSet } from './set.js';

const LABEL_FILES = { test: 'LabelTestAll.mat', train: 'LabelTrainAll.mat' } as const;
const AP_RULES: readonly ApMode[] = ['all-point', '11-point'];

/** The protocol; see `match.ts` for the settings. */
export const mafaProtocol: EvalProtocol = {
  name: 'mafa',
  summary:
    'MAFA: AP of squares over all, masked, and not ignored faces, with the sensitivity to the choices the paper leaves open',
  options: [
    {
      flags: '--split <split>',
      description: 'which label file of the folder',
      choices: ['test', 'train'],
      default: 'test',
    },
    {
      flags: '--square <rule>',
      description: 'side of the square that a rectangle becomes (centre kept)',
      choices: SQUARE_RULES,
      default: 'max',
    },
    { flags: '--iou <threshold>', description: 'least IoU of a right detection', default: '0.5' },
    {
      flags: '--ap <rule>',
      description: 'how precision is averaged over recall',
      choices: AP_RULES,
      default: 'all-point',
    },
    { flags: '--images <folder>', description: 'folder of the pictures, if not in a usual place' },
  ],
  needsMasks: false,
  async loadAsync(data, options): Promise<EvalSet> {
    const choices = choicesOf(options);
    const split = oneOf(options, 'split', ['test', 'train'] as const);
    const isFile = /\.mat$/i.test(data);
    const folder = isFile ? dirname(data) : data;
    const label = isFile ? data : findFile(folder, LABEL_FILES[split]);
    if (!label) {
      throw new DataError(
        'file-missing',
        `${LABEL_FILES[split]} is not in this folder or three levels below.`,
        {
          where: data,
          fix: 'unpack the labels of MAFA there, or give the label file itself as --data',
        },
      );
    }
    const { set, warnings } = await readMafaAsync(label, picturesOf(folder, label, options));
    return loadedSet(set, scoringOf(choices), { facts: await factsAsync(set, label), warnings });
  },
};

const scoringOf = (choices: MafaChoices): Scoring<MafaSet, JudgedMafa> => ({
  readDetectionsAsync: (files, { images }, name) => readMafaDetectionsAsync(files, images, name),
  judge: (set, detections) => judgeMafa(set, detections, choices),
  measures: mafaMeasures,
  pairedMeasures: pairedMafaMeasures,
  evaluation: mafaEvaluation,
  tellsMissing: false,
});

function picturesOf(folder: string, label: string, options: ProtocolOptions): string | null {
  const named = textOption(options, 'images');
  if (named !== undefined) return isFolder(named) ? named : join(folder, named);
  const split = basename(label) === LABEL_FILES.train ? 'train' : 'test';
  return findFolder(folder, MAFA_PICTURES[split]);
}

function choicesOf(options: ProtocolOptions): MafaChoices {
  const iou = numberOption(options, 'iou', 0.5, 0.01, 1);
  const square = oneOf<SquareRule>(options, 'square', SQUARE_RULES);
  return { iou, square, ap: oneOf(options, 'ap', AP_RULES) };
}

/** A choice; the first one by default. */
function oneOf<T extends string>(options: ProtocolOptions, name: string, known: readonly T[]): T {
  const given = options[name] ?? known[0];
  const found = known.find((value) => value === given);
  if (found !== undefined) return found;
  throw new DataError('option-invalid', `"${String(given)}" is not known.`, {
    where: `--${name}`,
    fix: `give one of ${known.join(', ')}`,
  });
}

async function factsAsync(set: MafaSet, label: string): Promise<Fact[]> {
  const counts = MAFA_TYPES.map((name, t) => {
    const count = set.images.reduce(
      (sum, { types }) => sum + types.filter((type) => type === t + 1).length,
      0,
    );
    return `${count} of type ${name}`;
  });
  const faces = set.images.reduce((sum, { types }) => sum + types.length, 0);
  return [
    {
      name: 'set',
      value: `${set.name}: ${set.images.length} images, ${faces} faces (${counts.join(', ')})`,
    },
    { name: 'labels', value: `${basename(label)}, SHA-256 ${await sha256FileAsync(label)}` },
    pictureHashFact(await hashPicturesAsync(set.images)),
  ];
}
