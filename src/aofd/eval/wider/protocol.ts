/** `aofd eval wider`: WIDER FACE val by its official lists, or any set in its text format. */
import { basename, dirname, join } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { findFile, isFolder } from '../detections/find-file.js';
import { readFilesOrFoldersAsync } from '../detections/per-image-files.js';
import { loadedSet, type Scoring } from '../loaded-set.js';
import { numberOption, textOption } from '../options.js';
import { evenlySpread } from '../partial.js';
import type { EvalProtocol, EvalSet, Fact, ProtocolOptions } from '../protocol.js';
import { loadWiderMatAsync } from './annotations.js';
import { judgeWider, pairedWiderMeasures, widerMeasures, type JudgedWider } from './judge.js';
import { widerEvaluation } from './report.js';
import type { WiderSet } from './set.js';
import { listPath, loadWiderText } from './text.js';

const TEXT_LISTS = ['wider_face_val_bbx_gt.txt', 'val_bbx_gt.txt'];

/** The protocol; see `official.ts` for the algorithm and its oddities. */
export const widerProtocol: EvalProtocol = {
  name: 'wider',
  summary:
    'WIDER FACE: easy, medium and hard AP by the official algorithm, recall by kind of face; also for sets in its text format',
  options: [
    {
      flags: '--annotations <list>',
      description: 'text list (as wider_face_val_bbx_gt.txt) in place of the official .mat lists',
    },
    { flags: '--images <folder>', description: 'folder of the pictures, if not in a usual place' },
    {
      flags: '--ignore-below <pixels>',
      description: 'plain AP: faces with a shorter side below this are neither right nor wrong',
      default: '10',
    },
  ],
  needsMasks: false,
  async loadAsync(data, options): Promise<EvalSet> {
    const { set, files, warnings } = await loadSetAsync(data, options);
    return loadedSet(set, scoring, { facts: await factsAsync(set, files), warnings });
  },
};

const scoring: Scoring<WiderSet, JudgedWider> = {
  readDetectionsAsync: (files, { images }, name) => readFilesOrFoldersAsync(files, images, name),
  judge: judgeWider,
  measures: widerMeasures,
  pairedMeasures: pairedWiderMeasures,
  evaluation: widerEvaluation,
  cut: cutSet,
  tellsMissing: false,
};

/** Pictures with their marks; published curves are of the whole set and left out. */
function cutSet(set: WiderSet, count: number): WiderSet {
  const settings = set.settings.map(({ name, counted }) => ({
    name,
    counted: evenlySpread(counted, count),
    published: [],
  }));
  return { ...set, images: evenlySpread(set.images, count), settings };
}

interface LoadedSet {
  set: WiderSet;
  files: string[];
  warnings: string[];
}

async function loadSetAsync(data: string, options: ProtocolOptions): Promise<LoadedSet> {
  const ignoreBelow = numberOption(options, 'ignoreBelow', 10, 0, Infinity);
  const images = textOption(options, 'images');
  const common = {
    ignoreBelow,
    ...(images !== undefined ? { images: isFolder(images) ? images : join(data, images) } : {}),
  };
  const named = textOption(options, 'annotations');
  if (named !== undefined) return fromText(listPath(data, named), common);
  if (/\.txt$/i.test(data)) return fromText(data, common);
  const folder = /\.mat$/i.test(data) ? dirname(data) : data;
  const official = await loadWiderMatAsync(folder, common);
  if (official) return official;
  const list = TEXT_LISTS.map((name) => findFile(folder, name)).find((file) => file !== null);
  if (list) return fromText(list, common);
  throw new DataError(
    'file-missing',
    `neither wider_face_val.mat nor ${TEXT_LISTS.join(' nor ')} is in this folder or three levels below.`,
    {
      where: data,
      fix: 'unpack wider_face_split and the ground_truth folder of the evaluation tools there, or name a text list with --annotations',
    },
  );
}

function fromText(list: string, options: Parameters<typeof loadWiderText>[1]): LoadedSet {
  return { ...loadWiderText(list, options), files: [list] };
}

async function factsAsync(set: WiderSet, files: readonly string[]): Promise<Fact[]> {
  const faces = set.images.reduce((sum, image) => sum + image.faces.length / 4, 0);
  const facts: Fact[] = [
    { name: 'set', value: `${set.name}: ${set.images.length} images, ${faces} faces` },
  ];
  for (const file of files) {
    facts.push({
      name: 'labels',
      value: `${basename(file)}, SHA-256 ${await sha256FileAsync(file)}`,
    });
  }
  for (const { name, counted, published } of set.settings) {
    const count = counted.reduce((sum, marks) => sum + marks.reduce((n, mark) => n + mark, 0), 0);
    const curves = published.length > 0 ? `; ${published.length} published curves` : '';
    facts.push({ name: `faces, ${name}`, value: `${count}${curves}` });
  }
  const ignored = set.images.reduce(
    (sum, { plain }) => sum + plain.ignore.reduce((n, mark) => n + mark, 0),
    0,
  );
  facts.push({ name: 'faces ignored in plain AP', value: String(ignored) });
  facts.push(pictureHashFact(await hashPicturesAsync(set.images)));
  return facts;
}
