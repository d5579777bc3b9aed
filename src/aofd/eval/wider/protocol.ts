/** `aofd eval wider`: WIDER FACE val by its official lists, or any set in its text format. */
import { basename, dirname, join } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { hashPicturesAsync, pictureHashFact } from '../detections/data-hash.js';
import { findFile, isFolder } from '../detections/find-file.js';
import { differencesOf, headlinesOf } from '../statistics/measures.js';
import { numberOption, textOption } from '../options.js';
import { evenlySpread, markPartial } from '../detections/partial.js';
import type { EvalImage, EvalProtocol, EvalSet, Fact, ProtocolOptions } from '../protocol.js';
import { readWiderDetectionsAsync } from './detections.js';
import { judgeWider, pairedWiderMeasures, widerMeasures } from './judge.js';
import { loadWiderMatAsync } from './annotations.js';
import { widerEvaluation } from './report.js';
import type { WiderSet } from './set.js';
import { listPath, loadWiderText } from './text.js';

const TEXT_LISTS = ['wider_face_val_bbx_gt.txt', 'val_bbx_gt.txt'];

/** The protocol; see `eval/wider/official.ts` for the algorithm and its oddities. */
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
    return evalSetOf(set, { facts: await factsAsync(set, files), warnings });
  },
};

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

/** @param whole the set before it was cut: result files may name any of its pictures */
function evalSetOf(
  set: WiderSet,
  about: { facts: readonly Fact[]; warnings: readonly string[] },
  whole: WiderSet = set,
): EvalSet {
  const imagesOf = ({ images }: WiderSet): EvalImage[] =>
    images.map(({ name, file }) => ({ name, file }));
  const images = imagesOf(set);
  return {
    name: set.name,
    images,
    ...about,
    readDetectionsAsync: (files, name) => readWiderDetectionsAsync(files, imagesOf(whole), name),
    take(count) {
      const cut = cutSet(set, count);
      const part = markPartial({ ...set, ...about, total: images.length }, cut.images.length);
      return evalSetOf({ ...cut, name: part.name }, part, whole);
    },
    evaluate(detections, settings) {
      const judged = judgeWider(set, detections);
      const headlines = headlinesOf(widerMeasures(judged), images.length, settings);
      return widerEvaluation(judged, detections.name, headlines);
    },
    compare: (a, b, settings) =>
      differencesOf(
        pairedWiderMeasures(judgeWider(set, a), judgeWider(set, b)),
        images.length,
        settings,
      ),
  };
}

/** Pictures with their marks; published curves are of the whole set and left out. */
function cutSet(set: WiderSet, count: number): WiderSet {
  const settings = set.settings.map(({ name, counted }) => ({
    name,
    counted: evenlySpread(counted, count),
    published: [],
  }));
  return { ...set, images: evenlySpread(set.images, count), settings };
}
