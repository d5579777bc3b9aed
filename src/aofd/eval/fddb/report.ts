/** Tables, plots, files and findings of an FDDB evaluation. */
import { ellipseBounds } from '../../data/sets/fddb.js';
import type {
  DetectionSet,
  Evaluation,
  Fact,
  Finding,
  PlotSeries,
  ReportPlot,
  ReportTable,
} from '../protocol.js';
import type { Headline } from '../statistics/measures.js';
import {
  keyOf,
  LIMITS,
  outcomeAt,
  ROC_KINDS,
  VERDICTS,
  WORKING_LIMIT,
  type JudgedFddb,
  type Outcome,
} from './judge.js';
import {
  envelope,
  publishedRecallAt,
  thinCurve,
  type NamedCurve,
  type RocPoint,
} from './published.js';
import { assembleRoc, formatRoc, recallAt, thresholdAt, type Roc, type RocKind } from './roc.js';
import type { FddbImage } from './set.js';

/** Right end of the plots. */
const PLOT_LIMIT = 2000;

/** Figures that a reader takes away, in the order of the report. */
const HEADLINES = [
  keyOf('discrete', WORKING_LIMIT),
  keyOf('continuous', WORKING_LIMIT),
  keyOf('discrete', WORKING_LIMIT, true),
  keyOf('continuous', WORKING_LIMIT, true),
  ...LIMITS.filter((limit) => limit !== WORKING_LIMIT).map((limit) => keyOf('discrete', limit)),
];

/** Everything that is made of a detector's judged results. */
export function fddbEvaluation(
  judged: JudgedFddb,
  detections: DetectionSet,
  figures: readonly Headline[],
): Evaluation {
  const { images, published } = judged.set;
  const roc = assembleRoc(judged.curves);
  const outcome = outcomeAt(judged, thresholdAt(roc, WORKING_LIMIT));
  return {
    headlines: HEADLINES.flatMap((key) => figures.find((figure) => figure.key === key) ?? []),
    tables: [
      recallTable(roc, figures),
      ...(judged.unseen > 0 ? [denominatorTable(judged, figures)] : []),
      foldTable(images, judged, roc),
      outcomeTable(outcome),
      ...publishedTable(roc, published),
    ],
    plots: rocPlots(roc, detections.name, published),
    facts: factsOf(detections, roc),
    warnings: warningsOf(detections, judged),
    findings: findingsOf(images, judged, outcome),
    files: rocFiles(roc, judged),
  };
}

function factsOf({ byImage }: DetectionSet, roc: Roc): Fact[] {
  const count = [...byImage.values()].reduce((sum, faces) => sum + faces.length, 0);
  const [hits, wrong] = [roc.hits[0] ?? 0, roc.wrong[0] ?? 0];
  return [
    { name: 'detections', value: `${count} in ${byImage.size} pictures` },
    {
      name: 'all detections',
      value: `${hits} right, ${wrong} false positives, of ${roc.faces} faces`,
    },
  ];
}

function warningsOf({ byImage }: DetectionSet, { set, dropped }: JudgedFddb): string[] {
  const warnings: string[] = [];
  const silent = set.images.filter(({ name, file }) => file !== null && !byImage.has(name)).length;
  if (silent > 0) {
    warnings.push(
      `${silent} pictures have no entry in the results; nothing was found there (the official ` +
        'tool would stop).',
    );
  }
  if (dropped > 0) {
    warnings.push(
      `${dropped} detections lie in pictures whose size is not known and were left out; ` +
        '--image-sizes brings them in.',
    );
  }
  return warnings;
}

/** The tool's two files, and the same over the faces of present pictures where some are missing. */
function rocFiles(roc: Roc, { unseen, seenFaces }: JudgedFddb): Evaluation['files'] {
  const seen = seenFaces.reduce((a, b) => a + b, 0);
  return (unseen > 0 ? ['', '-present'] : ['']).flatMap((suffix) =>
    ROC_KINDS.map((kind) => ({
      name: `${kind === 'discrete' ? 'Disc' : 'Cont'}ROC${suffix}.txt`,
      content: formatRoc(roc, kind, suffix === '' ? roc.faces : seen),
    })),
  );
}

