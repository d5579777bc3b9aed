/** Tables, plots, files and findings of an evaluation on WIDER FACE or a set in its format. */
import type {
  DetectionSet,
  Evaluation,
  Finding,
  PlotSeries,
  ReportPlot,
  ReportTable,
} from '../protocol.js';
import { RECALL_PRECISION, sharePlot, shownPlaces } from '../report/curves.js';
import { groupTable } from '../report/groups.js';
import { averagePrecision, prCurve, type PrCurve } from '../statistics/ap.js';
import { sizeBins, type Grouping } from '../statistics/groups.js';
import type { Headline } from '../statistics/measures.js';
import { PLAIN_IOU, type JudgedWider } from './judge.js';
import { widerCurve, WIDER_THRESHOLDS, type WiderCurve } from './official.js';
import { WIDER_LABELS, type WiderLabel, type WiderSetting } from './set.js';

const MOST_FINDINGS = 200;

/** Heights of faces in pixels: the data set's own bins (10, 50, 300), the middle one split. */
export const HEIGHT_BINS = sizeBins([0, 10, 20, 50, 100, 300]);

/** Everything that is made of a detector's judged results. */
export function widerEvaluation(
  judged: JudgedWider,
  { name: detector }: DetectionSet,
  headlines: readonly Headline[],
): Evaluation {
  const { set } = judged;
  const curves = judged.events.map((events) => widerCurve(events));
  const plain = prCurve(judged.plain.images, { iou: PLAIN_IOU });
  const tables = [
    settingsTable(judged, curves),
    plainTable(judged),
    kindTable(judged),
    ...set.settings.flatMap((setting, s) => publishedTable(setting, curves[s]!.ap)),
  ];
  return {
    headlines,
    tables,
    plots: [
      ...set.settings.map((setting, s) => settingPlot(setting, curves[s]!, detector)),
      plainPlot(plain, detector),
    ],
    facts: factsOf(judged),
    warnings: warningsOf(judged),
    findings: [...falsePositives(judged), ...missedFaces(judged)],
    files: set.settings.map(({ name }, s) => ({
      name: `wider-pr-${name}.csv`,
      content: curveCsv(curves[s]!),
    })),
  };
}

function settingsTable(judged: JudgedWider, curves: readonly WiderCurve[]): ReportTable {
  const last = WIDER_THRESHOLDS - 1;
  return {
    title: 'Official WIDER FACE evaluation',
    columns: [
      'faces that count',
      'AP',
      'faces',
      'judged predictions',
      'found',
      'recall',
      'precision',
    ],
    rows: judged.set.settings.map(({ name }, s) => {
      const { ap, positives, proposals, hits, recall, precision } = curves[s]!;
      return [name, ap, positives, proposals[last]!, hits[last]!, recall[last]!, precision[last]!];
    }),
    note: 'Counts, recall and precision at the last of the 1000 thresholds, which takes every prediction.',
  };
}

function plainTable({ set, plain }: JudgedWider): ReportTable {
  const rows = [0.3, 0.4, 0.5, 0.6, 0.7].map((iou) => {
    const curve = prCurve(plain.images, { iou });
    return [
      `IoU ${iou}`,
      averagePrecision(curve),
      averagePrecision(curve, '11-point'),
      curve.recall[curve.recall.length - 1] ?? 0,
      curve.positives,
    ];
  });
  return {
    title: `Plain AP: faces under ${set.ignoreBelow} px and invalid ones neither right nor wrong`,
    columns: ['', 'AP, all points', 'AP, 11 points', 'recall', 'faces'],
    rows,
    note: 'Continuous corners, IoU at least as stated, each detection takes the best free face.',
  };
}

