/** From annotations and detections of one picture to the IoU of every pair. */
import { type Ellipse, ellipseRegion } from './ellipse.js';
import type { Overlaps } from './match.js';
import { type Canvas, type Region, rectangleRegion, regionIou } from './region.js';

/**
 * Which pixels a detection's rectangle x1, y1, x2, y2 covers:
 * - `official`: round(x1) .. round(x2), both inclusive, as the C++ tool draws `left top width height`
 * - `exclusive`: round(x1) .. round(x2) - 1, at least one pixel
 * - `plus-one`: round(x1) .. round(x2 + 1), for files whose writer adds 1 to width and height
 */
export type BoxRule = 'official' | 'exclusive' | 'plus-one';

/** A detection: a rectangle, or an ellipse where it has one. */
export interface RegionSource {
  box: readonly [number, number, number, number];
  /** Major radius, minor radius, angle, centre x, centre y. */
  ellipse?: readonly [number, number, number, number, number];
}

/** One picture. */
export interface FddbPicture {
  ellipses: readonly Ellipse[];
  detections: readonly RegionSource[];
  /** null: regions are not cut at the border. */
  canvas: Canvas | null;
}

/** Variants of the official rules that some published files were made with. */
export interface RegionRules {
  /** Default `official`. */
  boxes?: BoxRule;
  /** Value that turns radians into degrees; default Math.PI, see `WINDOWS_PI`. */
  pi?: number;
}

/** IoU in pixels of every annotation with every detection. */
export function pictureOverlaps(picture: FddbPicture, rules: RegionRules = {}): Overlaps {
  const faces = picture.ellipses.length;
  const detections = picture.detections.length;
  const iou = new Float64Array(faces * detections);
  if (iou.length === 0) return { faces, detections, iou };
  const canvas = picture.canvas ?? unboundedCanvas(picture);
  const annotated = picture.ellipses.map((e) => ellipseRegion(e, canvas, rules.pi));
  picture.detections.forEach((detection, d) => {
    const region = detectionRegion(detection, canvas, rules);
    annotated.forEach((face, f) => (iou[f * detections + d] = regionIou(face, region)));
  });
  return { faces, detections, iou };
}

function detectionRegion(detection: RegionSource, canvas: Canvas, rules: RegionRules): Region {
  if (detection.ellipse) return ellipseRegion(ellipseOf(detection.ellipse), canvas, rules.pi);
  const [x1, y1, x2, y2] = detection.box;
  switch (rules.boxes ?? 'official') {
    case 'official':
      return rectangleRegion([x1, y1, x2, y2], canvas);
    case 'plus-one':
      return rectangleRegion([x1, y1, x2 + 1, y2 + 1], canvas);
    case 'exclusive':
      return rectangleRegion([x1, y1, Math.max(x1, x2 - 1), Math.max(y1, y2 - 1)], canvas);
  }
}

function ellipseOf(values: readonly [number, number, number, number, number]): Ellipse {
  const [majorRadius, minorRadius, angle, centerX, centerY] = values;
  return { majorRadius, minorRadius, angle, centerX, centerY };
}

/** A canvas with room for every region. */
function unboundedCanvas(picture: FddbPicture): Canvas {
  let [left, top, right, bottom] = [0, 0, 1, 1];
  const include = (x1: number, y1: number, x2: number, y2: number): void => {
    left = Math.min(left, Math.floor(Math.min(x1, x2)) - 2);
    top = Math.min(top, Math.floor(Math.min(y1, y2)) - 2);
    right = Math.max(right, Math.ceil(Math.max(x1, x2)) + 3);
    bottom = Math.max(bottom, Math.ceil(Math.max(y1, y2)) + 3);
  };
  const includeEllipse = (e: Ellipse): void => {
    const r = Math.max(e.majorRadius, e.minorRadius);
    include(e.centerX - r, e.centerY - r, e.centerX + r, e.centerY + r);
  };
  picture.ellipses.forEach(includeEllipse);
  for (const { box, ellipse } of picture.detections) {
    if (ellipse) includeEllipse(ellipseOf(ellipse));
    else include(...box);
  }
  return { left, top, width: right - left, height: bottom - top };
}
