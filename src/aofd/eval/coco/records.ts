/** Judged detections of a data set by COCO's rules, and the figures made of them. */
import { detectionOrder, recordsInOrder, type ScoredRecords } from '../statistics/records.js';
import { weightedAp, weightedRecall } from '../statistics/weighted-ap.js';
import { cocoOverlaps, judgedDetections, matchCoco } from './match.js';
import {
  COCO_IOUS,
  COCO_MAX_DETECTIONS,
  COCO_RANGES,
  type CocoDetection,
  type CocoImage,
  type CocoRange,
  type CocoTruth,
} from './set.js';

export interface CocoSettings {
  /**
   * Categories that are judged apart; null judges all objects as one category (`useCats = 0`).
   */
  categories: readonly number[] | null;
  ranges?: readonly CocoRange[];
  thresholds?: readonly number[];
  /** Detections per picture and category at most, rising; AP takes the last. */
  maxDetections?: readonly number[];
}

/** The records of one category, size range and limit of detections. */
export interface CocoCell {
  /** null: all categories as one. */
  category: number | null;
  range: string;
  maxDetections: number;
  /** Objects that count. */
  positives: number;
  /** One per threshold. */
  records: readonly ScoredRecords[];
}

/** Judges a data set; the order of images decides between equal scores. */
export function cocoCells(images: readonly CocoImage[], settings: CocoSettings): CocoCell[] {
  return (settings.categories ?? [null]).flatMap((category) =>
    cellsOfCategory(
      images.map((image) => selectCategory(image, category)),
      category,
      settings,
    ),
  );
}

function cellsOfCategory(
  images: readonly CocoImage[],
  category: number | null,
  settings: CocoSettings,
): CocoCell[] {
  const {
    ranges = COCO_RANGES,
    thresholds = COCO_IOUS,
    maxDetections = COCO_MAX_DETECTIONS,
  } = settings;
  const limit = Math.max(...maxDetections);
  const prepared = images.map(({ truths, detections }) => {
    const judged = judgedDetections(detections, limit);
    return { truths, judged, overlaps: cocoOverlaps(judged, truths) };
  });
  const order = detectionOrder(prepared.map(({ judged }) => judged.map((found) => found.score)));
  return ranges.flatMap((range) => {
    const matches = prepared.map(({ truths, judged, overlaps }) =>
      matchCoco(judged, truths, overlaps, range, thresholds),
    );
    const positives = matches.map((match) => match.positives);
    return maxDetections.map((most) => ({
      category,
      range: range.name,
      maxDetections: most,
      positives: positives.reduce((sum, n) => sum + n, 0),
      records: thresholds.map((_, t) =>
        recordsInOrder(
          order,
          matches.map(({ outcome }, i) => {
            const count = prepared[i]!.judged.length;
            return outcome.subarray(t * count, (t + 1) * count);
          }),
          positives,
          most,
        ),
      ),
    }));
  });
}

/** One category of a picture; for all as one, ordered by category as the reference does. */
function selectCategory(image: CocoImage, category: number | null): CocoImage {
  const select = <T extends CocoTruth | CocoDetection>(list: readonly T[]): T[] =>
    category === null
      ? [...list].sort((a, b) => a.category - b.category)
      : list.filter((item) => item.category === category);
  return { truths: select(image.truths), detections: select(image.detections) };
}

/** Mean of a figure over cells and thresholds that have objects; NaN where none has. */
function meanOver(
  recordLists: readonly ScoredRecords[],
  figure: (records: ScoredRecords) => number,
): number {
  let sum = 0;
  let count = 0;
  for (const records of recordLists) {
    const value = figure(records);
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** Mean AP (101 points) over lists of records, image i counting `weights[i]` times. */
export function meanAp(recordLists: readonly ScoredRecords[], weights: Float64Array): number {
  return meanOver(recordLists, (records) => weightedAp(records, weights, '101-point'));
}

/** Mean recall over lists of records. */
export function meanRecall(recordLists: readonly ScoredRecords[], weights: Float64Array): number {
  return meanOver(recordLists, (records) => weightedRecall(records, weights));
}

/** COCO's twelve figures; NaN (the reference prints -1) where no object of a size is there. */
export interface CocoSummary {
  ap: number;
  ap50: number;
  ap75: number;
  apSmall: number;
  apMedium: number;
  apLarge: number;
  ar1: number;
  ar10: number;
  ar100: number;
  arSmall: number;
  arMedium: number;
  arLarge: number;
}

/** The figures of cells made with COCO's own ranges, thresholds and limits. */
export function summarizeCoco(cells: readonly CocoCell[]): CocoSummary {
  const images = cells[0]?.records[0]?.positives.length ?? 0;
  const ones = new Float64Array(images).fill(1);
  const lists = (range: string, most: number, threshold?: number): ScoredRecords[] =>
    cells
      .filter((cell) => cell.range === range && cell.maxDetections === most)
      .flatMap((cell) => (threshold === undefined ? cell.records : [cell.records[threshold]!]));
  return {
    ap: meanAp(lists('all', 100), ones),
    ap50: meanAp(lists('all', 100, 0), ones),
    ap75: meanAp(lists('all', 100, 5), ones),
    apSmall: meanAp(lists('small', 100), ones),
    apMedium: meanAp(lists('medium', 100), ones),
    apLarge: meanAp(lists('large', 100), ones),
    ar1: meanRecall(lists('all', 1), ones),
    ar10: meanRecall(lists('all', 10), ones),
    ar100: meanRecall(lists('all', 100), ones),
    arSmall: meanRecall(lists('small', 100), ones),
    arMedium: meanRecall(lists('medium', 100), ones),
    arLarge: meanRecall(lists('large', 100), ones),
  };
}
