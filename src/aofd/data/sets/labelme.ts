/**
 * Folders of labelme files (and of X-AnyLabeling, which writes the same): a JSON file a picture with `shapes`,
 * of which polygons, rectangles, circles and masks are areas. Shapes with the same label and `group_id` are
 * parts of one object. A flag `ignore` of a shape makes a face that is not learned from.
 */
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import type { DrawnArea } from '../drawn/area.js';
import { circleOutline } from '../drawn/polygons.js';
import { bitmapSize } from '../files/decode-bitmap.js';
import { filesBelow } from '../files/folder-files.js';
import { newLoadReport, type LoadReport, type Sample } from '../sample.js';
import type { ClassMap } from './classes.js';
import {
  addDrawnObject,
  checkedOutline,
  objectExtent,
  rectangleOutline,
  type DrawnObject,
} from './drawn-objects.js';
import { readSizeLeniently } from './image-size.js';
import { asList, asRecord, isFlagSet, malformed } from './json-checks.js';
import { labelledPicture } from './labelled-picture.js';
import { stem } from './names.js';
import { checkListed, readJson } from './text-file.js';

export interface LabelmeOptions {
  /** Folder that holds the pictures. */
  imageRoot: string;
  /** Data set name of the samples. */
  source: string;
  /** Label to meaning; without it `face` and `occluder` mean themselves. */
  classes?: ClassMap;
  isLenient?: boolean;
  report?: LoadReport;
}

/** Loads every *.json of a folder and the folders in it. Throws DataError naming file and shape. */
export function loadLabelme(folder: string, options: LabelmeOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const samples = filesBelow(folder, 'label')
    .filter((name) => /\.json$/i.test(name))
    .map((name) => readLabels(join(folder, name), options, report));
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}

function readLabels(file: string, options: LabelmeOptions, report: LoadReport): Sample {
  checkListed(file);
  const root = asRecord(readJson(file), file, '$');
  const shapes = asList(root['shapes'], file, 'shapes');
  const { imagePath } = root;
  if (typeof imagePath !== 'string' || imagePath === '') {
    throw malformed(file, 'imagePath', imagePath, 'the name of the picture');
  }
  const picture = labelledPicture(imagePath, {
    labelFile: file,
    folder: options.imageRoot,
    where: `${file}: imagePath`,
  });
  const size = statedSize(root, file) ?? readSizeLeniently(picture, options.isLenient);
  const sample = {
    id: stem(file),
    file: picture,
    ...size,
    faces: [],
    occluders: [] as DrawnArea[],
    source: options.source,
  };
  const objects = shapes.map((shape, i) => objectOf(shape, file, i, size));
  for (const object of joinGroups(objects)) {
    addDrawnObject(sample, object, { classes: options.classes, size, report });
  }
  return sample;
}

/** Old files lack the size. */
function statedSize(
  { imageWidth, imageHeight }: Record<string, unknown>,
  file: string,
): { width: number; height: number } | undefined {
  if (imageWidth == null || imageHeight == null) return undefined;
  const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;
  if (isSize(imageWidth) && isSize(imageHeight)) return { width: imageWidth, height: imageHeight };
  throw malformed(file, 'imageWidth, imageHeight', [imageWidth, imageHeight], 'pixels');
}

type GroupedObject = DrawnObject & { group: unknown };

function objectOf(
  item: unknown,
  file: string,
  index: number,
  size: { width: number; height: number } | undefined,
): GroupedObject {
  const path = `shapes[${index}]`;
  const where = `${file}: ${path}`;
  const shape = asRecord(item, file, path);
  const { label, group_id: group, flags } = shape;
  if (typeof label !== 'string') throw malformed(file, `${path}.label`, label, 'a label');
  const ignore =
    flags != null && isFlagSet(asRecord(flags, file, `${path}.flags`), 'ignore', file, path);
  const points = asList(shape['points'], file, `${path}.points`);
  const numbers = points.flatMap((point, i) => {
    const xy = asList(point, file, `${path}.points[${i}]`);
    if (xy.length !== 2) throw malformed(file, `${path}.points[${i}]`, xy, 'x and y');
    return xy;
  });
  return { label, ignore, where, group, ...areaOf(shape, numbers, where, size) };
}

