/**
 * COCO style json lists: `images`, `annotations` (bbox x, y, w, h; `ignore`, `iscrowd`) and
 * `categories`. Categories named masked / unmasked / incorrect become the face's `cover`.
 */
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import {
  checkedBox,
  newLoadReport,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { coverOf, meaningOf, type ClassMap } from './classes.js';
import { readJson } from './text-file.js';

export interface CocoOptions {
  /** Folder that `file_name` is relative to. */
  imageRoot: string;
  /** Data set name of the samples. Default 'coco'. */
  source?: string;
  /** Category name to meaning; without it masked, unmasked and incorrect mean themselves. */
  classes?: ClassMap;
  report?: LoadReport;
}

/** Loads a list. Throws DataError naming file and JSON path on anything malformed. */
export function loadCoco(listFile: string, options: CocoOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const root = asRecord(readJson(listFile), listFile, '$');
  const categories = new Map<number, string>();
  asList(root['categories'] ?? [], listFile, 'categories').forEach((item, i) => {
    const path = `categories[${i}]`;
    const record = asRecord(item, listFile, path);
    categories.set(asNumber(record['id'], listFile, `${path}.id`), String(record['name']));
  });
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
      file: join(options.imageRoot, name),
      width: asNumber(record['width'], listFile, `${path}.width`),
      height: asNumber(record['height'], listFile, `${path}.height`),
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
    const size = { width: sample.width as number, height: sample.height as number };
    const box = checkedBox(bbox, size, `${listFile}: ${path}.bbox`, report);
    if (!box) return;
    const ignore = record['ignore'] === 1 || record['ignore'] === true || record['iscrowd'] === 1;
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

function malformed(file: string, path: string, got: unknown, expected: string): DataError {
  const shown = JSON.stringify(got) ?? 'nothing';
  return new DataError('list-malformed', `got ${shown.slice(0, 60)}, expected ${expected}.`, {
    where: `${file}: ${path}`,
    fix: 'correct this entry of the annotation file',
  });
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
