/** Tables, plots and findings of the occlusion evaluation. */
import { sortedQuantile } from '../statistics/bootstrap.js';
import {
  coveredAuc,
  coveredCurve,
  coveredPoint,
  occlusionEvidence,
  reliabilityBins,
  weightedPixelScores,
  weightedShareErrors,
} from './figures.js';
import { COVERED_SHARE, judgeOcclusion, type JudgedOcclusion, type MaskedImage } from './judge.js';
import type { DetectionSet, Finding, PlotSeries, ReportPlot, ReportTable } from '../protocol.js';

/** Shares above which a face counts as covered, in the table. */
const COVERED_SHARES = [0.02, 0.05, 0.1, 0.15, 0.25, 0.4];
const BIN_EDGES = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1];
const LEAST_SCORES = [0.1, 0.3, 0.5, 0.7, 0.9];

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const onesFor = (judged: JudgedOcclusion): Float64Array =>
  new Float64Array(judged.counts.length).fill(1);

/** Pixels of the occluder class, in all and by the origin of the pictures. */
export function pixelTable(images: readonly MaskedImage[], judged: JudgedOcclusion): ReportTable {
  const rows: [string, (image: MaskedImage) => boolean][] = [
    ['all', () => true],
    ['real occlusion', (image) => !image.isSynthetic],
    ['masks drawn in', (image) => image.isSynthetic],
  ];
  return {
    title: 'Occluder class, pixels inside the true boxes',
    columns: ['pictures', 'number', 'IoU', 'precision', 'recall', 'right pixels', 'covered pixels'],
    rows: rows
      .map(([name, isTaken]) => {
        const weights = Float64Array.from(images, (image) => (isTaken(image) ? 1 : 0));
        const scores = weightedPixelScores(judged.evidence, weights);
        const covered = judged.counts.reduce(
          (sum, count, i) => sum + weights[i]! * (count.hit + count.miss),
          0,
        );
        const taken = weights.reduce((sum, weight) => sum + weight, 0);
        return [
          name,
          taken,
          orNull(scores.iou),
          orNull(scores.precision),
          orNull(scores.recall),
          orNull(scores.accuracy),
          covered,
        ];
      })
      .filter((row) => row[1] !== 0),
  };
}

/** Distribution of the pixel IoU over faces. */
export function faceIouTable(judged: JudgedOcclusion): ReportTable {
  const values = iousOf(judged);
  const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.filter((value) => value >= 0.5).length / values.length;
  return {
    title: 'Occluder class, IoU of each face',
    columns: ['faces', 'mean', 'share with IoU 0.5', ...quantiles.map((q) => `${q * 100} %`)],
    rows: [
      [
        values.length,
        orNull(mean),
        orNull(over),
        ...quantiles.map((q) => orNull(sortedQuantile(values, q))),
      ],
    ],
    note: `${judged.faces.length - values.length} faces left out where nothing is covered and nothing was called so.`,
  };
}

/** Errors of the covered share. */
export function shareTable(judged: JudgedOcclusion): ReportTable {
  const main = judged.hasMasks ? 'painted pixels' : 'told by the detection';
  const told = judged.faces.filter((face) => face.told !== null);
  const sources: (readonly [string, { image: number; truth: number; predicted: number }[]])[] = [
    [`${main}, every face`, [...judged.faces]],
    [`${main}, faces found`, judged.faces.filter((face) => face.isFound)],
    ...(judged.hasMasks
      ? [
          [
            'told by the detection, faces found',
            told.map((f) => ({ ...f, predicted: f.told! })),
          ] as const,
        ]
      : []),
  ];
  const ones = onesFor(judged);
  return {
    title: 'Covered share of a face: predicted minus true',
    columns: [
      'source',
      'faces',
      'bias',
      'mean absolute',
      'root mean square',
      'correlation',
      ...['5 %', '25 %', '50 %', '75 %', '95 %'].map((q) => `error, ${q}`),
    ],
    rows: sources
      .filter(([, faces]) => faces.length > 0)
      .map(([name, faces]) => {
        const evidence = occlusionEvidence(
          judged.counts,
          faces.map((face) => face.image),
          faces.map((face) => face.truth),
          faces.map((face) => face.predicted),
        );
        const errors = weightedShareErrors(evidence, ones);
        const sorted = Float64Array.from(faces, (face) => face.predicted - face.truth).sort();
        return [
          name,
          faces.length,
          errors.bias,
          errors.meanAbsolute,
          errors.rootMeanSquare,
          orNull(errors.correlation),
          ...[0.05, 0.25, 0.5, 0.75, 0.95].map((q) => sortedQuantile(sorted, q)),
        ];
      }),
    note: 'Faces that were not found count as clear in the first row. What a detection tells is of its own box, what is painted is measured in the true one.',
  };
}

/** How well "is covered" is told at several shares. */
export function coveredTable(judged: JudgedOcclusion): ReportTable {
  const ones = onesFor(judged);
  return {
    title: 'Is a face covered?',
    columns: [
      'covered means a share above',
      'covered faces',
      'clear faces',
      'area under ROC',
      'recall',
      'false alarms',
      'precision',
      'right answers',
    ],
    rows: COVERED_SHARES.map((share) => {
      const covered = judged.faces.filter((face) => face.truth > share).length;
      const point = coveredPoint(judged.evidence, share, share, ones);
      return [
        share,
        covered,
        judged.faces.length - covered,
        orNull(coveredAuc(judged.evidence, share, ones)),
        orNull(point.truePositive),
        orNull(point.falsePositive),
        orNull(point.precision),
        orNull(point.accuracy),
      ];
    }),
    note: 'Recall, false alarms (share of the clear faces), precision and right answers: the predicted share is held against the same bound as the true one.',
  };
}