/** Recall at each limit with its interval, and where the curve ends. */
function recallTable(roc: Roc, headlines: readonly Headline[]): ReportTable {
  const figure = (key: string): (number | null)[] => {
    const found = headlines.find((h) => h.key === key);
    return [found?.value ?? null, found?.interval?.low ?? null, found?.interval?.high ?? null];
  };
  const ends = LIMITS.filter((limit) => recallAt(roc, 'discrete', limit).isEnd);
  return {
    title: 'Recall at a number of false positives',
    columns: ['false positives', 'discrete', 'low', 'high', 'continuous', 'low', 'high', 'score'],
    rows: LIMITS.map((limit) => [
      limit,
      ...figure(keyOf('discrete', limit)),
      ...figure(keyOf('continuous', limit)),
      recallAt(roc, 'discrete', limit).threshold,
    ]),
    digits: 4,
    ...(ends.length > 0
      ? {
          note:
            `The curve ends before ${ends[0]} false positives: from there on its last value is ` +
            'given. A lower score floor or more detections per picture would carry it further.',
        }
      : {}),
  };
}

/** Both denominators side by side. */
function denominatorTable(scored: JudgedFddb, headlines: readonly Headline[]): ReportTable {
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const [all, seen] = [sum(scored.faces), sum(scored.seenFaces)];
  const value = (key: string): number | null => headlines.find((h) => h.key === key)?.value ?? null;
  return {
    title: 'Effect of the missing pictures',
    columns: [
      'false positives',
      `discrete, of ${all} faces`,
      `of ${seen} present`,
      `continuous, of ${all} faces`,
      `of ${seen} present`,
    ],
    rows: LIMITS.map((limit) => [
      limit,
      ...ROC_KINDS.flatMap((kind) => [value(keyOf(kind, limit)), value(keyOf(kind, limit, true))]),
    ]),
    digits: 6,
    note:
      `${scored.unseen} pictures with ${all - seen} faces are missing: of all faces, recall cannot ` +
      `exceed ${(seen / all).toFixed(6)}. Published numbers are of all faces.`,
  };
}

/** Each fold at the set's working point, and at its own tenth of the false positives. */
function foldTable(images: readonly FddbImage[], scored: JudgedFddb, roc: Roc): ReportTable {
  const threshold = thresholdAt(roc, WORKING_LIMIT);
  const share = WORKING_LIMIT / 10;
  const folds = [...new Set(images.map((image) => image.fold))].sort((a, b) => a - b);
  const rows = folds.map((fold) => {
    const indices = images.flatMap((image, i) => (image.fold === fold ? [i] : []));
    const own = assembleRoc(indices.map((i) => scored.curves[i]!));
    const row = own.thresholds.findIndex((t) => t >= threshold);
    const [hits, wrong] = row < 0 ? [0, 0] : [own.hits[row]!, own.wrong[row]!];
    return [
      fold,
      indices.length,
      own.faces,
      own.faces > 0 ? hits / own.faces : null,
      wrong,
      recallAt(own, 'discrete', share).recall,
      recallAt(own, 'continuous', share).recall,
    ];
  });
  return {
    title: 'Folds',
    columns: [
      'fold',
      'pictures',
      'faces',
      `recall at score ${+threshold.toPrecision(6)}`,
      'false positives',
      `recall at ${share} FP`,
      `continuous at ${share} FP`,
    ],
    rows,
    note: `The score is that of the whole set at ${WORKING_LIMIT} false positives.`,
  };
}

/** What detections and faces are at the working point. */
function outcomeTable(outcome: Outcome): ReportTable {
  const total = outcome.verdicts.length;
  return {
    title: `Detections at ${WORKING_LIMIT} false positives`,
    columns: ['what', 'number', 'share'],
    rows: [
      ...Object.entries(VERDICTS).map(([verdict, text]) => {
        const count = outcome.verdicts.filter((v) => v.verdict === verdict).length;
        return [text, count, total > 0 ? count / total : null];
      }),
      ['faces missed', outcome.missed.length, null],
    ],
  };
}

/** Published discrete curves and this one, best first. */
function publishedTable(roc: Roc, published: readonly NamedCurve[]): ReportTable[] {
  const discrete = published.filter((curve) => curve.kind === 'discrete');
  if (discrete.length === 0) return [];
  const limits = [100, 500, 1000, 2000] as const;
  const continuousOf = (name: string): number | null => {
    const found = published.find((c) => c.kind === 'continuous' && c.name === name);
    return found ? publishedRecallAt(found.points, WORKING_LIMIT) : null;
  };
  const rows: (string | number | null)[][] = discrete.map((curve) => [
    curve.name,
    ...limits.map((limit) => publishedRecallAt(curve.points, limit)),
    continuousOf(curve.name),
  ]);
  rows.push([
    'this detector',
    ...limits.map((limit) => recallAt(roc, 'discrete', limit).recall),
    recallAt(roc, 'continuous', WORKING_LIMIT).recall,
  ]);
  rows.sort((a, b) => Number(b[3] ?? -1) - Number(a[3] ?? -1));
  const table: ReportTable = {
    title: 'Published curves',
    columns: [
      'detector',
      ...limits.map((limit) => `discrete @ ${limit}`),
      `continuous @ ${WORKING_LIMIT}`,
    ],
    rows,
    note:
      'By their authors, some with boxes stretched towards the ellipses or with other annotations. ' +
      'A curve that ends early gives its last value.',
  };
  return [table];
}

