/** Figures, tables, plots and findings of an evaluation on MAFA. */
import {
  averagePrecision,
  curveOf,
  matchDetections,
  prCurve,
  type ApMode,
  type ImageDetections,
  type MatchResult,
  type PrCurve,
} from '../eval/ap.js';
import { weightedAp, type ScoredRecords } from '../eval/bootstrap.js';
import {
  mafaMatching,
  mafaSensitivity,
  mafaView,
  MAFA_SETTINGS,
  type MafaImage,
  type MafaSetting,
  type SquareRule,
} from '../eval/mafa.js';
import { recallByGroup } from '../eval/wider/index.js';
import { MAFA_LABELS, MAFA_TYPES, type MafaLabel, type MafaSet } from './mafa-set.js';
import type { Measure, PairedMeasure } from './measures.js';
import type {
  DetectionSet,
  Evaluation,
  Finding,
  Headline,
  ReportPlot,
  ReportTable,
} from './protocol.js';
import { pooledAp, recordsOf } from './wider-judge.js';

/** What the paper leaves open. */
export interface MafaChoices {
  square: SquareRule;
  iou: number;
  ap: ApMode;
}

export interface JudgedMafa {
  set: MafaSet;
  choices: MafaChoices;
  images: readonly MafaImage[];
  views: Readonly<Record<MafaSetting, readonly ImageDetections[]>>;
  matches: Readonly<Record<MafaSetting, readonly MatchResult[]>>;
  records: Readonly<Record<MafaSetting, ScoredRecords>>;
}

const SETTING_LABELS: Readonly<Record<MafaSetting, string>> = {
  all: 'all',
  masked: "'masked' only",
  'without-ignored': 'without Ignored (not judged)',
  'without-ignored-strict': 'without Ignored (wrong)',
};
const SWEEP = [0.4, 0.45, 0.5, 0.55, 0.6];
const WORKING_PRECISION = 0.9;
const MOST_FINDINGS = 200;
const MOST_POINTS = 1500;
const SIDE_BINS = [0, 32, 64, 128, 256, Number.POSITIVE_INFINITY];

/** Matches detections in every setting. */
export function judgeMafa(
  set: MafaSet,
  detections: DetectionSet,
  choices: MafaChoices,
): JudgedMafa {
  const images = set.images.map(({ name, gt, types }): MafaImage => {
    const found = detections.byImage.get(name) ?? [];
    return {
      boxes: Float64Array.from(found.flatMap(({ box }) => [...box])),
      scores: Float64Array.from(found, ({ score }) => score),
      gt,
      types,
    };
  });
  const bySetting = <T>(make: (setting: MafaSetting) => T): Record<MafaSetting, T> =>
    Object.fromEntries(MAFA_SETTINGS.map((s) => [s, make(s)])) as Record<MafaSetting, T>;
  const matching = mafaMatching(choices.iou);
  const views = bySetting((setting) => mafaView(images, setting, choices.square));
  const matches = bySetting((setting) => views[setting].map((v) => matchDetections(v, matching)));
  const records = bySetting((setting) => recordsOf(views[setting], matches[setting]));
  return { set, choices, images, views, matches, records };
}

const headline = (setting: MafaSetting, { iou }: MafaChoices): { key: string; label: string } => ({
  key: `ap-${setting}`,
  label: `AP ${SETTING_LABELS[setting]}, IoU ${iou}`,
});

/** AP of the settings. */
export function mafaMeasures({ records, choices }: JudgedMafa): Measure[] {
  return MAFA_SETTINGS.map((setting) => ({
    ...headline(setting, choices),
    statistic: (weights) => weightedAp(records[setting], weights, choices.ap),
  }));
}

/** AP of the settings for two detectors. */
export function pairedMafaMeasures(a: JudgedMafa, b: JudgedMafa): PairedMeasure[] {
  const ofB = mafaMeasures(b);
  return mafaMeasures(a).map(({ key, label, statistic }, i) => {
    const setting = MAFA_SETTINGS[i]!;
    return {
      key,
      label,
      a: statistic,
      b: ofB[i]!.statistic,
      pooled: pooledAp(a.records[setting], b.records[setting], a.choices.ap),
    };
  });
}

/** Everything but the headlines' arithmetic. */
export function mafaEvaluation(
  judged: JudgedMafa,
  detector: string,
  headlines: readonly Headline[],
): Evaluation {
  const { iou } = judged.choices;
  const curves = MAFA_SETTINGS.map((s) => prCurve(judged.views[s], mafaMatching(iou)));
  const empty = judged.images.filter(({ scores }) => scores.length === 0).length;
  return {
    headlines,
    tables: [
      settingsTable(curves, judged.choices),
      sweepTable(judged),
      sensitivityTable(judged.images),
      groupTable(judged),
      ...(judged.set.split === 'test' ? [publishedTable()] : []),
    ],
    plots: MAFA_SETTINGS.map((setting, s) => plotOf(setting, curves[s]!, detector, judged.choices)),
    facts: factsOf(judged),
    warnings: empty > 0 ? [`${empty} of ${judged.images.length} images have no detection.`] : [],
    findings: [...falsePositives(judged), ...missedFaces(judged)],
    files: [],
  };
}

