/** Pictures, categories and annotations of a COCO style list, put together. */
import type { Sample } from '../sample.js';
import { readSizeLeniently } from './image-size.js';
import { asList, asNumber, asRecord, malformed } from './json-checks.js';
import { readJson } from './text-file.js';

/** One annotation with what belongs to it. */
export interface CocoAnnotation {
  record: Record<string, unknown>;
  /** JSON path, for messages. */
  path: string;
  sample: Sample;
  /** Of the picture, where that can be known. */
  size: { width: number; height: number } | undefined;
  /** Name of the category; undefined in lists without categories. */
  category: string | undefined;
}

export interface CocoDocumentOptions {
  source: string;
  /** Path of a picture that the list names. */
  pictureOf: (name: string, where: string) => string;
  /** Pictures that cannot be read get no size instead of being an error. */
  isLenient?: boolean | undefined;
}

/**
 * The pictures of a list, without faces; `visit` is called with every annotation.
 * @throws DataError naming file and JSON path on anything malformed
 */
export function readCocoDocument(
  listFile: string,
  options: CocoDocumentOptions,
  visit: (annotation: CocoAnnotation) => void,
): Sample[] {
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
      file: options.pictureOf(name, `${listFile}: ${path}.file_name`),
      ...statedSize(record, listFile, path),
      faces: [],
      source: options.source,
    });
  });
  asList(root['annotations'], listFile, 'annotations').forEach((item, i) => {
    const path = `annotations[${i}]`;
    const record = asRecord(item, listFile, path);
    const imageId = asNumber(record['image_id'], listFile, `${path}.image_id`);
    const sample = byId.get(imageId);
    if (!sample) throw malformed(listFile, `${path}.image_id`, imageId, 'the id of a listed image');
    if (sample.width === undefined) {
      Object.assign(sample, readSizeLeniently(sample.file, options.isLenient));
    }
    const { width, height } = sample;
    const size = width === undefined || height === undefined ? undefined : { width, height };
    const category = categories.get(record['category_id'] as number);
    if (category === undefined && categories.size > 0) {
      const known = [...categories.keys()].join(', ');
      throw malformed(listFile, `${path}.category_id`, record['category_id'], `one of ${known}`);
    }
    visit({ record, path, sample, size, category });
  });
  return [...byId.values()];
}

/** The numbers of an annotation's `bbox`; what is no number becomes NaN. */
export function bboxOf(record: Record<string, unknown>, listFile: string, path: string): number[] {
  return asList(record['bbox'], listFile, `${path}.bbox`).map((v) =>
    typeof v === 'number' ? v : NaN,
  );
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
