/** Tables, plots, files and findings of an evaluation on WIDER FACE or a set in its format. */
import { averagePrecision, prCurve, type PrCurve } from '../statistics/ap.js';
import {
  binNames,
  heightBin,
  recallByGroup,
  scoreOfPrecision,
  widerCurve,
  WIDER_THRESHOLDS,
  type WiderCurve,
} from './index.js';
import type {
  Evaluation,
  Finding,
  Headline,
  PlotSeries,
  ReportPlot,
  ReportTable,
} from '../protocol.js';
import { PLAIN_IOU, type JudgedWider } from './judge.js';
import { WIDER_LABELS, type WiderLabel, type WiderSetting } from './set.js';

/** Precision of the working point at which recall by group is also given. */
const WORKING_PRECISION = 0.9;
const MOST_FINDINGS = 200;
const MOST_POINTS = 1500;

/** Everything but the headlines' arithmetic. */
export function widerEvaluation(
  judged: JudgedWider,
  detector: string,
  headlines: readonly Headline[],
): Evaluation {
  const { set } = judged;
  const curves = judged.events.map((events) => widerCurve(events));
  const plain = prCurve(judged.plain.images, { iou: PLAIN_IOU });
  const tables = [
    settingsTable(judged, curves),
    plainTable(judged),
    groupTable(judged),
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

function groupTable(judged: JudgedWider): ReportTable {
  const { set, range } = judged;
  const { scores, right } = judged.allEvents;
  const at = scoreOfPrecision(scores, right, WORKING_PRECISION);
  const score = at === null ? null : range.min + at * (range.max - range.min);
  const rows: (string | number | null)[][] = [];
  const add = (
    by: string,
    groups: readonly string[],
    groupOf: (image: number, face: number) => string | null,
  ): void => {
    for (const row of recallByGroup(judged.faces, groups, groupOf, at ?? Infinity)) {
      if (row.faces === 0) continue;
      rows.push([by, row.group, row.faces, row.recall, at === null ? null : row.recallAt]);
    }
  };
  add('all', ['all'], () => 'all');
  const unknown: string[] = [];
  for (const [label, names] of Object.entries(WIDER_LABELS) as [WiderLabel, string[]][]) {
    const isKnown = set.images.some(({ labels }) => labels[label]?.some((code) => code > 0));
    if (!isKnown) unknown.push(label);
    else add(label, names, (i, g) => names[set.images[i]!.labels[label]?.[g] ?? -1] ?? null);
  }
  add('height, px', binNames(), (i, g) => {
    const { faces } = set.images[i]!;
    return heightBin(faces[4 * g + 3]! - faces[4 * g + 1]!);
  });
  const working =
    score === null
      ? `No score gives precision ${WORKING_PRECISION}.`
      : `Working point: score ${score.toPrecision(4)} and above, the lowest with precision ${WORKING_PRECISION} over all faces.`;
  const absent = unknown.length > 0 ? ` The set does not label ${unknown.join(', ')}.` : '';
  return {
    title: 'Recall by kind of face',
    columns: ['by', 'group', 'faces', 'recall, any score', 'recall, working point'],
    rows,
    note: `Official matching with every face counted. ${working}${absent}`,
  };
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
}: Pick<WiderCurve, 'precision' | 'recall'>): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [];
  const step = Math.max(1, Math.ceil(recall.length / MOST_POINTS));
  recall.forEach((value, i) => {
    const isKept = i % step === 0 || i === recall.length - 1;
    const isRepeat = i > 0 && value === recall[i - 1] && precision[i] === precision[i - 1];
    if (isKept && !isRepeat && (value > 0 || precision[i]! > 0))
      points.push([value, precision[i]!]);
  });
  return points;
}

const prPlot = (key: string, title: string, series: PlotSeries[]): ReportPlot => ({
  key,
  title,
  x: { label: 'recall', min: 0, max: 1 },
  y: { label: 'precision', min: 0, max: 1 },
  series,
});

const nameWithAp = (name: string, ap: number): string => `${name} ${ap.toFixed(3)}`;

function settingPlot(setting: WiderSetting, curve: WiderCurve, detector: string): ReportPlot {
  const ours: PlotSeries = {
    name: nameWithAp(detector, curve.ap),
    points: pointsOf(curve),
    role: 'ours',
  };
  const published = setting.published.map((other): PlotSeries => ({
    name: nameWithAp(other.name, other.ap),
    points: pointsOf(other),
    role: 'published',
  }));
  const title = `WIDER algorithm, ${setting.name} faces`;
  return prPlot(`pr-${setting.name}`, title, [ours, ...published]);
}

function plainPlot(curve: PrCurve, detector: string): ReportPlot {
  return prPlot('pr-ap50', `Plain precision and recall at IoU ${PLAIN_IOU}`, [
    {
      name: nameWithAp(detector, averagePrecision(curve)),
      points: pointsOf(curve),
      role: 'ours',
    },
  ]);
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
    faces.best[i]!.forEach((score, g) => {
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