/** Recall by kind of face, for the labels that the set has. */
function kindTable(judged: JudgedWider): ReportTable {
  const { images } = judged.set;
  const { min, max } = judged.range;
  const unknown: string[] = [];
  const groupings: Grouping[] = [{ by: 'all', groups: ['all'], groupOf: () => 'all' }];
  for (const [label, groups] of Object.entries(WIDER_LABELS) as [WiderLabel, string[]][]) {
    const codeOf = (i: number, g: number): number => images[i]!.labels[label]?.[g] ?? -1;
    const isKnown = images.some(({ labels }) => labels[label]?.some((code) => code > 0));
    if (isKnown) groupings.push({ by: label, groups, groupOf: (i, g) => groups[codeOf(i, g)] });
    else unknown.push(label);
  }
  const heightOf = (i: number, g: number): number =>
    images[i]!.faces[4 * g + 3]! - images[i]!.faces[4 * g + 1]!;
  groupings.push({
    by: 'height, px',
    groups: HEIGHT_BINS.names,
    groupOf: (i, g) => HEIGHT_BINS.nameOf(heightOf(i, g)),
  });
  return groupTable(judged.faces, judged.allEvents, groupings, {
    matching: 'Official matching with every face counted.',
    scoreOf: (score) => min + score * (max - min),
    over: ' over all faces',
    more: unknown.length > 0 ? ` The set does not label ${unknown.join(', ')}.` : '',
  });
}

function publishedTable(setting: WiderSetting, ours: number): ReportTable[] {
  if (setting.published.length === 0) return [];
  const sorted = [...setting.published].sort((a, b) => b.ap - a.ap);
  return [
    {
      title: `Published curves, ${setting.name}`,
      columns: ['detector', 'AP', 'minus this one'],
      rows: sorted.map(({ name, ap }) => [name, ap, ap - ours]),
      note: 'AP of the curve files of the official evaluation tools.',
    },
  ];
}

function pointsOf({
  precision,
  recall,
}: Pick<WiderCurve, 'precision' | 'recall'>): PlotSeries['points'] {
  return shownPlaces(recall.length).flatMap((i): [number, number][] => {
    const isRepeat = i > 0 && recall[i] === recall[i - 1] && precision[i] === precision[i - 1];
    const isEmpty = !(recall[i]! > 0 || precision[i]! > 0);
    return isRepeat || isEmpty ? [] : [[recall[i]!, precision[i]!]];
  });
}

const seriesOf = (
  name: string,
  ap: number,
  curve: Pick<WiderCurve, 'precision' | 'recall'>,
  role: PlotSeries['role'],
): PlotSeries => ({ name: `${name} ${ap.toFixed(3)}`, points: pointsOf(curve), role });

function settingPlot(setting: WiderSetting, curve: WiderCurve, detector: string): ReportPlot {
  const title = `WIDER algorithm, ${setting.name} faces`;
  return sharePlot(`pr-${setting.name}`, title, RECALL_PRECISION, [
    seriesOf(detector, curve.ap, curve, 'ours'),
    ...setting.published.map((other) => seriesOf(other.name, other.ap, other, 'published')),
  ]);
}

function plainPlot(curve: PrCurve, detector: string): ReportPlot {
  const title = `Plain precision and recall at IoU ${PLAIN_IOU}`;
  const series = seriesOf(detector, averagePrecision(curve), curve, 'ours');
  return sharePlot('pr-ap50', title, RECALL_PRECISION, [series]);
}

function curveCsv({ proposals, hits, precision, recall }: WiderCurve): string {
  const rows = Array.from(proposals, (count, t) =>
    [
      1 - (t + 1) / WIDER_THRESHOLDS,
      count,
      hits[t]!,
      precision[t]!.toFixed(9),
      recall[t]!.toFixed(9),
    ].join(','),
  );
  return `threshold,proposals,hits,precision,recall\n${rows.join('\n')}\n`;
}

