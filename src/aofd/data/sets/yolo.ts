/**
 * YOLO labels: a text file per picture, a line per object `class cx cy w h`, all but the class in shares
 * of the picture. The label of `.../images/A/1.jpg` is `.../labels/A/1.txt`; else it lies beside the picture.
 */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DataError } from '../../errors.js';
import {
  checkedBox,
  newLoadReport,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { coverOf, isFace, meaningOf, type ClassMap } from './classes.js';
import { readSizeLeniently } from './image-size.js';
import { sortFolder, splitShared, stem } from './names.js';
import { passOver, passOverForeign } from './passed-over.js';
import { checkListed, parseNumber, readLines } from './text-file.js';

export interface YoloOptions {
  /** Folder that holds labels and pictures, itself or in folders. */
  root: string;
  /** Class number to meaning. */
  classes?: ClassMap;
  source: string;
  /** Pictures that cannot be read get no size instead of being an error: the caller sees to them. */
  isLenient?: boolean;
  report?: LoadReport;
}

/** Loads every picture. Throws DataError naming file and line, or a picture that has no label file. */
export function loadYolo(options: YoloOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const { pictures, others } = sortFolder(options.root);
  const pairs = pictures.map((file) => ({ file, list: labelsOf(file) }));
  const { single, shared } = splitShared(pairs, ({ list }) => list);
  const samples = single.map(({ file, list }) => readPicture(file, list, options, report));
  passOver(
    report,
    'pictures that share their label file with another',
    shared.map(({ file }) => file),
  );
  passOver(report, 'label files without a picture', lonelyLabels(others, pairs));
  passOverForeign(report, others);
  return samples;
}

/** Where the labels of a picture lie, or should. */
function labelsOf(picture: string): string {
  const beside = picture.replace(/\.\w+$/, '.txt');
  // The last folder of that name: others may lie above the data set.
  const apart = beside.replace(/^(.*[\\/])?images([\\/])/, '$1labels$2');
  return existsSync(apart) || !existsSync(beside) ? apart : beside;
}

/** Text files in folders of labels that belong to no picture. */
function lonelyLabels(others: readonly string[], pairs: readonly { list: string }[]): string[] {
  const lists = new Set(pairs.map(({ list }) => list));
  const folders = new Set([...lists].map((list) => dirname(list)));
  return others.filter(
    (file) =>
      /\.txt$/i.test(file) &&
      !/^(classes|readme.*)\.txt$/i.test(basename(file)) &&
      (folders.has(dirname(file)) || /[\\/]labels[\\/]/.test(file)) &&
      !lists.has(file),
  );
}

function readPicture(file: string, list: string, options: YoloOptions, report: LoadReport): Sample {
  const size = readSizeLeniently(file, options.isLenient);
  if (!size) return { id: stem(file), file, faces: [], source: options.source };
  if (!existsSync(list)) {
    throw new DataError('file-missing', `has no label file (expected ${list}).`, {
      where: file,
      fix: 'copy the labels again; a picture without objects has an empty label file',
    });
  }
  checkListed(list);
  const faces = readLines(list).flatMap((line, i): FaceBox[] => {
    if (line.trim() === '') return [];
    const where = `${list}:${i + 1}`;
    const [name = '', ...texts] = line.trim().split(/\s+/);
    const [cx = NaN, cy = NaN, w = NaN, h = NaN] = texts.map(parseNumber);
    if (texts.length !== 4 || ![cx, cy, w, h].every((v) => v >= 0 && v <= 1)) {
      throw new DataError(
        'list-malformed',
        `expected "class cx cy w h" with shares 0..1, got "${line}".`,
        { where, fix: 'copy the labels again' },
      );
    }
    const meaning = meaningOf(options.classes, name, where);
    if (!isFace(meaning)) return [];
    const { width, height } = size;
    const xywh = [(cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height];
    const box = checkedBox(xywh, size, where, report);
    const cover = coverOf(meaning);
    const attributes = cover ? { attributes: { cover } } : {};
    return box ? [{ box, ignore: false, invalid: false, ...attributes }] : [];
  });
  return { id: stem(file), file, ...size, faces, source: options.source };
}