/** A curve of our own as points. */
function rocPoints(roc: Roc, kind: RocKind): RocPoint[] {
  const values = kind === 'discrete' ? roc.hits : roc.overlap;
  const faces = Math.max(1, roc.faces);
  return envelope(Array.from(values, (value, row): RocPoint => [roc.wrong[row]!, value / faces]));
}

/** Discrete and continuous ROC, each over a linear and a logarithmic axis. */
function rocPlots(roc: Roc, name: string, published: readonly NamedCurve[]): ReportPlot[] {
  return ROC_KINDS.flatMap((kind) => {
    const ours = rocPoints(roc, kind);
    const plot = (isLog: boolean): ReportPlot => {
      // A logarithmic axis has no place for 0 false positives.
      const shown = (points: readonly RocPoint[]): RocPoint[] =>
        thinCurve(points, PLOT_LIMIT, 300).filter(([wrong]) => !isLog || wrong >= 1);
      const series: PlotSeries[] = [
        ...published
          .filter((curve) => curve.kind === kind)
          .map((curve) => ({
            name: curve.name,
            points: shown(curve.points),
            role: 'published' as const,
          })),
        { name, points: shown(extended(ours)), role: 'ours' },
      ];
      return {
        key: `${kind}-roc${isLog ? '-log' : ''}`,
        title: `FDDB ${kind} ROC`,
        x: {
          label: 'false positives',
          min: isLog ? 1 : 0,
          max: PLOT_LIMIT,
          scale: isLog ? 'log' : 'linear',
        },
        y: {
          label: kind === 'discrete' ? 'recall (IoU above 0.5)' : 'mean IoU of faces',
          min: 0,
          max: 1,
        },
        series: series.filter((s) => s.points.length > 0),
      };
    };
    return [plot(false), plot(true)];
  });
}

/** The curve up to a last point at the end of the plot's reach, if it goes on there. */
function extended(points: readonly RocPoint[]): readonly RocPoint[] {
  const beyond = points.find(([wrong]) => wrong > PLOT_LIMIT);
  const last = points.filter(([wrong]) => wrong <= PLOT_LIMIT).at(-1);
  return beyond && last ? [...points, [PLOT_LIMIT, last[1]] as const].sort(byWrong) : points;
}

const byWrong = (a: RocPoint, b: RocPoint): number => a[0] - b[0] || a[1] - b[1];

/** The surest wrong detections and the largest missed faces. */
function findingsOf(
  images: readonly FddbImage[],
  scored: JudgedFddb,
  outcome: Outcome,
  most = 200,
): Finding[] {
  const scoreOf = (v: { image: number; index: number }): number =>
    scored.detections[v.image]![v.index]!.score;
  const wrong = outcome.verdicts
    .filter((v) => v.verdict !== 'right')
    .sort((a, b) => scoreOf(b) - scoreOf(a))
    .slice(0, most)
    .map((v): Finding => {
      const { box, score } = scored.detections[v.image]![v.index]!;
      const label = `${VERDICTS[v.verdict]}${v.iou > 0 ? `, IoU ${v.iou.toFixed(2)}` : ''}`;
      return { kind: 'false-positive', image: images[v.image]!.name, box, score, label };
    });
  const radius = (v: { image: number; index: number }): number =>
    images[v.image]!.ellipses[v.index]!.minorRadius;
  const missed = outcome.missed
    .filter((v) => scored.seenFaces[v.image]! > 0)
    .sort((a, b) => radius(b) - radius(a))
    .slice(0, most)
    .map((v): Finding => {
      const [x, y, w, h] = ellipseBounds(images[v.image]!.ellipses[v.index]!);
      const label = v.iou > 0 ? `best IoU ${v.iou.toFixed(2)}` : 'nothing on it';
      return { kind: 'missed', image: images[v.image]!.name, box: [x, y, x + w, y + h], label };
    });
  return [...wrong, ...missed];
}