/** What the kinds of shapes cover. */
function areaOf(
  { shape_type: type, mask }: Record<string, unknown>,
  numbers: readonly unknown[],
  where: string,
  size: { width: number; height: number } | undefined,
): Pick<DrawnObject, 'area' | 'isRectangle' | 'bbox'> {
  const polygon = (outline: readonly unknown[], isRectangle = false) => ({
    area: { kind: 'polygons' as const, parts: [checkedOutline(outline, where)] },
    isRectangle,
  });
  const [x1, y1, x2, y2] = numbers as number[];
  switch (type ?? 'polygon') {
    case 'polygon':
    case 'rotation':
    case 'oriented_rectangle':
      return polygon(numbers);
    case 'rectangle': {
      // Two opposite corners; X-AnyLabeling writes all four.
      const corners = numbers.length === 4 ? rectangleOutline(x1!, y1!, x2!, y2!) : numbers;
      return polygon(corners, true);
    }
    case 'circle':
      if (numbers.length === 4) {
        return polygon(circleOutline(x1!, y1!, Math.hypot(x2! - x1!, y2! - y1!)));
      }
      break;
    case 'mask':
      if (typeof mask === 'string' && numbers.length === 4) {
        return maskArea(mask, [x1!, y1!], where, size);
      }
      break;
    default:
  }
  throw new DataError(
    'list-malformed',
    `is a ${JSON.stringify(type ?? 'polygon').slice(0, 40)} of ${numbers.length / 2} points, which covers nothing that can be read here.`,
    { where, fix: 'draw it as a polygon, rectangle, circle or mask' },
  );
}

/** A mask lies with its left top pixel at the first point; its own size counts, as in labelme. */
function maskArea(
  png: string,
  [left, top]: readonly [number, number],
  where: string,
  size: { width: number; height: number } | undefined,
): Pick<DrawnObject, 'area' | 'isRectangle' | 'bbox'> {
  const [x, y] = [Math.round(left), Math.round(top)];
  if (!Number.isSafeInteger(x) || !Number.isSafeInteger(y)) {
    throw malformedPoints(where);
  }
  // The first bytes hold the size: 24 of them are 32 characters.
  const head = Buffer.from(png.slice(0, 48), 'base64');
  const most = size ?? { width: 65535, height: 65535 };
  const { width, height } = bitmapSize(head, where, most);
  return {
    area: { kind: 'bitmap', png, x, y, where },
    isRectangle: false,
    bbox: [x, y, width, height],
  };
}

const malformedPoints = (where: string): DataError =>
  new DataError('list-malformed', 'its points are no numbers of pixels.', {
    where,
    fix: 'draw this shape again, or delete it',
  });

/** Shapes of one group and label become parts of one object; everything else stays as it is. */
function joinGroups(objects: readonly GroupedObject[]): DrawnObject[] {
  const joined: DrawnObject[] = [];
  const byGroup = new Map<string, DrawnObject>();
  for (const { group, ...object } of objects) {
    const key = JSON.stringify([group, object.label]);
    const known = group == null ? undefined : byGroup.get(key);
    if (known) {
      addPart(known, object);
      continue;
    }
    joined.push(object);
    if (group != null) byGroup.set(key, object);
  }
  return joined;
}

function addPart(known: DrawnObject, part: DrawnObject): void {
  const [x = NaN, y = NaN, w = NaN, h = NaN] = objectExtent(known);
  const [px = NaN, py = NaN, pw = NaN, ph = NaN] = objectExtent(part);
  const [left, top] = [Math.min(x, px), Math.min(y, py)];
  known.bbox = [left, top, Math.max(x + w, px + pw) - left, Math.max(y + h, py + ph) - top];
  known.area = joinedArea(known.area, part.area);
  known.isRectangle &&= part.isRectangle;
  known.ignore ||= part.ignore;
}

function joinedArea(known: DrawnArea, part: DrawnArea): DrawnArea {
  if (known.kind === 'polygons' && part.kind === 'polygons') {
    return { kind: 'polygons', parts: [...known.parts, ...part.parts] };
  }
  const areas = known.kind === 'union' ? known.areas : [known];
  return { kind: 'union', areas: [...areas, part] };
}
