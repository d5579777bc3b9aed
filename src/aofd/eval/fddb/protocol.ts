/**
 * `aofd eval fddb` (docs/spec.md 6.1): the official algorithm digit for digit, on result files or a
 * detector's boxes. Of the pictures only the sizes are needed.
 */
import { basename } from 'node:path';
import { sha256FileAsync, sha256Hex } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { loadedSet, type Scoring } from '../loaded-set.js';
import { textOption } from '../options.js';
import { evenlySpread } from '../partial.js';
import type { EvalProtocol, EvalSet, Fact, ProtocolOption, ProtocolOptions } from '../protocol.js';
import { loadFddbData, type FddbData } from './annotations.js';
import { readFddbFilesAsync, type FddbShape } from './detections.js';
import type { Solver } from './assignment.js';
import { WINDOWS_PI } from './ellipse.js';
import { fddbMeasures, judgeFddb, pairedFddbMeasures, type JudgedFddb } from './judge.js';
import type { BoxRule } from './overlaps.js';
import { readPublishedCurves } from './published.js';
import { fddbEvaluation } from './report.js';
import { facesOf, type FddbImage, type FddbSet, type ScoreRules } from './set.js';

const OPTIONS: readonly ProtocolOption[] = [
  {
    flags: '--allow-missing',
    description:
      'go on without pictures that are not there; recall is given of all faces and of theirs',
  },
  {
    flags: '--annotations <list>',
    description: '"original" (the folds of the data folder), or another ellipse list',
    default: 'original',
  },
  {
    flags: '--image-sizes <file>',
    description: 'sizes of pictures: JSON {name: [height, width]} or lines',
  },
  {
    flags: '--image-root <dir>',
    description: 'folder of the pictures, default originalPics or images',
  },
  {
    flags: '--shape <kind>',
    description: 'what detection lines hold: told by their columns, or given',
    choices: ['auto', 'rectangle', 'ellipse'],
    default: 'auto',
  },
  { flags: '--no-clip', description: 'do not cut regions at the border (the official tool cuts)' },
  {
    flags: '--box-convention <rule>',
    description:
      'pixels of a box: both corners (official), right and bottom edge left out, or one added',
    choices: ['official', 'exclusive', 'plus-one'],
    default: 'official',
  },
  {
    flags: '--angle-pi <value>',
    description: 'pi of the ellipse angles: exact, or 3.14156 as in Windows builds of the tool',
    choices: ['exact', 'windows'],
    default: 'exact',
  },
  {
    flags: '--solver <kind>',
    description:
      "matching: the greatest sum of IoU, or the official tool's own steps, which miss it in crowded pictures",
    choices: ['optimal', 'official'],
    default: 'optimal',
  },
];

/** The FDDB protocol. */
export const fddbProtocol: EvalProtocol = {
  name: 'fddb',
  summary: 'FDDB: discrete and continuous ROC by the official algorithm',
  options: OPTIONS,
  needsMasks: false,
  loadAsync: loadFddbSetAsync,
};

/** @throws DataError on lists that cannot be read, or missing pictures that are not allowed */
async function loadFddbSetAsync(data: string, options: ProtocolOptions): Promise<EvalSet> {
  const given = textOption(options, 'annotations') ?? 'original';
  const annotations = given === 'original' ? undefined : given;
  const found = loadFddbData({
    data,
    annotations,
    imageRoot: textOption(options, 'imageRoot'),
    sizes: textOption(options, 'imageSizes'),
  });
  const { images, curvesFolder } = found;
  const rules: ScoreRules = {
    isClipped: options['clip'] !== false,
    boxes: (textOption(options, 'boxConvention') ?? 'official') as BoxRule,
    pi: textOption(options, 'anglePi') === 'windows' ? WINDOWS_PI : Math.PI,
    solver: (textOption(options, 'solver') ?? 'optimal') as Solver,
  };
  const lacking = rules.isClipped ? images.filter(({ size }) => size === null) : [];
  if (lacking.length > 0 && options['allowMissing'] !== true) {
    throw missingError(data, images, lacking);
  }
  const set: FddbSet = {
    name: annotations === undefined ? 'FDDB' : `FDDB (${basename(annotations)})`,
    images,
    rules,
    published: curvesFolder ? readPublishedCurves(curvesFolder) : [],
  };
  const shape = textOption(options, 'shape') ?? 'auto';
  return loadedSet(set, scoringOf(shape === 'auto' ? undefined : (shape as FddbShape)), {
    facts: await setFactsAsync(found, set),
    warnings: setWarnings(images, lacking),
  });
}

