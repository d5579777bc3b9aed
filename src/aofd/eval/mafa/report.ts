/** Tables, plots and findings of an evaluation on MAFA. */
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
import { sizeBins, type FaceScores, type Grouping } from '../statistics/groups.js';
import type { Headline } from '../statistics/measures.js';
import { SETTING_LABELS, type JudgedMafa, type MafaChoices } from './judge.js';
import {
  mafaMatching,
  mafaSensitivity,
  MAFA_SETTINGS,
  type MafaImage,
  type MafaSetting,
} from './match.js';
import { MAFA_LABELS, MAFA_TYPES, type MafaLabel } from './set.js';

const SWEEP = [0.4, 0.45, 0.5, 0.55, 0.6];
const MOST_FINDINGS = 200;

/** Bins of the shorter side in pixels; MAFA calls faces under 32 invalid. */
const SIDE_BINS = sizeBins([0, 32, 64, 128, 256]);

/** Everything that is made of a detector's judged results. */
export function mafaEvaluation(
  judged: JudgedMafa,
  { name: detector }: DetectionSet,
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
      kindTable(judged),
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

/** Recall by kind of face. */
function kindTable(judged: JudgedMafa): ReportTable {
  const { images } = judged.set;
  const masked = Object.entries(MAFA_LABELS) as [MafaLabel, string[]][];
  const groupings: Grouping[] = [
    {
      by: 'type',
      groups: MAFA_TYPES,
      groupOf: (i, g) => MAFA_TYPES[images[i]!.types[g]! - 1],
    },
    ...masked.map(([label, groups]): Grouping => ({
      by: `masked, ${label}`,
      groups,
      groupOf: (i, g) => {
        const { types, labels } = images[i]!;
        return types[g] === 1 ? groups[labels[label][g]! - 1] : null;
      },
    })),
    {
      by: 'shorter side, px',
      groups: SIDE_BINS.names,
      groupOf: (i, g) => {
        const [x1, y1, x2, y2] = boxAt(images[i]!.gt, g);
        return SIDE_BINS.nameOf(Math.min(x2 - x1, y2 - y1));
      },
    },
  ];
  return groupTable(faceScores(judged), judged.records.all, groupings, {
    matching: 'Every face counts.',
  });
}

/** Score of the detection that took each face. */
function faceScores({ images, matches }: JudgedMafa): FaceScores {
  return matches.all.map(({ outcome, face }, i) => {
    const { types, scores } = images[i]!;
    const best = new Float64Array(types.length).fill(Number.NEGATIVE_INFINITY);
    outcome.forEach((value, d) => {
      if (value === 1) best[face[d]!] = scores[d]!;
    });
    return best;
  });
}

/** Figures of the paper's Tables 1 and 3 (docs/spec.md 7). */
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
  const { precision, recall } = curve;
  const series: PlotSeries = {
    name: `${detector} ${averagePrecision(curve, ap).toFixed(3)}`,
    points: shownPlaces(recall.length).map((i) => [recall[i]!, precision[i]!]),
    role: 'ours',
  };
  const title = `MAFA, ${SETTING_LABELS[setting]}, IoU ${iou}`;
  return sharePlot(`pr-${setting}`, title, RECALL_PRECISION, [series]);
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
