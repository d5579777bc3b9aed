/**
 * FDDB (docs/spec.md 6.1): the official algorithm digit for digit, from the published result files or a
 * detector's boxes. Pictures are only looked at for their sizes.
 */
import { basename } from 'node:path';
import { sha256FileAsync, sha256Hex } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { WINDOWS_PI, type BoxRule } from './index.js';
import { DetectionCollector } from '../detections/collect.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { readPublishedCurves } from './curves.js';
import { loadFddbData, type FddbData, type FddbEntry } from './annotations.js';
import { readFddbDetections, type FddbShape } from './detections.js';
import type { ScoreRules } from './judge.js';
import { FddbScorer } from './set.js';
import { evenlySpread, markPartial } from '../detections/partial.js';
import type {
  DetectionSet,
  EvalImage,
  EvalProtocol,
  EvalSet,
  Fact,
  ProtocolOption,
  ProtocolOptions,
} from '../protocol.js';
import { readDetectionsAsync, sharedFormatOf } from '../detections/readers.js';

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
];

/** The FDDB protocol. */
export const fddbProtocol: EvalProtocol = {
  name: 'fddb',
  summary: 'FDDB: discrete and continuous ROC by the official algorithm',
  options: OPTIONS,
  needsMasks: false,
  loadAsync: loadFddbSetAsync,
};

export { fddbProtocol as fddb };

/** @throws DataError on lists that cannot be read, or missing pictures that are not allowed */
async function loadFddbSetAsync(data: string, options: ProtocolOptions): Promise<EvalSet> {
  const text = (name: string): string | undefined =>
    typeof options[name] === 'string' ? options[name] : undefined;
  const annotations = text('annotations');
  const found = loadFddbData({
    data,
    ...(annotations !== undefined && annotations !== 'original' ? { annotations } : {}),
    ...(text('imageRoot') !== undefined ? { imageRoot: text('imageRoot')! } : {}),
    ...(text('imageSizes') !== undefined ? { sizes: text('imageSizes')! } : {}),
  });
  const rules: ScoreRules = {
    isClipped: options['clip'] !== false,
    boxes: (text('boxConvention') ?? 'official') as BoxRule,
    pi: text('anglePi') === 'windows' ? WINDOWS_PI : Math.PI,
  };
  const lacking = rules.isClipped ? found.entries.filter((entry) => entry.size === null) : [];
  if (lacking.length > 0 && options['allowMissing'] !== true) {
    throw missingError(data, found.entries, lacking);
  }
  const published = found.curvesFolder ? readPublishedCurves(found.curvesFolder) : [];
  const shape = text('shape');
  return fddbSetOf(found.entries, {
    name: annotations && annotations !== 'original' ? `FDDB (${basename(annotations)})` : 'FDDB',
    facts: await setFactsAsync(found, rules, published.length),
    warnings: setWarnings(found.entries, lacking),
    ...{ whole: found.entries, rules, published },
    shape: shape === 'auto' ? undefined : (shape as FddbShape),
  });
}

interface FddbParts {
  name: string;
  facts: readonly Fact[];
  warnings: readonly string[];
  /** The pictures before the set was cut: result files may name any of them. */
  whole: readonly FddbEntry[];
  rules: ScoreRules;
  /** Of the whole set. */
  published: ReturnType<typeof readPublishedCurves>;
  shape: FddbShape | undefined;
}

function fddbSetOf(entries: readonly FddbEntry[], parts: FddbParts): EvalSet {
  const { name, facts, warnings, whole, rules, shape } = parts;
  const scored = entries.map(({ file, ...entry }) => ({ ...entry, hasPicture: file !== null }));
  const scorer = new FddbScorer(scored, rules, parts.published);
  return {
    ...{ name, facts, warnings },
    images: imagesOf(entries),
    tellsMissing: true,
    readDetectionsAsync: (files, name) => readFilesAsync(files, imagesOf(whole), name, shape),
    take(count) {
      const taken = evenlySpread(entries, count);
      const part = markPartial({ ...parts, total: entries.length }, taken.length);
      return fddbSetOf(taken, { ...parts, ...part, published: [] });
    },
    evaluate: (set, settings) => scorer.evaluate(set, settings),
    compare: (a, b, settings) => scorer.compare(a, b, settings),
  };
}

