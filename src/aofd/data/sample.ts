/**
 * What a labelled photograph is here, and the checks every loader applies to its boxes.
 * Boxes are `[x1, y1, x2, y2]` in pixels of the stored picture, 0-based with inclusive corners:
 * width = x2 - x1 + 1 (docs/spec.md 1.4). `x y w h` lists become `[x, y, x + w - 1, y + h - 1]`.
 */
import { DataError } from '../errors.js';
import type { DrawnArea } from './drawn/area.js';

/** Inclusive corners in pixels. */
export type Box = [x1: number, y1: number, x2: number, y2: number];

/** How a face is covered, where the data set says so. */
export type Cover = 'masked' | 'unmasked' | 'incorrect';

/** Labels beside the box; absent when unknown. The numbers are WIDER FACE's codes. */
export interface FaceAttributes {
  cover?: Cover;
  blur?: number;
  expression?: number;
  illumination?: number;
  occlusion?: number;
  pose?: number;
  /** Occluded share of the face region, 0..1. */
  occludedShare?: number;
}

export interface FaceBox {
  /** Inside the picture. */
  box: Box;
  /** The whole box of a face that the picture's border cuts, where that is known. */
  whole?: Box;
  /** Neither a positive nor background: detections here are not judged. */
  ignore: boolean;
  /** Marked unusable by the data set itself (WIDER's `invalid`). */
  invalid: boolean;
  attributes?: FaceAttributes;
  /** All of the face, covered parts too, where a person outlined it. */
  outline?: DrawnArea;
}

/** Pixel labels of a sample: PNG files of the picture's size. */
export interface SegmentationFiles {
  /** White = occluder over the face. */
  maskFile: string;
  /** White = face region (visible face and what covers it). */
  faceFile?: string;
}

/** What a class of a pixel map means for the face it lies on (face-parts.ts). */
export type PixelRole =
  /** Visible face: skin, nose, eyes, brows, lips, mouth. */
  | 'visible'
  /** Covers the face wherever it lies in the face region: glasses. */
  | 'cover'
  /** Covers the face where it reaches clearly into the region: hair, hat, cloth, background. */
  | 'overhang'
  /** Neither: ears, neck, jewellery. */
  | 'other';

/** A file with a class per pixel. */
export interface PixelMap {
  /** PNG with a palette (index = class), or a MATLAB 5 file with the variable `groundtruth`. */
  file: string;
  /** Role of each class number; numbers beyond the list are 'other'. */
  roles: readonly PixelRole[];
  /** 'portrait': all of the picture is labelled; 'largest-face': only the person with that face. */
  extent: 'portrait' | 'largest-face';
}

/** One photograph with its faces. */
export interface Sample {
  id: string;
  /** Path of the picture. */
  file: string;
  width?: number;
  height?: number;
  faces: FaceBox[];
  segmentation?: SegmentationFiles;
  pixelMap?: PixelMap;
  /** What covers faces, drawn by a person who looked at every face of the picture. */
  occluders?: readonly DrawnArea[];
  /** Regions without a face that look as if there were one (heads from behind): background. */
  decoys?: Box[];
  /** Data set name, used for sampling weights and reports. */
  source: string;
}

/** Whether all of the picture's faces have pixel labels, as portraits have. */
export const isPortrait = ({ segmentation, pixelMap, occluders }: Sample): boolean =>
  segmentation !== undefined || pixelMap?.extent === 'portrait' || occluders !== undefined;

/** 8-bit picture: `data` is RGB, row-major [H, W, 3]. */
export interface DecodedImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Counts of what a loader repaired or left out; pass one to a loader to receive them. */
export interface LoadReport {
  images: number;
  faces: number;
  /** Boxes cut to the picture. */
  clipped: number;
  /** Boxes under 1 px (also after cutting), and faces that the settings leave out. */
  dropped: number;
  /** Faces and regions that are neither positive nor background. */
  ignored: number;
  /** Regions known to hold no face. */
  decoys: number;
  /** Pictures left out because they are missing, damaged or not of the stated size. */
  broken: number;
  /** Pictures that EXIF turns; their boxes are taken as of the stored pixels. */
  turned: number;
  /** Files and names that come to nothing, by kind in words: how many (sets/passed-over.ts). */
  passedOver: Map<string, number>;
  /** The first 20 repairs in words. */
  notes: string[];
}

export function newLoadReport(): LoadReport {
  return {
    images: 0,
    faces: 0,
    clipped: 0,
    dropped: 0,
    ignored: 0,
    decoys: 0,
    broken: 0,
    turned: 0,
    passedOver: new Map(),
    notes: [],
  };
}

