/**
 * COCO lists of faces and of what covers them, as CVAT, Label Studio and others export them: outlines of one
 * or several parts (`segmentation: [[x, y, ...], ...]`), masks as run lengths (`{size, counts}`, plain or
 * compressed), or boxes alone (`segmentation: []`). `iscrowd` only tells that an area is a mask (CVAT sets it
 * for everything painted with the brush); `ignore: 1` makes a face that is not learned from.
 */
import { DataError } from '../../errors.js';
import { decodeCocoCounts } from '../../formats/coco-counts.js';
import type { DrawnArea } from '../drawn/area.js';
import { newLoadReport, type LoadReport, type Sample } from '../sample.js';
import type { ClassMap } from './classes.js';
import { bboxOf, readCocoDocument, type CocoAnnotation } from './coco-document.js';
import {
  addDrawnObject,
  checkedOutline,
  rectangleOutline,
  type DrawnObject,
} from './drawn-objects.js';
import { asList, asRecord, isFlagSet, malformed } from './json-checks.js';
import { labelledPicture } from './labelled-picture.js';

export interface CocoMasksOptions {
  /** Folder that holds the pictures. */
  imageRoot: string;
  /** Data set name of the samples. */
  source: string;
  /** Category name to meaning; without it `face` and `occluder` mean themselves. */
  classes?: ClassMap;
  isLenient?: boolean;
  report?: LoadReport;
}

/** Loads a list. Throws DataError naming file and JSON path on anything malformed. */
export function loadCocoMasks(listFile: string, options: CocoMasksOptions): Sample[] {
  const { imageRoot: folder, source, classes, isLenient, report = newLoadReport() } = options;
  const pictureOf = (name: string, where: string): string =>
    labelledPicture(name, { labelFile: listFile, folder, where });
  const occludersOf = new Map<Sample, DrawnArea[]>();
  const samples = readCocoDocument(
    listFile,
    { source, pictureOf, isLenient },
    (annotation: CocoAnnotation) => {
      const { sample, size, category } = annotation;
      const occluders = occludersOf.get(sample) ?? [];
      occludersOf.set(sample, occluders);
      // Trees and cars are often drawn less carefully than what somebody wants to learn.
      if (category !== undefined && classes && Object.hasOwn(classes, category)) {
        if (classes[category] === 'drop') return;
      }
      const object = objectOf(annotation, listFile);
      addDrawnObject(Object.assign(sample, { occluders }), object, { classes, size, report });
    },
  );
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples.map((sample) => ({ ...sample, occluders: occludersOf.get(sample) ?? [] }));
}

function objectOf({ record, path, size, category }: CocoAnnotation, file: string): DrawnObject {
  const where = `${file}: ${path}`;
  if (category === undefined) {
    throw malformed(file, 'categories', undefined, 'the names of faces and of what covers them');
  }
  const shared = {
    label: category,
    bbox: record['bbox'] === undefined ? undefined : bboxOf(record, file, path),
    ignore: isFlagSet(record, 'ignore', file, path),
    where,
  };
  const { segmentation } = record;
  if (Array.isArray(segmentation) && segmentation.length > 0) {
    const parts = segmentation.map((part, i) => {
      const place = `${path}.segmentation[${i}]`;
      return checkedOutline(asList(part, file, place), `${file}: ${place}`);
    });
    return { ...shared, area: { kind: 'polygons', parts }, isRectangle: false };
  }
  if (segmentation !== undefined && segmentation !== null && !Array.isArray(segmentation)) {
    const place = `${path}.segmentation`;
    const area = runsOf(asRecord(segmentation, file, place), `${file}: ${place}`, size);
    if (!shared.bbox) throw malformed(file, `${path}.bbox`, undefined, 'x, y, width, height');
    return { ...shared, area, isRectangle: false };
  }
  const [x = NaN, y = NaN, w = NaN, h = NaN] = bboxOf(record, file, path);
  const outline = checkedOutline(rectangleOutline(x, y, x + w, y + h), `${where}.bbox`);
  return { ...shared, area: { kind: 'polygons', parts: [outline] }, isRectangle: true };
}

/** Run lengths, of which everything is checked before a pixel is made. */
function runsOf(
  { size, counts }: Record<string, unknown>,
  where: string,
  picture: { width: number; height: number } | undefined,
): DrawnArea {
  const bad = (what: string): DataError =>
    new DataError('list-malformed', `its mask ${what}.`, {
      where,
      fix: 'export the labels again, or correct this entry',
    });
  const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0;
  const [height, width] = Array.isArray(size) ? (size as unknown[]) : [];
  if (!isCount(height) || !isCount(width)) {
    throw bad('has no size [height, width] in whole pixels');
  }
  if (picture && (picture.width !== width || picture.height !== height)) {
    throw bad(`is ${width}x${height}, its picture ${picture.width}x${picture.height}`);
  }
  let runs: unknown = counts;
  if (typeof counts === 'string') {
    try {
      runs = decodeCocoCounts(counts, width * height + 1);
    } catch (error) {
      if (error instanceof RangeError) throw bad(`is damaged (${error.message})`);
      throw error;
    }
  }
  if (!Array.isArray(runs) || !runs.every(isCount)) {
    throw bad('has no run lengths: counts must be a list of whole numbers, or COCO text');
  }
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (total !== width * height) {
    throw bad(`has run lengths of ${total} pixels together, expected ${width * height}`);
  }
  return { kind: 'runs', counts: runs, width, height, where };
}