/** Mean true share by predicted share. */
export function reliabilityTable(judged: JudgedOcclusion): ReportTable {
  return {
    title: 'Reliability of the covered share',
    columns: ['predicted from', 'to', 'faces', 'mean predicted', 'mean true'],
    rows: reliabilityBins(judged.evidence, BIN_EDGES).map((bin) => [
      bin.low,
      bin.high,
      bin.faces,
      orNull(bin.predicted),
      orNull(bin.truth),
    ]),
  };
}

/** What the least score of a detection changes. */
export function scoreTable(
  images: readonly MaskedImage[],
  detections: DetectionSet,
  score: number,
): ReportTable {
  const scores = [...new Set([...LEAST_SCORES, score])].sort((a, b) => a - b);
  return {
    title: 'Least score of the detections whose masks count',
    columns: ['score', 'faces found', 'IoU', 'precision', 'recall', 'mean absolute error of share'],
    rows: scores.map((least) => {
      const judged = judgeOcclusion(images, detections, least);
      const ones = onesFor(judged);
      const pixels = weightedPixelScores(judged.evidence, ones);
      return [
        least,
        judged.faces.filter((face) => face.isFound).length,
        orNull(pixels.iou),
        orNull(pixels.precision),
        orNull(pixels.recall),
        weightedShareErrors(judged.evidence, ones).meanAbsolute,
      ];
    }),
  };
}

/** What a curve is compared with: grey and dashed, from corner to corner. */
const diagonal = (name: string): PlotSeries => ({
  ...{ name, role: 'published', isDashed: true },
  points: [
    [0, 0],
    [1, 1],
  ],
});

/** ROC, precision-recall, reliability, and the distribution of the IoU of faces. */
export function occlusionPlots(judged: JudgedOcclusion, name: string): ReportPlot[] {
  const curve = coveredCurve(judged.evidence, COVERED_SHARE);
  const bins = reliabilityBins(judged.evidence, BIN_EDGES).filter((bin) => bin.faces > 0);
  const ious = iousOf(judged);
  const plot = (
    key: string,
    title: string,
    [x, y]: readonly [string, string],
    points: readonly (readonly [number, number])[],
    guides: PlotSeries[] = [],
  ): ReportPlot => ({
    key,
    title,
    x: { label: x, min: 0, max: 1 },
    y: { label: y, min: 0, max: 1 },
    series: [
      { name, role: 'ours', points: points.filter((p) => p.every(Number.isFinite)) },
      ...guides,
    ],
  });
  const covered = `"more than ${COVERED_SHARE} of the face is covered"`;
  return [
    plot(
      'covered-roc',
      `ROC of ${covered}`,
      ['share of clear faces called covered', 'share of covered faces called covered'],
      [[0, 0], ...curve.map((p) => [p.falsePositive, p.truePositive] as const)],
      [diagonal('chance')],
    ),
    plot(
      'covered-precision-recall',
      `Precision and recall of ${covered}`,
      ['recall', 'precision'],
      curve.map((p) => [p.truePositive, p.precision] as const),
    ),
    plot(
      'share-reliability',
      'Reliability of the covered share',
      ['mean predicted share', 'mean true share'],
      bins.map((bin) => [bin.predicted, bin.truth] as const),
      [diagonal('as predicted')],
    ),
    ...(ious.length > 0
      ? [
          plot(
            'face-iou',
            'Pixel IoU of the occluder class by face',
            ['IoU', 'share of faces with at most this IoU'],
            Array.from(ious, (value, i) => [value, (i + 1) / ious.length] as const),
          ),
        ]
      : []),
  ];
}

/** The faces whose covered share is overrated or underrated most. */
export function occlusionFindings(
  images: readonly MaskedImage[],
  judged: JudgedOcclusion,
  count = 60,
): Finding[] {
  const sorted = [...judged.faces].sort((a, b) => b.predicted - b.truth - (a.predicted - a.truth));
  const findingOf = (kind: Finding['kind'], face: (typeof sorted)[number]): Finding => {
    const [x1, y1, x2, y2] = face.box;
    return {
      kind,
      image: images[face.image]!.name,
      box: [x1, y1, x2 + 1, y2 + 1],
      label:
        `covered ${face.truth.toFixed(2)}, predicted ${face.predicted.toFixed(2)}` +
        (judged.hasMasks && !Number.isNaN(face.iou) ? `; IoU ${face.iou.toFixed(2)}` : '') +
        (face.isFound ? '' : '; face not found'),
    };
  };
  const over = sorted.filter((face) => face.predicted > face.truth);
  const under = sorted.filter((face) => face.predicted < face.truth).reverse();
  return [
    ...over.slice(0, count).map((face) => findingOf('false-positive', face)),
    ...under.slice(0, count).map((face) => findingOf('missed', face)),
  ];
}

/** IoU of the faces that have one, rising. */
function iousOf(judged: JudgedOcclusion): Float64Array {
  return Float64Array.from(
    judged.faces.map((face) => face.iou).filter((value) => !Number.isNaN(value)),
  ).sort();
}
