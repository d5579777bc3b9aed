/** What the COCO-style protocol needs to know of a set, and the ranges and limits of COCO's measure. */
import type { EvalImage } from '../protocol.js';

/** A picture with its labelled objects. */
export interface LabelledImage extends EvalImage {
  /** COCO's id, or the place in a text list. */
  id: number;
  truths: readonly CocoTruth[];
}

/** A set as its label file has it. */
export interface LabelledSet {
  /** E.g. `masked/val`. */
  name: string;
  labelFile: string;
  /** Sorted by id, as the reference evaluator goes through them. */
  images: readonly LabelledImage[];
  categories: ReadonlyMap<number, string>;
  warnings: readonly string[];
}

/** Left, top, width, height in pixels, corners continuous. */
export type CocoBox = readonly [x: number, y: number, width: number, height: number];

/** A labelled object. */
export interface CocoTruth {
  box: CocoBox;
  /** Area that size ranges go by: of the segmentation in COCO, else width times height. */
  area: number;
  category: number;
  /** A region of many objects: any number of detections may fall on it, measured by their own area. */
  isCrowd: boolean;
  /** Neither right nor wrong to find; takes one detection. Crowds must be ignored too. */
  isIgnored: boolean;
}

/** A detected object. */
export interface CocoDetection {
  box: CocoBox;
  score: number;
  category: number;
}

/** One picture. */
export interface CocoImage {
  truths: readonly CocoTruth[];
  detections: readonly CocoDetection[];
}

/** Objects that count by their size; both ends belong to the range. */
export interface CocoRange {
  name: string;
  /** Pixels squared, or pixels. */
  measure: 'area' | 'height';
  low: number;
  high: number;
}

/** COCO's ranges of area: all, small (to 32 x 32), medium (to 96 x 96), large. */
export const COCO_RANGES: readonly CocoRange[] = [
  { name: 'all', measure: 'area', low: 0, high: 1e10 },
  { name: 'small', measure: 'area', low: 0, high: 1024 },
  { name: 'medium', measure: 'area', low: 1024, high: 9216 },
  { name: 'large', measure: 'area', low: 9216, high: 1e10 },
];

/** 0.5, 0.55, ..., 0.95 as numpy's linspace rounds them. */
export const COCO_IOUS: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** Detections per picture and category that are judged, for AR; AP takes the last. */
export const COCO_MAX_DETECTIONS: readonly number[] = [1, 10, 100];
