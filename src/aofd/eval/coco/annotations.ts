/**
 * Annotations for the COCO-style protocol: COCO json, or WIDER FACE's text list of faces. Boxes are
 * taken as they stand in COCO json (its reference evaluator does not cut them); those of text lists
 * are cut to the picture where its size can be read.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import { newLoadReport } from '../../data/sample.js';
import { readText } from '../../data/sets/text-file.js';
import { loadWider } from '../../data/sets/wider.js';
import type { CocoBox, CocoTruth, LabelledSet } from './set.js';
import { parseJson, type JsonValue } from '../detections/json-values.js';

export interface AnnotationOptions {
  /** The label file, if it is not to be found under the folder of the data. */
  annotations?: string | undefined;
  /** Folder that file names are relative to. */
  images?: string | undefined;
  /** Which flags of COCO json make an object ignored: `ignore` and `iscrowd`, or the latter alone. */
  ignoreFlags: 'all' | 'iscrowd';
  /** Faces whose shorter side is below become ignored, px. */
  ignoreBelow: number;
}

/** The label file of a data folder; `data` may be the file itself. */
export function findAnnotations(data: string, given?: string): string {
  if (given !== undefined) {
    const file = [given, join(data, given)].find((path) => existsSync(path));
    if (file !== undefined) return file;
    throw missing(data, `there is neither ${given} nor ${join(data, given)}`);
  }
  const stat = statSync(data, { throwIfNoEntry: false });
  if (stat?.isFile()) return data;
  if (!stat?.isDirectory()) throw missing(data, 'there is no such file or folder');
  const names = ['val.json', 'annotations.json', join('annotations', 'instances_val2017.json')];
  const lists = readdirSync(data).filter((name) => name.endsWith('val_bbx_gt.txt'));
  const file = [...names, ...lists].map((name) => join(data, name)).find(existsSync);
  if (file === undefined) {
    throw missing(data, `there is none of ${[...names, '*val_bbx_gt.txt'].join(', ')}`);
  }
  return file;
}

function missing(data: string, what: string): DataError {
  return new DataError('file-missing', `${what}.`, {
    where: data,
    fix: 'name the label file with --annotations FILE',
  });
}

/**
 * Loads a label file.
 * @throws DataError naming file and place of what is wrong
 */
export function loadAnnotations(data: string, options: AnnotationOptions): LabelledSet {
  const labelFile = findAnnotations(data, options.annotations);
  const set =
    extname(labelFile) === '.txt'
      ? readTextList(labelFile, options)
      : readCocoJson(labelFile, options);
  const stem = basename(labelFile, extname(labelFile)).replace(/_bbx_gt$/, '');
  return { ...set, name: `${basename(dirname(resolve(labelFile)))}/${stem}`, labelFile };
}

type Parts = Pick<LabelledSet, 'images' | 'categories' | 'warnings'>;

function readCocoJson(file: string, options: AnnotationOptions): Parts {
  const root = parseJson(file, readText(file));
  if (!root.isObject) throw root.error('an object with images, annotations and categories');
  const categories = new Map<number, string>();
  const categoryList = root.at('categories');
  for (const item of categoryList.isGiven ? categoryList.list() : []) {
    categories.set(item.at('id').integer(), item.at('name').text());
  }
  const names = new Set<string>();
  const byId = new Map<number, { name: string; truths: CocoTruth[] }>();
  for (const item of root.at('images').list()) {
    const id = item.at('id').integer();
    if (byId.has(id)) throw item.at('id').error('an id used once');
    const name = item.at('file_name').text();
    if (names.has(name)) throw item.at('file_name').error('a picture listed once');
    names.add(name);
    byId.set(id, { name, truths: [] });
  }
  for (const item of root.at('annotations').list()) {
    const image = byId.get(item.at('image_id').integer());
    if (!image) throw item.at('image_id').error('the id of a listed image');
    image.truths.push(readTruth(item, categories, options));
  }
  const resolveFile = pictureResolver(
    [...names],
    options.images === undefined
      ? [dirname(file), join(dirname(file), 'images')]
      : [options.images],
  );
  const images = [...byId]
    .sort(([a], [b]) => a - b)
    .map(([id, { name, truths }]) => ({ id, name, file: resolveFile(name), truths }));
  return { images, categories, warnings: [] };
}

function readTruth(
  item: JsonValue,
  categories: ReadonlyMap<number, string>,
  options: AnnotationOptions,
): CocoTruth {
  const box = item.at('bbox').numbers(4) as unknown as CocoBox;
  if (box[2] < 0 || box[3] < 0) throw item.at('bbox').error('left, top, width and height');
  const category = item.at('category_id');
  const isKnown = categories.size === 0 || categories.has(category.value as number);
  if (!isKnown) throw category.error(`one of ${[...categories.keys()].join(', ')}`);
  const area = item.at('area');
  const isCrowd = item.at('iscrowd').flag();
  const isFlagged = options.ignoreFlags === 'all' && item.at('ignore').flag();
  return {
    box,
    area: area.isGiven ? area.number() : box[2] * box[3],
    category: category.isGiven ? category.integer() : 1,
    isCrowd,
    isIgnored: isCrowd || isFlagged || Math.min(box[2], box[3]) < options.ignoreBelow,
  };
}

function readTextList(file: string, options: AnnotationOptions): Parts {
  const report = newLoadReport();
  const folders =
    options.images === undefined
      ? [join(dirname(file), 'images'), dirname(file)]
      : [options.images];
  const names = loadWider(file, { imageRoot: '', readSizes: false }).map((sample) => sample.id);
  const resolveFile = pictureResolver(names, folders);
  const isComplete = names.every((name) => resolveFile(name) !== null);
  const root = folders.find((folder) => existsSync(join(folder, names[0] ?? ''))) ?? folders[0]!;
  const samples = loadWider(file, { imageRoot: root, readSizes: isComplete, report });
  const images = samples.map((sample, id) => ({
    id,
    name: sample.id,
    file: resolveFile(sample.id),
    truths: sample.faces.map(({ box: [x1, y1, x2, y2], ignore, invalid }): CocoTruth => {
      const box: CocoBox = [x1, y1, x2 - x1 + 1, y2 - y1 + 1];
      return {
        box,
        area: box[2] * box[3],
        category: 1,
        isCrowd: false,
        isIgnored: ignore || invalid || Math.min(box[2], box[3]) < options.ignoreBelow,
      };
    }),
  }));
  const warnings =
    report.notes.length > 0 ? [`${report.dropped} faces left out: ${report.notes[0]}`] : [];
  return { images, categories: new Map([[1, 'face']]), warnings };
}

/** Finds pictures in the first folder that has the first of them. */
function pictureResolver(
  names: readonly string[],
  folders: readonly string[],
): (name: string) => string | null {
  const first = names[0];
  const folder = folders.find((path) => first !== undefined && existsSync(join(path, first)));
  return (name) => {
    const file = join(folder ?? folders[0]!, name);
    return existsSync(file) ? file : null;
  };
}
