/** Objects that a person drew, from any tool, put into a sample: faces and what covers them. */
import { DataError } from '../../errors.js';
import type { DrawnArea } from '../drawn/area.js';
import { extentOf, type Outline } from '../drawn/polygons.js';
import { checkedBox, type FaceBox, type LoadReport, type Sample } from '../sample.js';
import { coverOf, isFace, meaningOf, type ClassMap } from './classes.js';

/** One object, checked for its form. */
export interface DrawnObject {
  label: string;
  area: DrawnArea;
  /** A rectangle says where a face is, but not which of its pixels. */
  isRectangle: boolean;
  /** x, y, w, h in pixels where the tool states it; else it comes from the outline. */
  bbox?: readonly number[] | undefined;
  /** A face that is neither to be found nor to be missed. */
  ignore: boolean;
  /** File and place in it. */
  where: string;
}

/** How much further than the picture a corner may lie; more is a mistake. */
const MOST_EDGE = 1e6;

/**
 * Adds an object to `sample`: a face, an occluder, or nothing, as its label means.
 * @throws DataError for a label of unknown meaning or a box that is none
 */
export function addDrawnObject(
  sample: Sample & { occluders: DrawnArea[] },
  object: DrawnObject,
  options: {
    classes: ClassMap | undefined;
    size: { width: number; height: number } | undefined;
    report: LoadReport;
  },
): void {
  const meaning = meaningOf(options.classes, object.label, object.where);
  if (meaning === 'occluder') {
    sample.occluders.push(object.area);
    return;
  }
  if (!isFace(meaning)) return;
  const box = checkedBox(objectExtent(object), options.size, object.where, options.report);
  if (!box) return;
  const cover = coverOf(meaning);
  const face: FaceBox = {
    box,
    ignore: object.ignore,
    invalid: false,
    ...(cover ? { attributes: { cover } } : {}),
    ...(object.isRectangle ? {} : { outline: object.area }),
  };
  sample.faces.push(face);
}

/** x, y, w, h of an object in pixels; NaN where neither the tool nor an outline says it. */
export const objectExtent = ({ bbox, area }: DrawnObject): readonly number[] =>
  bbox ?? (area.kind === 'polygons' ? extentOf(area.parts) : [NaN]);

/**
 * An outline of at least three corners with finite coordinates.
 * @throws DataError naming the place
 */
export function checkedOutline(numbers: readonly unknown[], where: string): Outline {
  const isGood = numbers.every((v) => typeof v === 'number' && Math.abs(v) <= MOST_EDGE);
  if (isGood && numbers.length >= 6 && numbers.length % 2 === 0) return numbers as Outline;
  const what = !isGood
    ? `has a coordinate that is no number of pixels`
    : `has ${numbers.length} numbers, expected x and y of at least 3 corners`;
  throw new DataError('list-malformed', `its outline ${what}.`, {
    where,
    fix: 'draw this shape again, or delete it',
  });
}

/** Corners of a rectangle, from two opposite ones. */
export const rectangleOutline = (x1: number, y1: number, x2: number, y2: number): number[] => [
  ...[x1, y1],
  ...[x2, y1],
  ...[x2, y2],
  ...[x1, y2],
];
