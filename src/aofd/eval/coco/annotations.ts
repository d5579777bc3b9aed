/**
 * Annotations for the COCO-style protocol: COCO json, or WIDER FACE's text list of faces. Boxes are
 * taken as they stand in COCO json (its reference evaluator does not cut them); those of text lists
 * are cut to the picture where its size can be read.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors.js';
import { newLoadReport } from '../../data/sample.js';
import { pathInside } from '../../data/sets/inside.js';
import { readText } from '../../data/sets/text-file.js';
import { loadWider } from '../../data/sets/wider.js';
import type { CocoBox, CocoTruth, LabelledSet } from './set.js';
import {
  checkedItems,
  checkJson,
  corners,
  finite,
  flag,
  jsonError,
  list,
  parseJson,
  text,
  whole,
  type JsonPath,
} from '../detections/json.js';

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

const cocoHead = z.object(
  { images: list, annotations: list, categories: list.nullish() },
  'an object with images, annotations and categories',
);
const cocoCategory = z.object({ id: whole, name: text }, 'an object');
const cocoImage = z.object({ id: whole, file_name: text }, 'an object');
const cocoAnnotation = z.object(
  {
    image_id: whole,
    bbox: corners,
    category_id: whole.nullish(),
    area: finite.nullish(),
    iscrowd: flag,
    ignore: z.unknown().optional(),
  },
  'an object',
);

function readCocoJson(file: string, options: AnnotationOptions): Parts {
  const head = checkJson(cocoHead, parseJson(file, readText(file)), file);
  const categories = new Map<number, string>();
  for (const [{ id, name }] of checkedItems(cocoCategory, head.categories ?? [], file, [
    'categories',
  ])) {
    categories.set(id, name);
  }
  const names = new Set<string>();
  const byId = new Map<number, { name: string; truths: CocoTruth[] }>();
  for (const [{ id, file_name: name }, path] of checkedItems(cocoImage, head.images, file, [
    'images',
  ])) {
    if (byId.has(id)) throw jsonError(file, [...path, 'id'], id, 'an id used once');
    if (names.has(name)) {
      throw jsonError(file, [...path, 'file_name'], name, 'a picture listed once');
    }
    names.add(name);
    byId.set(id, { name, truths: [] });
  }
  for (const [item, path] of checkedItems(cocoAnnotation, head.annotations, file, [
    'annotations',
  ])) {
    const truths = byId.get(item.image_id)?.truths;
    if (!truths) {
      throw jsonError(file, [...path, 'image_id'], item.image_id, 'the id of a listed image');
    }
    truths.push(truthOf(item, categories, options, { file, path }));
  }
  const resolveFile = pictureResolver(
    [...names],
    options.images === undefined
      ? [dirname(file), join(dirname(file), 'images')]
      : [options.images],
    file,
  );
  const images = [...byId]
    .sort(([a], [b]) => a - b)
    .map(([id, { name, truths }]) => ({ id, name, file: resolveFile(name), truths }));
  return { images, categories, warnings: [] };
}

function truthOf(
  item: z.output<typeof cocoAnnotation>,
  categories: ReadonlyMap<number, string>,
  options: AnnotationOptions,
  { file, path }: { file: string; path: JsonPath },
): CocoTruth {
  const { bbox: box, category_id: category, area, iscrowd: isCrowd } = item;
  const [, , width, height] = box;
  if (width < 0 || height < 0) {
    throw jsonError(file, [...path, 'bbox'], box, 'left, top, width and height');
  }
  if (categories.size > 0 && !categories.has(category ?? Number.NaN)) {
    const known = `one of ${[...categories.keys()].join(', ')}`;
    throw jsonError(file, [...path, 'category_id'], category ?? undefined, known);
  }
  const isFlagged =
    options.ignoreFlags === 'all' && checkJson(flag, item.ignore, file, [...path, 'ignore']);
  return {
    box,
    area: area ?? width * height,
    category: category ?? 1,
    isCrowd,
    isIgnored: isCrowd || isFlagged || Math.min(width, height) < options.ignoreBelow,
  };
}

function readTextList(file: string, options: AnnotationOptions): Parts {
  const report = newLoadReport();
  const folders =
    options.images === undefined
      ? [join(dirname(file), 'images'), dirname(file)]
      : [options.images];
  const names = loadWider(file, { imageRoot: '', readSizes: false }).map((sample) => sample.id);
  const resolveFile = pictureResolver(names, folders, file);
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

/** Finds pictures in the first folder that has the first of them. `where` names the list in messages. */
function pictureResolver(
  names: readonly string[],
  folders: readonly string[],
  where: string,
): (name: string) => string | null {
  const first = names[0];
  const folder = folders.find((path) => first !== undefined && existsSync(join(path, first)));
  return (name) => {
    const file = pathInside(folder ?? folders[0]!, name, where);
    return existsSync(file) ? file : null;
  };
}
