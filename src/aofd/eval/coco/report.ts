/** Tables and protocol lines of the COCO-style evaluation. */
import { averagePrecision, curveOf } from '../statistics/ap.js';
import { COCO_IOUS, meanAp, summarizeCoco, type CocoCell } from './index.js';
import { weightedAp } from '../statistics/bootstrap.js';
import type { LabelledSet } from './annotations.js';
import { judgeViews, scoreAtFalsePositives, sharesFrom, type FaceView } from './faces.js';
import { FALSE_PER_IMAGE, HEIGHT_RANGES, plainRecall, type Judged } from './judge.js';
import type { DetectionSet, Fact, ReportTable } from '../protocol.js';

/** Figures of each view at one IoU threshold. */
export function viewTable(judged: Judged, iou: number, score: number): ReportTable {
  const ones = onesOf(judged);
  const all = judged.views[0]!.records;
  const working = scoreAtFalsePositives(all, ones, FALSE_PER_IMAGE);
  return {
    title: `Faces at IoU ${iou}`,
    columns: [
      'faces that count',
      'number',
      'AP',
      '11-point AP',
      'recall, every box',
      `recall at ${FALSE_PER_IMAGE} false boxes per picture`,
      `recall at score ${score}`,
      `precision at score ${score}`,
    ],
    rows: judged.views.map(({ label, positives, records }) => {
      const at = sharesFrom(records, score, ones);
      return [
        label,
        positives,
        weightedAp(records, ones),
        averagePrecision(curveOf(records.scores, records.right, positives), '11-point'),
        plainRecall(records),
        sharesFrom(records, working, ones).recall,
        at.recall,
        at.precision,
      ];
    }),
    note:
      `${FALSE_PER_IMAGE} false boxes per picture are reached at score ` +
      `${Number.isFinite(working) ? working.toFixed(4) : '(never)'}. False boxes belong to no ` +
      'category and count in every view.',
  };
}

/** COCO's twelve figures. */
export function cocoTable(cells: readonly CocoCell[], title: string): ReportTable {
  const s = summarizeCoco(cells);
  return {
    title,
    columns: ['measure', 'IoU', 'area', 'detections per picture', 'value'],
    rows: [
      ['AP', '0.5 to 0.95', 'all', 100, s.ap],
      ['AP', '0.5', 'all', 100, s.ap50],
      ['AP', '0.75', 'all', 100, s.ap75],
      ['AP', '0.5 to 0.95', 'small', 100, s.apSmall],
      ['AP', '0.5 to 0.95', 'medium', 100, s.apMedium],
      ['AP', '0.5 to 0.95', 'large', 100, s.apLarge],
      ['AR', '0.5 to 0.95', 'all', 1, s.ar1],
      ['AR', '0.5 to 0.95', 'all', 10, s.ar10],
      ['AR', '0.5 to 0.95', 'all', 100, s.ar100],
      ['AR', '0.5 to 0.95', 'small', 100, s.arSmall],
      ['AR', '0.5 to 0.95', 'medium', 100, s.arMedium],
      ['AR', '0.5 to 0.95', 'large', 100, s.arLarge],
    ].map((row) => row.map(orNull)),
    note: 'small: area up to 32 x 32 px, medium: to 96 x 96 px, large: above. The reference evaluator prints -1 where this table has no value.',
  };
}

/** AP by the height of faces. */
export function heightTable(judged: Judged): ReportTable {
  const ones = onesOf(judged);
  return {
    title: 'Faces by height in the stored picture',
    columns: ['height', 'faces', 'AP at IoU 0.5', 'AP at IoU 0.5 to 0.95', 'recall at IoU 0.5'],
    rows: HEIGHT_RANGES.map(({ name }) => {
      const cell = judged.heightCells.find(({ range }) => range === name)!;
      const [first] = cell.records;
      return [
        name,
        cell.positives,
        meanAp([first!], ones),
        meanAp(cell.records, ones),
        plainRecall(first!),
      ].map(orNull);
    }),
    note: "COCO's rules (101 points, 100 boxes per picture): faces outside a range are ignored, and so are boxes outside it that take no face.",
  };
}

