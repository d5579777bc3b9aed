/**
 * COCO style json lists: `images`, `annotations` (bbox x, y, w, h; `ignore`, `iscrowd`) and
 * `categories`. Categories named masked / unmasked / incorrect become the face's `cover`.
 */
import {
  checkedBox,
  newLoadReport,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { coverOf, isFace, meaningOf, type ClassMap } from './classes.js';
import { bboxOf, readCocoDocument } from './coco-document.js';
import { pathInside } from './inside.js';
import { isFlagSet } from './json-checks.js';

export interface CocoOptions {
  /** Folder that `file_name` is relative to. */
  imageRoot: string;
  /** Data set name of the samples. Default 'coco'. */
  source?: string;
  /** Category name to meaning; without it masked, unmasked and incorrect mean themselves. */
  classes?: ClassMap;
  /** Pictures that cannot be read get no size instead of being an error: the caller sees to them. */
  isLenient?: boolean;
  report?: LoadReport;
}

/** Loads a list. Throws DataError naming file and JSON path on anything malformed. */
export function loadCoco(listFile: string, options: CocoOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const { imageRoot, source = 'coco', isLenient } = options;
  const pictureOf = (name: string, where: string): string => pathInside(imageRoot, name, where);
  const samples = readCocoDocument(
    listFile,
    { source, pictureOf, isLenient },
    ({ record, path, sample, size, category }) => {
      const where = `${listFile}: ${path}.category_id`;
      // First of all: what is dropped may have any box, or none.
      const meaning = category === undefined ? 'face' : meaningOf(options.classes, category, where);
      if (!isFace(meaning)) return;
      const bbox = bboxOf(record, listFile, path);
      const box = checkedBox(bbox, size, `${listFile}: ${path}.bbox`, report);
      if (!box) return;
      const ignore =
        isFlagSet(record, 'ignore', listFile, path) || isFlagSet(record, 'iscrowd', listFile, path);
      const face: FaceBox = { box, ignore, invalid: false };
      const cover = coverOf(meaning);
      if (cover) face.attributes = { cover };
      sample.faces.push(face);
    },
  );
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}