const scoringOf = (shape: FddbShape | undefined): Scoring<FddbSet, JudgedFddb> => ({
  readDetectionsAsync: (files, { images }, name) => readFddbFilesAsync(files, images, name, shape),
  judge: judgeFddb,
  // Matching takes about as long as the resampling of all figures.
  judgingShare: 0.5,
  measures: fddbMeasures,
  pairedMeasures: pairedFddbMeasures,
  evaluation: fddbEvaluation,
  cut: (set, count) => ({ ...set, images: evenlySpread(set.images, count), published: [] }),
  tellsMissing: true,
});

function missingError(
  data: string,
  images: readonly FddbImage[],
  lacking: readonly FddbImage[],
): DataError {
  return new DataError(
    'file-missing',
    `${lacking.length} of ${images.length} pictures (${facesOf(lacking)} of ` +
      `${facesOf(images)} faces) are neither here nor is their size known (first: ` +
      `${lacking[0]!.name}); regions are cut at the border of the picture.`,
    {
      where: data,
      fix:
        'add the pictures, give their sizes with --image-sizes, or go on without them with ' +
        '--allow-missing (the effect is then printed)',
    },
  );
}

function setWarnings(images: readonly FddbImage[], lacking: readonly FddbImage[]): string[] {
  const warnings: string[] = [];
  const [all, gone] = [facesOf(images), facesOf(lacking)];
  if (lacking.length > 0) {
    warnings.push(
      `${lacking.length} of ${images.length} pictures with ${gone} of ${all} faces are missing. ` +
        `Recall of all faces cannot exceed ${((all - gone) / all).toFixed(6)}; recall of the ` +
        `${all - gone} faces of present pictures is given beside it.`,
    );
  }
  const unseen = images.filter((entry) => entry.file === null && entry.size !== null);
  if (unseen.length > 0 && unseen.length < images.length) {
    warnings.push(
      `${unseen.length} pictures (${facesOf(unseen)} faces) are not here, though their size is ` +
        'known: results of others are scored on them, a detector cannot be run on them.',
    );
  }
  return warnings;
}

async function setFactsAsync(data: FddbData, set: FddbSet): Promise<Fact[]> {
  const { images, rules, published } = set;
  const hashes = await Promise.all(data.labelFiles.map((file) => sha256FileAsync(file)));
  const [hash] = hashes;
  const sizes = images.map((e) => `${e.name} ${e.size?.width ?? '-'} ${e.size?.height ?? '-'}\n`);
  const boxes: Readonly<Record<BoxRule, string>> = {
    official: 'round(left) to round(left + width), both pixels included; rows alike',
    exclusive: 'round(left) to the pixel before round(right); rows alike (not the official rule)',
    'plus-one': 'round(left) to round(left + width + 1), both included (not the official rule)',
  };
  return [
    { name: 'pictures listed', value: `${images.length} with ${facesOf(images)} faces` },
    pictureHashFact(await hashPicturesAsync(images)),
    {
      name: 'labels',
      value:
        hashes.length === 1
          ? `${basename(data.labelFiles[0]!)}, SHA-256 ${hash}`
          : `${hashes.length} ellipse lists, SHA-256 of their list of hashes ` +
            sha256Hex(hashes.map((h) => `${h}\n`).join('')),
    },
    {
      name: 'picture sizes',
      value: `${data.sizeSources.join(', ') || 'none'}; SHA-256 ${sha256Hex(sizes.join(''))}`,
    },
    {
      name: 'regions',
      value:
        'pixel masks; ellipses as OpenCV fills them, centre rounded, radii cut to whole pixels, ' +
        `angle in whole degrees${rules.pi === WINDOWS_PI ? ' (pi = 3.14156)' : ''}; ` +
        (rules.isClipped ? 'cut at the border of the picture' : 'not cut at the border'),
    },
    { name: 'boxes', value: boxes[rules.boxes ?? 'official'] },
    {
      name: 'matching',
      value:
        (rules.solver === 'official'
          ? "one to one, by the official tool's own steps (not always the greatest sum of IoU)"
          : 'one to one, greatest sum of IoU (Hungarian)') +
        ', anew at every score of a picture; right above IoU 0.5; continuous: sum of IoU of all pairs',
    },
    {
      name: 'figures',
      value:
        'recall: the highest with at most so many false positives, over all folds together, no ' +
        'interpolation; a curve that ends earlier gives its last value',
    },
    {
      name: 'published curves',
      value: published.length > 0 ? `${published.length} files` : 'none at hand',
    },
  ];
}
