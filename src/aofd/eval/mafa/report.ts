/** Tables, plots and findings of an evaluation on MAFA. */
import { averagePrecision, prCurve, type PrCurve } from '../statistics/ap.js';
import {
  mafaMatching,
  mafaSensitivity,
  MAFA_SETTINGS,
  type MafaImage,
  type MafaSetting,
} from './match.js';
import { mafaGroupTable } from './groups.js';
import { SETTING_LABELS, type JudgedMafa, type MafaChoices } from './judge.js';
import { MAFA_LABELS } from './set.js';
import type { Evaluation, Finding, Headline, ReportPlot, ReportTable } from '../protocol.js';

const SWEEP = [0.4, 0.45, 0.5, 0.55, 0.6];
const MOST_FINDINGS = 200;
const MOST_POINTS = 1500;

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
      mafaGroupTable(judged),
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
