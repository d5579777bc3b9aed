/**
 * What a labelled photograph is here, and the checks every loader applies to its boxes.
 * Boxes are `[x1, y1, x2, y2]` in pixels of the stored picture, 0-based with inclusive corners:
 * width = x2 - x1 + 1 (docs/spec.md 1.4). `x y w h` lists become `[x, y, x + w - 1, y + h - 1]`.
 */
import { DataError } from '../errors.js';

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
  box: Box;
  /** Neither a positive nor background: detections here are not judged. */
  ignore: boolean;
  /** Marked unusable by the data set itself (WIDER's `invalid`). */
  invalid: boolean;
  attributes?: FaceAttributes;
}

/** Pixel labels of a sample: PNG files of the picture's size. */
export interface SegmentationFiles {
  /** White = occluder over the face. */
  maskFile: string;
  /** White = face region (visible face and what covers it). */
  faceFile?: string;
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
  /** Data set name, used for sampling weights and reports. */
  source: string;
}

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
  /** Boxes under 1 px (also after cutting), left out. */
  dropped: number;
  /** The first 20 repairs in words. */
  notes: string[];
}

export function newLoadReport(): LoadReport {
  return { images: 0, faces: 0, clipped: 0, dropped: 0, notes: [] };
}

function note(report: LoadReport, text: string): void {
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

/** The box enlarged about its centre and cut to the picture (docs/spec.md 4.3, factor 1.3). */
export function enlargeBox(box: Readonly<Box>, factor: number, width: number, height: number): Box {
  const w = boxWidth(box);
  const h = boxHeight(box);
  const cx = (box[0] + box[2]) / 2;
  const cy = (box[1] + box[3]) / 2;
  const halfW = (factor * w - 1) / 2;
  const halfH = (factor * h - 1) / 2;
  return [
    Math.max(0, cx - halfW),
    Math.max(0, cy - halfH),
    Math.min(width - 1, cx + halfW),
    Math.min(height - 1, cy + halfH),
  ];
}
