/**
 * COCO style json lists: `images`, `annotations` (bbox x, y, w, h; `ignore`, `iscrowd`) and
 * `categories`. Categories named masked / unmasked / incorrect become the face's `cover`.
 */
import { DataError } from '../../errors.js';
import {
  checkedBox,
  newLoadReport,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { coverOf, meaningOf, type ClassMap } from './classes.js';
import { pathInside } from './inside.js';
import { readSizeLeniently } from './image-size.js';
import { preview, readJson } from './text-file.js';

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
  const root = asRecord(readJson(listFile), listFile, '$');
  const categories = categoriesOf(root, listFile);
  const byId = new Map<number, Sample>();
  asList(root['images'], listFile, 'images').forEach((item, i) => {
    const path = `images[${i}]`;
    const record = asRecord(item, listFile, path);
    const id = asNumber(record['id'], listFile, `${path}.id`);
    const name = record['file_name'];
    if (typeof name !== 'string' || name === '') {
      throw malformed(listFile, `${path}.file_name`, name, 'a file name');
    }
    if (byId.has(id)) throw malformed(listFile, `${path}.id`, id, 'an id used once');
    byId.set(id, {
      id: name,
      file: pathInside(options.imageRoot, name, `${listFile}: ${path}.file_name`),
      ...statedSize(record, listFile, path),
      faces: [],
      source: options.source ?? 'coco',
    });
  });
  asList(root['annotations'], listFile, 'annotations').forEach((item, i) => {
    const path = `annotations[${i}]`;
    const record = asRecord(item, listFile, path);
    const imageId = asNumber(record['image_id'], listFile, `${path}.image_id`);
    const sample = byId.get(imageId);
    if (!sample) throw malformed(listFile, `${path}.image_id`, imageId, 'the id of a listed image');
    const bbox = asList(record['bbox'], listFile, `${path}.bbox`).map((v) =>
      typeof v === 'number' ? v : NaN,
    );
    if (sample.width === undefined) {
      Object.assign(sample, readSizeLeniently(sample.file, options.isLenient));
    }
    const { width, height } = sample;
    const size = width === undefined || height === undefined ? undefined : { width, height };
    const box = checkedBox(bbox, size, `${listFile}: ${path}.bbox`, report);
    if (!box) return;
    const ignore =
      isFlagSet(record, 'ignore', listFile, path) || isFlagSet(record, 'iscrowd', listFile, path);
    const face: FaceBox = { box, ignore, invalid: false };
    const category = categories.get(record['category_id'] as number);
    if (category === undefined && categories.size > 0) {
      const known = [...categories.keys()].join(', ');
      throw malformed(listFile, `${path}.category_id`, record['category_id'], `one of ${known}`);
    }
    if (category !== undefined) {
      const meaning = meaningOf(options.classes, category, `${listFile}: ${path}.category_id`);
      if (meaning === 'drop' || meaning === 'head') return;
      const cover = coverOf(meaning);
      if (cover) face.attributes = { cover };
    }
    sample.faces.push(face);
  });
  const samples = [...byId.values()];
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}

/** Names by id. */
function categoriesOf(root: Record<string, unknown>, listFile: string): Map<number, string> {
  const categories = new Map<number, string>();
  asList(root['categories'] ?? [], listFile, 'categories').forEach((item, i) => {
    const path = `categories[${i}]`;
    const record = asRecord(item, listFile, path);
    const name = record['name'];
    if (typeof name !== 'string') throw malformed(listFile, `${path}.name`, name, 'a name');
    categories.set(asNumber(record['id'], listFile, `${path}.id`), name);
  });
  return categories;
}

/** 0, 1, false, true, or absent. */
function isFlagSet(
  record: Record<string, unknown>,
  key: string,
  file: string,
  path: string,
): boolean {
  const value = record[key];
  if (value === undefined || value === null || value === 0 || value === false) return false;
  if (value === 1 || value === true) return true;
  throw malformed(file, `${path}.${key}`, value, '0 or 1');
}

/** Some tools write 0 x 0, or nothing: then the picture itself is asked. */
function statedSize(
  record: Record<string, unknown>,
  file: string,
  path: string,
): { width?: number; height?: number } {
  const [width, height] = [record['width'] ?? 0, record['height'] ?? 0];
  if (width === 0 || height === 0) return {};
  return {
    width: asNumber(width, file, `${path}.width`),
    height: asNumber(height, file, `${path}.height`),
  };
}

function malformed(file: string, path: string, got: unknown, expected: string): DataError {
  return new DataError(
    'list-malformed',
    `got ${preview(got).slice(0, 60)}, expected ${expected}.`,
    {
      where: `${file}: ${path}`,
      fix: 'correct this entry of the annotation file',
    },
  );
}

function asRecord(value: unknown, file: string, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(file, path, value, 'an object');
  }
  return value as Record<string, unknown>;
}

function asList(value: unknown, file: string, path: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(file, path, value, 'a list');
  return value;
}

function asNumber(value: unknown, file: string, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw malformed(file, path, value, 'a number');
  }
  return value;
}