function factsOf({ set, range }: JudgedWider): Evaluation['facts'] {
  return [
    {
      name: 'WIDER algorithm',
      value:
        'each prediction goes to the face of its greatest IoU, right from 0.5 on if it is the first ' +
        'there; predictions on faces that do not count are not judged; 1000 thresholds; area under ' +
        'the precision envelope',
    },
    {
      name: 'WIDER box convention',
      value: 'corners x, y, x + w, y + h, read as inclusive (widths and heights are w + 1, h + 1)',
    },
    {
      name: 'WIDER scores',
      value: `mapped from ${range.min} .. ${range.max}, the range over the whole set, to 0 .. 1`,
    },
    {
      name: 'plain AP',
      value:
        `IoU at least ${PLAIN_IOU}, continuous corners, best free face, all-point AP; faces whose ` +
        `shorter side is under ${set.ignoreBelow} px and invalid faces neither right nor wrong; ` +
        (set.isClipped ? 'faces cut to the picture' : 'faces as annotated, not cut to the picture'),
    },
    {
      name: 'permutation test',
      value: 'official AP at every score instead of 1000 thresholds, detectors mixed by rank',
    },
  ];
}

function warningsOf({ empty, range, set, predictions }: JudgedWider): string[] {
  const warnings: string[] = [];
  if (empty > 0) {
    warnings.push(
      `${empty} of ${set.images.length} images have no prediction; their faces count as missed.`,
    );
  }
  if (range.min === range.max && predictions.length > empty) {
    warnings.push(
      'All scores are equal: the official tools would divide by zero when they map scores to ' +
        '0 .. 1; here all become 1.',
    );
  }
  return warnings;
}

function falsePositives({ set, allEvents, matches, predictions }: JudgedWider): Finding[] {
  const findings: (Finding & { score: number })[] = [];
  allEvents.right.forEach((right, m) => {
    if (right) return;
    const image = allEvents.image[m]!;
    const match = matches[image]!;
    const place = allEvents.place[m]!;
    const d = match.order[place]!;
    const { boxes, scores } = predictions[image]!;
    const why =
      match.face[place]! >= 0 ? 'second box on a face' : `best IoU ${match.iou[place]!.toFixed(2)}`;
    findings.push({
      kind: 'false-positive',
      image: set.images[image]!.name,
      box: boxAt(boxes, d),
      score: scores[d]!,
      label: `${scores[d]!.toFixed(3)}, ${why}`,
    });
  });
  return findings.sort((a, b) => b.score - a.score).slice(0, MOST_FINDINGS);
}

/** Faces found at no score, the largest first; invalid ones and those ignored in plain AP left out. */
function missedFaces({ set, faces, matches }: JudgedWider): Finding[] {
  const missed: { finding: Finding; area: number }[] = [];
  set.images.forEach((image, i) => {
    faces[i]!.forEach((score, g) => {
      const box = boxAt(image.faces, g);
      const w = box[2] - box[0];
      const h = box[3] - box[1];
      if (
        score > Number.NEGATIVE_INFINITY ||
        image.labels.invalid?.[g] ||
        Math.min(w, h) < set.ignoreBelow
      )
        return;
      const labels = Object.entries(image.labels).flatMap(([label, codes]) =>
        codes[g]! > 0
          ? [`${label} ${WIDER_LABELS[label as WiderLabel][codes[g]!] ?? codes[g]}`]
          : [],
      );
      const size = `${Math.round(w)} x ${Math.round(h)} px`;
      const none = matches[i]!.order.length === 0 ? ['image without predictions'] : [];
      const label = [size, ...labels, ...none].join(', ');
      missed.push({ finding: { kind: 'missed', image: image.name, box, label }, area: w * h });
    });
  });
  return missed
    .sort((a, b) => b.area - a.area)
    .slice(0, MOST_FINDINGS)
    .map(({ finding }) => finding);
}

/** A box to look at; annotated and predicted sizes may be negative. */
function boxAt(boxes: Float64Array, i: number): [number, number, number, number] {
  const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
  return [Math.min(x1!, x2!), Math.min(y1!, y2!), Math.max(x1!, x2!), Math.max(y1!, y2!)];
}