function settingsTable(curves: readonly PrCurve[], { iou, square }: MafaChoices): ReportTable {
  return {
    title: 'Settings of the paper',
    columns: ['faces that count', 'AP, all points', 'AP, 11 points', 'recall', 'faces', 'judged'],
    rows: MAFA_SETTINGS.map((setting, s) => {
      const curve = curves[s]!;
      return [
        SETTING_LABELS[setting],
        averagePrecision(curve),
        averagePrecision(curve, '11-point'),
        curve.recall[curve.recall.length - 1] ?? 0,
        curve.positives,
        curve.scores.length,
      ];
    }),
    note:
      `IoU ${iou}, square rule "${square}". All: every annotation. Masked: type 1, detections on ` +
      'other faces are wrong. Without Ignored: types 1 and 2, detections on type 3 as stated.',
  };
}

function sweepTable({ views, choices }: JudgedMafa): ReportTable {
  return {
    title: 'AP by IoU',
    columns: ['IoU', ...MAFA_SETTINGS.map((setting) => SETTING_LABELS[setting])],
    rows: SWEEP.map((iou) => [
      iou.toFixed(2),
      ...MAFA_SETTINGS.map((setting) =>
        averagePrecision(prCurve(views[setting], mafaMatching(iou)), choices.ap),
      ),
    ]),
    note: 'The paper states 0.5 and the gain at 0.45.',
  };
}

function sensitivityTable(images: readonly MafaImage[]): ReportTable {
  return {
    title: 'Sensitivity to what the paper leaves open',
    columns: [
      'square rule',
      'IoU',
      'AP rule',
      ...MAFA_SETTINGS.map((setting) => SETTING_LABELS[setting]),
    ],
    rows: mafaSensitivity(images).map(({ square, iou, ap, values }) => [
      square,
      iou.toFixed(2),
      ap,
      ...MAFA_SETTINGS.map((setting) => values[setting]),
    ]),
    note: 'Square rules keep the centre; side = larger side, mean, root of the area, width; none = rectangles.',
  };
}

function groupTable({ set, views, matches }: JudgedMafa): ReportTable {
  const best = set.images.map(({ types }) => new Float64Array(types.length).fill(-1));
  const scores: number[] = [];
  const right: number[] = [];
  matches.all.forEach((match, i) => {
    match.outcome.forEach((value, d) => {
      const score = views.all[i]!.scores[d]!;
      scores.push(score);
      right.push(value === 1 ? 1 : 0);
      // Found at any score; `recallByGroup` takes -1 as missed, so scores become ranks below.
      if (value === 1) best[i]![match.face[d]!] = score;
    });
  });
  const found = matches.all.map((match, i) => {
    const marks = new Uint8Array(best[i]!.length);
    match.outcome.forEach((value, d) => (value === 1 ? (marks[match.face[d]!] = 1) : 0));
    return marks;
  });
  const curve = curveOf(scores, right, 1);
  let at: number | null = null;
  curve.scores.forEach((score, i) => {
    if (curve.scores[i + 1] !== score && curve.precision[i]! >= WORKING_PRECISION) at = score;
  });
  const working = at as number | null;
  // 2: at the working point, 1: at some score, -1: missed.
  const levels = best.map((list, i) =>
    list.map((score, g) =>
      found[i]![g] === 0 ? -1 : working !== null && score >= working ? 2 : 1,
    ),
  );
  const rows: (string | number | null)[][] = [];
  const add = (
    by: string,
    groups: readonly string[],
    groupOf: (image: number, face: number) => string | null,
  ): void => {
    for (const row of recallByGroup({ best: levels }, groups, groupOf, 2)) {
      if (row.faces === 0) continue;
      rows.push([by, row.group, row.faces, row.recall, working === null ? null : row.recallAt]);
    }
  };
  add('type', MAFA_TYPES, (i, g) => MAFA_TYPES[set.images[i]!.types[g]! - 1] ?? null);
  for (const [label, names] of Object.entries(MAFA_LABELS) as [MafaLabel, string[]][]) {
    add(`masked, ${label}`, names, (i, g) => {
      const image = set.images[i]!;
      return image.types[g] === 1 ? (names[image.labels[label][g]! - 1] ?? null) : null;
    });
  }
  add('shorter side, px', sideNames(), (i, g) => sideName(set.images[i]!.gt, g));
  return {
    title: 'Recall by kind of face',
    columns: ['by', 'group', 'faces', 'recall, any score', 'recall, working point'],
    rows,
    note:
      working === null
        ? `Every face counts. No score gives precision ${WORKING_PRECISION}.`
        : `Every face counts. Working point: score ${working.toPrecision(4)} and above, the lowest with precision ${WORKING_PRECISION}.`,
  };
}

