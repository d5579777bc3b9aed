/** Judges detections on a labelled set: views of faces, and COCO's cells. */
import type { DetectionSet } from '../protocol.js';
import { pooledStatistic } from '../statistics/bootstrap.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import { poolRecords, type ScoredRecords } from '../statistics/records.js';
import { weightedAp, weightedRecall } from '../statistics/weighted-ap.js';
import {
  judgeViews,
  prepareFaces,
  scoreAtFalsePositives,
  sharesFrom,
  viewsOf,
  type JudgedView,
  type PreparedFaces,
} from './faces.js';
import { cocoCells, meanAp, type CocoCell } from './records.js';
import { COCO_RANGES, type CocoImage, type CocoRange, type LabelledSet } from './set.js';

/** False boxes per picture at the working point that needs no common scale of scores. */
export const FALSE_PER_IMAGE = 0.1;

/** Faces by their height in the stored picture, px. */
export const HEIGHT_RANGES: readonly CocoRange[] = [0, 16, 32, 64, 128, 256].map((low, i, all) => {
  const next = all[i + 1];
  return {
    name: next === undefined ? `from ${low} px` : `${low} to ${next} px`,
    measure: 'height',
    low,
    // Ranges hold both ends; a face of exactly `next` belongs to the next one.
    high: next === undefined ? 1e5 : next - 1e-9,
  };
});

/** What the protocol leaves to the user. */
export interface CocoChoices {
  /** IoU of a found face, for face AP. */
  iou: number;
  /** Score of the working point in the table of faces. */
  score: number;
  /** Flags of COCO json that make a face ignored. */
  ignoreFlags: 'all' | 'iscrowd';
}

/** A detector's results, judged. */
export interface JudgedCoco {
  set: LabelledSet;
  choices: CocoChoices;
  prepared: PreparedFaces;
  /** All faces first. */
  views: readonly JudgedView[];
  /** All categories as one, COCO's ranges. */
  faceCells: readonly CocoCell[];
  /** All categories as one, ranges of height. */
  heightCells: readonly CocoCell[];
  /** Each category apart; null where detections name none, or others than the set's. */
  categoryCells: readonly CocoCell[] | null;
  /** All scores, falling. */
  scores: Float64Array;
}

/** Judges one detector in every view and cell. */
export function judgeCoco(
  set: LabelledSet,
  detections: DetectionSet,
  choices: CocoChoices,
): JudgedCoco {
  const found = set.images.map((image) => detections.byImage.get(image.name) ?? []);
  const images = set.images.map(({ truths }, i): CocoImage => ({
    truths,
    detections: found[i]!.map(({ box: [x1, y1, x2, y2], score, category }) => ({
      box: [x1, y1, x2 - x1, y2 - y1],
      score,
      category: category ?? 0,
    })),
  }));
  const prepared = prepareFaces(set, detections);
  const faces = found.flat();
  const isNamed =
    faces.length > 0 &&
    faces.every(({ category }) => category !== undefined && set.categories.has(category));
  return {
    set,
    choices,
    prepared,
    views: judgeViews(set, prepared, viewsOf(set.categories), choices.iou),
    faceCells: cocoCells(images, { categories: null }),
    heightCells: cocoCells(images, {
      categories: null,
      ranges: HEIGHT_RANGES,
      maxDetections: [100],
    }),
    categoryCells: isNamed
      ? cocoCells(images, { categories: [...set.categories.keys()].sort((a, b) => a - b) })
      : null,
    scores: prepared.order.scores,
  };
}

/** A figure of some lists of records. */
interface ListMeasure {
  key: string;
  label: string;
  lists: readonly ScoredRecords[];
  figure: (lists: readonly ScoredRecords[], weights: Float64Array) => number;
}

function listMeasures(judged: JudgedCoco): ListMeasure[] {
  const { iou } = judged.choices;
  const measures: ListMeasure[] = [];
  for (const view of judged.views) {
    measures.push({
      key: view.key === 'all' ? 'face-ap' : `face-ap-${view.key}`,
      label: `AP at IoU ${iou}, ${view.label}`,
      lists: [view.records],
      figure: ([records], weights) => weightedAp(records!, weights),
    });
  }
  const all = judged.views[0]!;
  for (const view of judged.views) {
    measures.push({
      key: view.key === 'all' ? 'face-recall' : `face-recall-${view.key}`,
      label: `recall at ${FALSE_PER_IMAGE} false boxes per picture, ${view.label}`,
      lists: [all.records, view.records],
      figure: ([every, records], weights) =>
        sharesFrom(records!, scoreAtFalsePositives(every!, weights, FALSE_PER_IMAGE), weights)
          .recall,
    });
  }
  const addCoco = (cells: readonly CocoCell[], key: string, what: string): void => {
    const lists = cells
      .filter((cell) => cell.range === COCO_RANGES[0]!.name && cell.maxDetections === 100)
      .map((cell) => cell.records);
    const at = (thresholds: readonly number[] | null, suffix: string, name: string): void => {
      measures.push({
        key: `${key}${suffix}`,
        label: `COCO ${name}${what}`,
        lists: lists.flatMap((list) => thresholds?.map((t) => list[t]!) ?? [...list]),
        figure: meanAp,
      });
    };
    at(null, '', 'AP at IoU 0.5 to 0.95');
    at([0], '50', 'AP at IoU 0.5');
    at([5], '75', 'AP at IoU 0.75');
  };
  addCoco(judged.faceCells, 'coco-ap', ', all categories as one');
  if (judged.categoryCells) {
    addCoco(judged.categoryCells, 'coco-category-ap', ', mean of categories');
  }
  return measures;
}

/** The headline figures of a detector. */
export function cocoMeasures(judged: JudgedCoco): Measure[] {
  return listMeasures(judged).map(({ key, label, lists, figure }) => ({
    key,
    label,
    statistic: (weights) => figure(lists, weights),
  }));
}

/** The figures that both detectors have, ready to be compared. */
export function pairedCocoMeasures(a: JudgedCoco, b: JudgedCoco): PairedMeasure[] {
  const ofB = new Map(listMeasures(b).map((measure) => [measure.key, measure]));
  return listMeasures(a).flatMap(({ key, label, lists, figure }) => {
    const other = ofB.get(key)?.lists;
    if (!other) return [];
    const pools = lists.map((records, i) => poolRecords(records, other[i]!, [a.scores, b.scores]));
    return {
      key,
      label,
      a: (weights) => figure(lists, weights),
      b: (weights) => figure(other, weights),
      pooled: pooledStatistic(a.set.images.length, (weights) => figure(pools, weights)),
    } satisfies PairedMeasure;
  });
}

/** Recall of a list of records on the images as they are. */
export function plainRecall(records: ScoredRecords): number {
  return weightedRecall(records, new Float64Array(records.positives.length).fill(1));
}
