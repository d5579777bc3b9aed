/**
 * YOLO labels: a text file per picture, a line per object `class cx cy w h`, all but the class in shares
 * of the picture. Picture and label have the same name; they may lie in nested folders.
 */
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
import { picturesIn, stem } from './names.js';
import { parseNumber, readLines } from './text-file.js';

export interface YoloOptions {
  /** Folder that holds labels and pictures, itself or in folders; labels lie in `labels`. */
  root: string;
  /** Class number to meaning. */
  classes?: ClassMap;
  source: string;
  /** Pictures that cannot be read get no size instead of being an error: the caller sees to them. */
  isLenient?: boolean;
  report?: LoadReport;
}

/** Loads every picture that has a label file. Throws DataError naming file and line. */
export function loadYolo(options: YoloOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  return [...picturesIn(options.root).values()].map((file) => {
    const size = readSizeLeniently(file, options.isLenient);
    if (!size) return { id: stem(file), file, faces: [], source: options.source };
    const list = file.replace(/([\\/])images([\\/][^\\/]*)\.\w+$/, '$1labels$2.txt');
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
  });
}
