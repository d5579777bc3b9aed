/** Tables, plots and findings of the occlusion evaluation. */
import type {
  DetectionSet,
  Evaluation,
  Fact,
  Finding,
  PlotSeries,
  ReportPlot,
  ReportTable,
} from '../protocol.js';
import { RECALL_PRECISION, sharePlot } from '../report/curves.js';
import { numberOrNull } from '../report/model.js';
import type { Headline } from '../statistics/measures.js';
import { sortedQuantile } from '../statistics/quantile.js';
import {
  coveredAuc,
  coveredCurve,
  coveredPoint,
  occlusionEvidence,
  reliabilityBins,
  weightedPixelScores,
  weightedShareErrors,
} from './figures.js';
import { COVERED_SHARE, judgeOcclusion, type JudgedOcclusion } from './judge.js';
import type { MaskedImage } from './set.js';

/** Shares above which a face counts as covered, in the table. */
const COVERED_SHARES = [0.02, 0.05, 0.1, 0.15, 0.25, 0.4];
const BIN_EDGES = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1];
const LEAST_SCORES = [0.1, 0.3, 0.5, 0.7, 0.9];

const onesFor = (judged: JudgedOcclusion): Float64Array =>
  new Float64Array(judged.counts.length).fill(1);

/** Everything that is made of a detector's judged results. */
export function occlusionEvaluation(
  judged: JudgedOcclusion,
  detections: DetectionSet,
  headlines: readonly Headline[],
): Evaluation {
  const { hasMasks } = judged;
  return {
    headlines,
    tables: [
      ...(hasMasks ? [pixelTable(judged), faceIouTable(judged)] : []),
      shareTable(judged),
      coveredTable(judged),
      reliabilityTable(judged),
      scoreTable(judged, detections),
    ],
    plots: plotsOf(judged, detections.name),
    facts: protocolFacts(judged),
    warnings: [
      ...detections.warnings,
      ...(hasMasks
        ? []
        : ['The detections tell covered shares but no pixels: pixel figures are left out.']),
    ],
    findings: findingsOf(judged),
    files: [],
  };
}

/** Pixels of the occluder class, in all and by the origin of the pictures. */
function pixelTable(judged: JudgedOcclusion): ReportTable {
  const { images } = judged.set;
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
          numberOrNull(scores.iou),
          numberOrNull(scores.precision),
          numberOrNull(scores.recall),
          numberOrNull(scores.accuracy),
          covered,
        ];
      })
      .filter((row) => row[1] !== 0),
  };
}

/** Distribution of the pixel IoU over faces. */
function faceIouTable(judged: JudgedOcclusion): ReportTable {
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
        numberOrNull(mean),
        numberOrNull(over),
        ...quantiles.map((q) => numberOrNull(sortedQuantile(values, q))),
      ],
    ],
    note: `${judged.faces.length - values.length} faces left out where nothing is covered and nothing was called so.`,
  };
}

/** Errors of the covered share. */
function shareTable(judged: JudgedOcclusion): ReportTable {
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
          numberOrNull(errors.correlation),
          ...[0.05, 0.25, 0.5, 0.75, 0.95].map((q) => sortedQuantile(sorted, q)),
        ];
      }),
    note: 'Faces that were not found count as clear in the first row. What a detection tells is of its own box, what is painted is measured in the true one.',
  };
}

/** How well "is covered" is told at several shares. */
function coveredTable(judged: JudgedOcclusion): ReportTable {
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
        numberOrNull(coveredAuc(judged.evidence, share, ones)),
        numberOrNull(point.truePositive),
        numberOrNull(point.falsePositive),
        numberOrNull(point.precision),
        numberOrNull(point.accuracy),
      ];
    }),
    note: 'Recall, false alarms (share of the clear faces), precision and right answers: the predicted share is held against the same bound as the true one.',
  };
}

/** Mean true share by predicted share. */
function reliabilityTable(judged: JudgedOcclusion): ReportTable {
  return {
    title: 'Reliability of the covered share',
    columns: ['predicted from', 'to', 'faces', 'mean predicted', 'mean true'],
    rows: reliabilityBins(judged.evidence, BIN_EDGES).map((bin) => [
      bin.low,
      bin.high,
      bin.faces,
      numberOrNull(bin.predicted),
      numberOrNull(bin.truth),
    ]),
  };
}