/** Keeps the first 20 notes. */
export function note(report: LoadReport, text: string): void {
  if (report.notes.length < 20) report.notes.push(text);
}

/**
 * Turns `x, y, w, h` (w = number of pixel columns) into a checked inclusive box.
 * @returns null when the box is under 1 px in a direction (counted in the report)
 * @throws DataError on a non-finite number or a negative size, naming `where`
 */
export function checkedBox(
  xywh: readonly number[],
  size: { width: number; height: number } | undefined,
  where: string,
  report: LoadReport,
): Box | null {
  const [x = NaN, y = NaN, w = NaN, h = NaN] = xywh;
  if (![x, y, w, h].every(Number.isFinite)) {
    throw new DataError(
      'box-invalid',
      `face box has a value that is not a finite number (got ${xywh.join(' ')}).`,
      { where, fix: 'correct or remove this line of the annotation file' },
    );
  }
  if (w < 0 || h < 0) {
    throw new DataError(
      'box-invalid',
      `face box has a negative size (got x y w h = ${x} ${y} ${w} ${h}).`,
      { where, fix: 'correct or remove this line; boxes are x y width height, not two corners' },
    );
  }
  let [x1, y1, x2, y2]: Box = [x, y, x + w - 1, y + h - 1];
  if (size) {
    const before = [x1, y1, x2, y2];
    x1 = Math.max(0, x1);
    y1 = Math.max(0, y1);
    x2 = Math.min(size.width - 1, x2);
    y2 = Math.min(size.height - 1, y2);
    if (before[0] !== x1 || before[1] !== y1 || before[2] !== x2 || before[3] !== y2) {
      report.clipped++;
    }
  }
  // 1e-6: lists rounded to decimals may state a full pixel as 0.9999999.
  if (x2 - x1 + 1 < 1 - 1e-6 || y2 - y1 + 1 < 1 - 1e-6) {
    report.dropped++;
    note(report, `${where}: box ${x} ${y} ${w} ${h} is under 1 px inside the picture, left out`);
    return null;
  }
  return [x1, y1, x2, y2];
}

export const boxWidth = (box: Readonly<Box>): number => box[2] - box[0] + 1;
export const boxHeight = (box: Readonly<Box>): number => box[3] - box[1] + 1;
/** The shorter side in pixels. */
export const boxShortSide = (box: Readonly<Box>): number => Math.min(boxWidth(box), boxHeight(box));

/** What of a box lies inside the picture; without width or height where nothing does. */
export function clipBox(
  [x1, y1, x2, y2]: Readonly<Box>,
  { width, height }: { width: number; height: number },
): Box {
  return [Math.max(0, x1), Math.max(0, y1), Math.min(width - 1, x2), Math.min(height - 1, y2)];
}

/** The box enlarged about its centre and cut to the picture (docs/spec.md 4.3, factor 1.3). */
export function enlargeBox(box: Readonly<Box>, factor: number, width: number, height: number): Box {
  const w = boxWidth(box);
  const h = boxHeight(box);
  const cx = (box[0] + box[2]) / 2;
  const cy = (box[1] + box[3]) / 2;
  const halfW = (factor * w - 1) / 2;
  const halfH = (factor * h - 1) / 2;
  return clipBox([cx - halfW, cy - halfH, cx + halfW, cy + halfH], { width, height });
}

export const boxArea = (box: Readonly<Box>): number => boxWidth(box) * boxHeight(box);

/** Middle of the box in edge coordinates (pixel 0 spans 0..1). */
export const boxCentre = (box: Readonly<Box>): [x: number, y: number] => [
  (box[0] + box[2] + 1) / 2,
  (box[1] + box[3] + 1) / 2,
];

/** Whether the point (edge coordinates) lies in the box. */
export const contains = (box: Readonly<Box>, [x, y]: readonly [number, number]): boolean =>
  x >= box[0] && x < box[2] + 1 && y >= box[1] && y < box[3] + 1;

/** Common area of two boxes, px². */
export function overlapArea(a: Readonly<Box>, b: Readonly<Box>): number {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  return w > 0 && h > 0 ? w * h : 0;
}

/**
 * The part of a face's box inside the picture; what is cut off stays known as `whole`.
 * @returns null when less than 1 px of it is inside
 */
export function clipFace(
  face: FaceBox,
  size: { width: number; height: number },
  report: LoadReport,
): FaceBox | null {
  const box = clipBox(face.box, size);
  if (box.every((v, i) => v === face.box[i])) return face;
  if (boxShortSide(box) < 1) {
    report.dropped++;
    return null;
  }
  report.clipped++;
  return { ...face, box, whole: face.box };
}