const imagesOf = (entries: readonly FddbEntry[]): EvalImage[] =>
  entries.map(({ name, file }) => ({ name, file }));

const facesOf = (entries: readonly FddbEntry[]): number =>
  entries.reduce((sum, entry) => sum + entry.ellipses.length, 0);

function missingError(
  data: string,
  entries: readonly FddbEntry[],
  lacking: readonly FddbEntry[],
): DataError {
  return new DataError(
    'file-missing',
    `${lacking.length} of ${entries.length} pictures (${facesOf(lacking)} of ` +
      `${facesOf(entries)} faces) are neither here nor is their size known (first: ` +
      `${lacking[0]!.name}); regions are cut at the border of the picture.`,
    {
      where: data,
      fix:
        'add the pictures, give their sizes with --image-sizes, or go on without them with ' +
        '--allow-missing (the effect is then printed)',
    },
  );
}

function setWarnings(entries: readonly FddbEntry[], lacking: readonly FddbEntry[]): string[] {
  const warnings: string[] = [];
  const [all, gone] = [facesOf(entries), facesOf(lacking)];
  if (lacking.length > 0) {
    warnings.push(
      `${lacking.length} of ${entries.length} pictures with ${gone} of ${all} faces are missing. ` +
        `Recall of all faces cannot exceed ${((all - gone) / all).toFixed(6)}; recall of the ` +
        `${all - gone} faces of present pictures is given beside it.`,
    );
  }
  const unseen = entries.filter((entry) => entry.file === null && entry.size !== null);
  if (unseen.length > 0 && unseen.length < entries.length) {
    warnings.push(
      `${unseen.length} pictures (${facesOf(unseen)} faces) are not here, though their size is ` +
        'known: results of others are scored on them, a detector cannot be run on them.',
    );
  }
  return warnings;
}

async function setFactsAsync(data: FddbData, rules: ScoreRules, curves: number): Promise<Fact[]> {
  const { entries } = data;
  const hashes = await Promise.all(data.labelFiles.map((file) => sha256FileAsync(file)));
  const [hash] = hashes;
  const sizes = entries.map((e) => `${e.name} ${e.size?.width ?? '-'} ${e.size?.height ?? '-'}\n`);
  const boxes: Readonly<Record<BoxRule, string>> = {
    official: 'round(left) to round(left + width), both pixels included; rows alike',
    exclusive: 'round(left) to the pixel before round(right); rows alike (not the official rule)',
    'plus-one': 'round(left) to round(left + width + 1), both included (not the official rule)',
  };
  return [
    { name: 'pictures listed', value: `${entries.length} with ${facesOf(entries)} faces` },
    pictureHashFact(await hashPicturesAsync(imagesOf(entries))),
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
        'one to one, greatest sum of IoU (Hungarian), anew at every score of a picture; right above ' +
        'IoU 0.5; continuous: sum of IoU of all pairs',
    },
    {
      name: 'figures',
      value:
        'recall: the highest with at most so many false positives, over all folds together, no ' +
        'interpolation; a curve that ends earlier gives its last value',
    },
    { name: 'published curves', value: curves > 0 ? `${curves} files` : 'none at hand' },
  ];
}

/** Fold output files together, or files of the shared formats together. */
async function readFilesAsync(
  files: readonly string[],
  images: readonly EvalImage[],
  name: string,
  shape: FddbShape | undefined,
): Promise<DetectionSet> {
  const shared = files.filter((file) => sharedFormatOf(file) !== null);
  if (shared.length === files.length && files.length > 0) {
    return readDetectionsAsync(files, images, name);
  }
  if (shared.length > 0) {
    throw new DataError(
      'option-invalid',
      'this file is of another format than the other detection files.',
      {
        where: shared[0]!,
        fix: 'give FDDB output files alone, or files of the other formats alone',
      },
    );
  }
  const collector = new DetectionCollector(images);
  for (const file of files) {
    const before = collector.count;
    const kind = readFddbDetections(file, collector, shape);
    collector.addFact(
      'detections',
      `${basename(file)} (FDDB output, ${kind ?? 'no'} shapes, ${collector.count - before} ` +
        `detections, SHA-256 ${await sha256FileAsync(file)})`,
    );
  }
  return collector.finish(name);
}