/** What the least score of a detection changes. */
function scoreTable({ set, score }: JudgedOcclusion, detections: DetectionSet): ReportTable {
  const scores = [...new Set([...LEAST_SCORES, score])].sort((a, b) => a - b);
  return {
    title: 'Least score of the detections whose masks count',
    columns: ['score', 'faces found', 'IoU', 'precision', 'recall', 'mean absolute error of share'],
    rows: scores.map((least) => {
      const judged = judgeOcclusion(set, detections, least);
      const ones = onesFor(judged);
      const pixels = weightedPixelScores(judged.evidence, ones);
      return [
        least,
        judged.faces.filter((face) => face.isFound).length,
        numberOrNull(pixels.iou),
        numberOrNull(pixels.precision),
        numberOrNull(pixels.recall),
        weightedShareErrors(judged.evidence, ones).meanAbsolute,
      ];
    }),
  };
}

/** What a curve is compared with: grey and dashed, from corner to corner. */
const diagonal = (name: string): PlotSeries => ({
  name,
  role: 'published',
  isDashed: true,
  points: [
    [0, 0],
    [1, 1],
  ],
});

/** ROC, precision-recall, reliability, and where there are masks the distribution of faces' IoU. */
function plotsOf(judged: JudgedOcclusion, name: string): ReportPlot[] {
  const curve = coveredCurve(judged.evidence, COVERED_SHARE);
  const bins = reliabilityBins(judged.evidence, BIN_EDGES).filter((bin) => bin.faces > 0);
  const ious = judged.hasMasks ? iousOf(judged) : new Float64Array(0);
  const ours = (points: readonly (readonly [number, number])[]): PlotSeries => {
    return { name, role: 'ours', points: points.filter((point) => point.every(Number.isFinite)) };
  };
  const covered = `"more than ${COVERED_SHARE} of the face is covered"`;
  const plots = [
    sharePlot(
      'covered-roc',
      `ROC of ${covered}`,
      ['share of clear faces called covered', 'share of covered faces called covered'],
      [
        ours([[0, 0], ...curve.map((p) => [p.falsePositive, p.truePositive] as const)]),
        diagonal('chance'),
      ],
    ),
    sharePlot('covered-precision-recall', `Precision and recall of ${covered}`, RECALL_PRECISION, [
      ours(curve.map((p) => [p.truePositive, p.precision] as const)),
    ]),
    sharePlot(
      'share-reliability',
      'Reliability of the covered share',
      ['mean predicted share', 'mean true share'],
      [ours(bins.map((bin) => [bin.predicted, bin.truth] as const)), diagonal('as predicted')],
    ),
  ];
  if (ious.length > 0) {
    const steps = Array.from(ious, (value, i) => [value, (i + 1) / ious.length] as const);
    const axes = ['IoU', 'share of faces with at most this IoU'] as const;
    const title = 'Pixel IoU of the occluder class by face';
    plots.push(sharePlot('face-iou', title, axes, [ours(steps)]));
  }
  return plots;
}

/** The faces whose covered share is overrated or underrated most. */
function findingsOf(judged: JudgedOcclusion, count = 60): Finding[] {
  const { images } = judged.set;
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

/** The protocol in lines. */
function protocolFacts({ score, hasMasks, faces }: JudgedOcclusion): Fact[] {
  const found = faces.filter((face) => face.isFound).length;
  return [
    {
      name: 'pixels',
      value:
        `the masks of all detections with score at least ${score}, painted into the picture (end to ` +
        'end: a face that is not found is called clear), against the labels, over the pixels inside ' +
        'the true boxes, each pixel once, summed over the set',
    },
    { name: 'box convention', value: 'true boxes with inclusive corners; detections continuous' },
    {
      name: 'covered share',
      value: hasMasks
        ? 'covered pixels over all pixels of the true box, labels and painted masks alike'
        : 'as told by the best detection with an IoU of at least 0.5, 0 where there is none',
    },
    { name: 'is covered', value: `true share above ${COVERED_SHARE} (headline, ROC, curves)` },
    { name: 'faces found', value: `${found} of ${faces.length} by a detection with an IoU of 0.5` },
  ];
}