const sideNames = (): string[] =>
  SIDE_BINS.slice(0, -1).map((low, b) =>
    Number.isFinite(SIDE_BINS[b + 1]) ? `${low}-${SIDE_BINS[b + 1]}` : `${low}+`,
  );

function sideName(gt: Float64Array, g: number): string {
  const side = Math.min(gt[4 * g + 2]! - gt[4 * g]!, gt[4 * g + 3]! - gt[4 * g + 1]!);
  return sideNames()[SIDE_BINS.findIndex((_, b) => side < (SIDE_BINS[b + 1] ?? Infinity))]!;
}

/** Figures of the paper's Tables 1 and 3 (AOFD-SPEC 7). */
function publishedTable(): ReportTable {
  return {
    title: 'Published figures on MAFA test',
    columns: ['detector', 'all', "'masked' only", 'without Ignored'],
    rows: [
      ['AOFD with OHEM', 0.813, 0.835, 0.919],
      ['AOFD', 0.799, null, null],
      ['Faster R-CNN with OHEM', 0.759, null, null],
      ['FAN', null, 0.765, 0.883],
      ['LLE-CNNs', null, null, 0.764],
      ['MTCNN', null, null, 0.608],
    ],
    digits: 3,
    note: 'As printed in the AOFD paper, which does not state the square rule, the AP rule, or what a detection on an ignored face is; see the sensitivity table before comparing.',
  };
}

function plotOf(
  setting: MafaSetting,
  curve: PrCurve,
  detector: string,
  { iou, ap }: MafaChoices,
): ReportPlot {
  const points: [number, number][] = [];
  const step = Math.max(1, Math.ceil(curve.recall.length / MOST_POINTS));
  curve.recall.forEach((recall, i) => {
    if (i % step === 0 || i === curve.recall.length - 1) points.push([recall, curve.precision[i]!]);
  });
  const value = averagePrecision(curve, ap);
  return {
    key: `pr-${setting}`,
    title: `MAFA, ${SETTING_LABELS[setting]}, IoU ${iou}`,
    x: { label: 'recall', min: 0, max: 1 },
    y: { label: 'precision', min: 0, max: 1 },
    series: [{ name: `${detector} ${value.toFixed(3)}`, points, role: 'ours' }],
  };
}

function factsOf({ choices, set }: JudgedMafa): Evaluation['facts'] {
  return [
    {
      name: 'MAFA matching',
      value: `falling score, each detection with the face of its greatest IoU, right from ${choices.iou} on if it is the first there (VOC); continuous corners`,
    },
    {
      name: 'squares',
      value: `detections and faces become squares with the same centre, rule "${choices.square}"`,
    },
    { name: 'AP rule', value: choices.ap },
    {
      name: 'face types',
      value:
        set.split === 'test'
          ? '1 masked, 2 unmasked, 3 invalid (the paper: "Ignored")'
          : 'the training labels have no types: every face is masked, the settings agree',
    },
  ];
}

function falsePositives({ set, matches, views, images }: JudgedMafa): Finding[] {
  const findings: (Finding & { score: number })[] = [];
  matches.all.forEach(({ outcome, face }, i) => {
    outcome.forEach((value, d) => {
      if (value !== 0) return;
      const score = views.all[i]!.scores[d]!;
      const why = face[d]! >= 0 ? 'second box on a face' : 'no face';
      findings.push({
        kind: 'false-positive',
        image: set.images[i]!.name,
        box: boxAt(images[i]!.boxes, d),
        score,
        label: `${score.toFixed(3)}, ${why}`,
      });
    });
  });
  return findings.sort((a, b) => b.score - a.score).slice(0, MOST_FINDINGS);
}

/** Valid faces that nothing found, masked ones first, the largest first. */
function missedFaces({ set, matches }: JudgedMafa): Finding[] {
  const missed: { finding: Finding; type: number; area: number }[] = [];
  set.images.forEach(({ name, gt, types, labels }, i) => {
    const found = new Set<number>();
    const { outcome, face } = matches.all[i]!;
    outcome.forEach((value, d) => value === 1 && found.add(face[d]!));
    types.forEach((type, g) => {
      if (type === 3 || found.has(g)) return;
      const box = boxAt(gt, g);
      const [w, h] = [box[2] - box[0], box[3] - box[1]];
      const degree = type === 1 ? [MAFA_LABELS.degree[labels.degree[g]! - 1] ?? 'masked'] : [];
      const label = [`${w} x ${h} px`, type === 1 ? 'masked' : 'unmasked', ...degree].join(', ');
      missed.push({ finding: { kind: 'missed', image: name, box, label }, type, area: w * h });
    });
  });
  return missed
    .sort((a, b) => a.type - b.type || b.area - a.area)
    .slice(0, MOST_FINDINGS)
    .map(({ finding }) => finding);
}

function boxAt(boxes: ArrayLike<number>, i: number): [number, number, number, number] {
  return [boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!];
}