/** AP of each category, or null where detections name none. */
export function categoryTable(set: LabelledSet, judged: Judged): ReportTable | null {
  const { categoryCells } = judged;
  if (!categoryCells) return null;
  const ones = onesOf(judged);
  return {
    title: 'Categories apart',
    columns: ['category', 'objects', 'AP at IoU 0.5 to 0.95', 'AP at IoU 0.5', 'AP at IoU 0.75'],
    rows: categoryCells
      .filter((cell) => cell.range === 'all' && cell.maxDetections === 100)
      .map(({ category, positives, records }) =>
        [
          set.categories.get(category ?? 0) ?? String(category),
          positives,
          meanAp(records, ones),
          meanAp([records[0]!], ones),
          meanAp([records[5]!], ones),
        ].map(orNull),
      ),
    note: 'A detection is right only with the category of the object. 101 points, 100 boxes per picture and category.',
  };
}

/** AP of each view over IoU thresholds: how much of a difference is the tightness of boxes. */
export function sweepTable(
  set: LabelledSet,
  judged: Judged,
  views: readonly FaceView[],
): ReportTable {
  const ious = [0.3, 0.4, ...COCO_IOUS.map((iou) => Math.round(iou * 100) / 100)];
  const columns = ious.map((iou) =>
    judgeViews(set, judged.prepared, views, iou).map(({ records }) =>
      weightedAp(records, new Float64Array(records.positives.length).fill(1)),
    ),
  );
  return {
    title: 'AP by IoU threshold',
    columns: ['faces that count', ...ious.map((iou) => `IoU ${iou}`)],
    rows: views.map(({ label }, v) => [label, ...columns.map((values) => orNull(values[v]!))]),
    digits: 3,
    note: 'All points under the precision envelope.',
  };
}

function orNull<T extends string | number>(value: T): T | null {
  return typeof value === 'number' && Number.isNaN(value) ? null : value;
}

function onesOf(judged: Judged): Float64Array {
  return new Float64Array(judged.views[0]!.records.positives.length).fill(1);
}

/** The protocol in lines. */
export function protocolFacts(
  set: LabelledSet,
  detections: DetectionSet,
  { iou, score, ignoreFlags }: { iou: number; score: number; ignoreFlags: string },
): Fact[] {
  const counts = set.images.map((image) => detections.byImage.get(image.name)?.length ?? 0);
  const scores = [...detections.byImage.values()].flatMap((faces) => faces.map((f) => f.score));
  const total = counts.reduce((sum, n) => sum + n, 0);
  const lowest = scores.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const most = counts.reduce((best, n) => Math.max(best, n), 0);
  return [
    {
      name: 'boxes judged',
      value:
        `${total} in ${counts.filter((n) => n > 0).length} of ${set.images.length} pictures, at most ` +
        `${most} in one, lowest score ${total > 0 ? lowest : '(none)'}`,
    },
    {
      name: 'box convention',
      value: 'continuous corners: width = x2 - x1, in pixels of the stored picture',
    },
    {
      name: 'face AP',
      value:
        `class-agnostic; IoU at least ${iou}; greedy from the highest score, the best free face; all ` +
        'points under the precision envelope; every box is judged',
    },
    {
      name: 'ignored faces',
      value:
        'neither right nor wrong: faces flagged so, and in a view those of the other categories; any ' +
        'number of boxes may fall on one',
    },
    {
      name: 'COCO AP and AR',
      value:
        'the algorithm of pycocotools: IoU 0.5, 0.55, ..., 0.95, 101 recall points, at most 100 boxes ' +
        'per picture, an ignored face takes one box, a crowd any number; ' +
        (ignoreFlags === 'iscrowd'
          ? 'only iscrowd makes a face ignored, as in pycocotools'
          : 'both ignore and iscrowd make a face ignored (pycocotools itself passes over ignore: ' +
            '--ignore-flags iscrowd)'),
    },
    {
      name: 'working points',
      value: `score ${score}; and the score at which there are ${FALSE_PER_IMAGE} false boxes per picture`,
    },
  ];
}
