/** Tables, plots and protocol lines of the COCO-style evaluation. */
import type {
  DetectionSet,
  Evaluation,
  Fact,
  PlotSeries,
  ReportPlot,
  ReportTable,
} from '../protocol.js';
import { RECALL_PRECISION, sharePlot } from '../report/curves.js';
import { numberOrNull } from '../report/model.js';
import { averagePrecision, curveOf } from '../statistics/ap.js';
import type { Headline } from '../statistics/measures.js';
import { weightedAp } from '../statistics/weighted-ap.js';
import { judgeViews, scoreAtFalsePositives, sharesFrom, type JudgedView } from './faces.js';
import { findingsOf } from './findings.js';
import { recallByHeightTable, toldCoverTable } from './groups.js';
import { FALSE_PER_IMAGE, HEIGHT_RANGES, plainRecall, type JudgedCoco } from './judge.js';
import { meanAp, summarizeCoco, type CocoCell } from './records.js';
import { COCO_IOUS } from './set.js';

/** Everything that is made of a detector's judged results. */
export function cocoEvaluation(
  judged: JudgedCoco,
  detections: DetectionSet,
  headlines: readonly Headline[],
): Evaluation {
  const { set, views, categoryCells } = judged;
  const { iou } = judged.choices;
  const all = views[0]!;
  const working = scoreAtFalsePositives(all.records, onesOf(judged), FALSE_PER_IMAGE);
  const told = toldCoverTable(judged, detections);
  return {
    headlines,
    tables: [
      viewTable(judged),
      cocoTable(judged.faceCells, 'COCO figures, all categories as one'),
      ...(categoryCells && set.categories.size > 1
        ? [cocoTable(categoryCells, 'COCO figures, mean of categories')]
        : []),
      ...(categoryCells ? [categoryTable(judged, categoryCells)] : []),
      heightTable(judged),
      recallByHeightTable(judged),
      ...(told ? [told] : []),
      sweepTable(judged),
    ],
    plots: views.map((view) => curvePlot(view, detections.name, iou)),
    facts: protocolFacts(judged, detections),
    warnings: detections.warnings,
    findings: findingsOf(set, detections, all, working),
    files: [],
  };
}

/** Figures of each view at one IoU threshold. */
function viewTable(judged: JudgedCoco): ReportTable {
  const { iou, score } = judged.choices;
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
function cocoTable(cells: readonly CocoCell[], title: string): ReportTable {
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
    ].map((row) => row.map(numberOrNull)),
    note: 'small: area up to 32 x 32 px, medium: to 96 x 96 px, large: above. The reference evaluator prints -1 where this table has no value.',
  };
}

/** AP by the height of faces. */
function heightTable(judged: JudgedCoco): ReportTable {
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
      ].map(numberOrNull);
    }),
    note: "COCO's rules (101 points, 100 boxes per picture): faces outside a range are ignored, and so are boxes outside it that take no face.",
  };
}

/** AP of each category. */
function categoryTable(judged: JudgedCoco, categoryCells: readonly CocoCell[]): ReportTable {
  const ones = onesOf(judged);
  return {
    title: 'Categories apart',
    columns: ['category', 'objects', 'AP at IoU 0.5 to 0.95', 'AP at IoU 0.5', 'AP at IoU 0.75'],
    rows: categoryCells
      .filter((cell) => cell.range === 'all' && cell.maxDetections === 100)
      .map(({ category, positives, records }) =>
        [
          judged.set.categories.get(category ?? 0) ?? String(category),
          positives,
          meanAp(records, ones),
          meanAp([records[0]!], ones),
          meanAp([records[5]!], ones),
        ].map(numberOrNull),
      ),
    note: 'A detection is right only with the category of the object. 101 points, 100 boxes per picture and category.',
  };
}

/** AP of each view over IoU thresholds: how much of a difference is the tightness of boxes. */
function sweepTable(judged: JudgedCoco): ReportTable {
  const { set, views } = judged;
  const ious = [0.3, 0.4, ...COCO_IOUS.map((iou) => Math.round(iou * 100) / 100)];
  const columns = ious.map((iou) =>
    judgeViews(set, judged.prepared, views, iou).map(({ records }) =>
      weightedAp(records, new Float64Array(records.positives.length).fill(1)),
    ),
  );
  return {
    title: 'AP by IoU threshold',
    columns: ['faces that count', ...ious.map((iou) => `IoU ${iou}`)],
    rows: views.map(({ label }, v) => [
      label,
      ...columns.map((values) => numberOrNull(values[v]!)),
    ]),
    digits: 3,
    note: 'All points under the precision envelope.',
  };
}

function onesOf(judged: JudgedCoco): Float64Array {
  return new Float64Array(judged.set.images.length).fill(1);
}

/** Points of a precision-recall curve at most. */
const CURVE_POINTS = 400;

/** Precision over recall of a view. */
function curvePlot(view: JudgedView, name: string, iou: number): ReportPlot {
  const title = `Precision and recall, ${view.label} (IoU ${iou})`;
  const series: PlotSeries = { name, role: 'ours', points: curvePoints(view) };
  return sharePlot(`precision-recall-${view.key}`, title, RECALL_PRECISION, [series]);
}

/** The curve after each right box, thinned to some hundred points. */
function curvePoints({ records, positives }: JudgedView): PlotSeries['points'] {
  const points: [number, number][] = [];
  let hits = 0;
  for (let r = 0; r < records.right.length; r++) {
    if (records.right[r] === 0) continue;
    hits++;
    points.push([hits / positives, hits / (r + 1)]);
  }
  const step = Math.max(1, points.length / CURVE_POINTS);
  const kept: [number, number][] = [];
  for (let at = 0; at < points.length; at += step) kept.push(points[Math.floor(at)]!);
  const last = points[points.length - 1];
  if (last && kept[kept.length - 1] !== last) kept.push(last);
  return kept;
}

/** The protocol in lines. */
function protocolFacts({ set, choices }: JudgedCoco, detections: DetectionSet): Fact[] {
  const { iou, score, ignoreFlags } = choices;
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
