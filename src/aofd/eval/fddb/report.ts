/** Tables, plots and findings of an FDDB evaluation. */
import { ellipseBounds } from '../../data/sets/fddb.js';
import {
  assembleRoc,
  envelope,
  publishedRecallAt,
  recallAt,
  thinCurve,
  thresholdAt,
  type Roc,
  type RocKind,
  type RocPoint,
} from './index.js';
import type { NamedCurve } from './curves.js';
import { VERDICTS, type Outcome, type Scored, type ScoredImage } from './judge.js';
import type { Finding, Headline, PlotSeries, ReportPlot, ReportTable } from '../protocol.js';

/** Numbers of false positives at which recall is read. */
export const LIMITS = [50, 100, 200, 500, 1000, 2000] as const;

/** The lowest threshold with at most so many false positives is the working point. */
export const WORKING_LIMIT = 1000;

/** Right end of the plots. */
const PLOT_LIMIT = 2000;

/** Keys of figures. */
export const keyOf = (kind: RocKind, limit: number, isSeenOnly = false): string =>
  `${kind}-recall@${limit}${isSeenOnly ? '-present' : ''}`;

/** Recall at each limit with its interval, and where the curve ends. */
export function recallTable(roc: Roc, headlines: readonly Headline[]): ReportTable {
  const figure = (key: string): (number | null)[] => {
    const found = headlines.find((h) => h.key === key);
    return [found?.value ?? null, found?.interval?.low ?? null, found?.interval?.high ?? null];
  };
  const ends = LIMITS.filter((limit) => recallAt(roc, 'discrete', limit).isEnd);
  return {
    title: 'Recall at a number of false positives',
    columns: [
      ...['false positives', 'discrete', 'low', 'high'],
      ...['continuous', 'low', 'high', 'score'],
    ],
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
export function denominatorTable(scored: Scored, headlines: readonly Headline[]): ReportTable {
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const [all, seen] = [sum(scored.faces), sum(scored.seenFaces)];
  const value = (key: string): number | null => headlines.find((h) => h.key === key)?.value ?? null;
  return {
    title: 'Effect of the missing pictures',
    columns: [
      'false positives',
      ...[`discrete, of ${all} faces`, `of ${seen} present`],
      ...[`continuous, of ${all} faces`, `of ${seen} present`],
    ],
    rows: LIMITS.map((limit) => [
      limit,
      ...(['discrete', 'continuous'] as const).flatMap((kind) => [
        value(keyOf(kind, limit)),
        value(keyOf(kind, limit, true)),
      ]),
    ]),
    digits: 6,
    note:
      `${scored.unseen} pictures with ${all - seen} faces are missing: of all faces, recall cannot ` +
      `exceed ${(seen / all).toFixed(6)}. Published numbers are of all faces.`,
  };
}

/** Each fold at the set's working point, and at its own tenth of the false positives. */
export function foldTable(images: readonly ScoredImage[], scored: Scored, roc: Roc): ReportTable {
  const threshold = thresholdAt(roc, WORKING_LIMIT);
  const share = WORKING_LIMIT / 10;
  const folds = [...new Set(images.map((image) => image.fold))].sort((a, b) => a - b);
  const rows = folds.map((fold) => {
    const indices = images.flatMap((image, i) => (image.fold === fold ? [i] : []));
    const own = assembleRoc(indices.map((i) => scored.curves[i]!));
    const row = own.thresholds.findIndex((t) => t >= threshold);
    const [hits, wrong] = row < 0 ? [0, 0] : [own.hits[row]!, own.wrong[row]!];
    return [
      ...[fold, indices.length, own.faces, own.faces > 0 ? hits / own.faces : null, wrong],
      recallAt(own, 'discrete', share).recall,
      recallAt(own, 'continuous', share).recall,
    ];
  });
  return {
    title: 'Folds',
    columns: [
      ...['fold', 'pictures', 'faces', `recall at score ${+threshold.toPrecision(6)}`],
      ...['false positives', `recall at ${share} FP`, `continuous at ${share} FP`],
    ],
    rows,
    note: `The score is that of the whole set at ${WORKING_LIMIT} false positives.`,
  };
}

/** What detections and faces are at the working point. */
export function outcomeTable(outcome: Outcome): ReportTable {
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
export function publishedTable(roc: Roc, published: readonly NamedCurve[]): ReportTable | null {
  const discrete = published.filter((curve) => curve.kind === 'discrete');
  if (discrete.length === 0) return null;
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
  return {
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
}

/** A curve of our own as points. */
export function rocPoints(roc: Roc, kind: RocKind): RocPoint[] {
  const values = kind === 'discrete' ? roc.hits : roc.overlap;
  const faces = Math.max(1, roc.faces);
  return envelope(Array.from(values, (value, row): RocPoint => [roc.wrong[row]!, value / faces]));
}

/** Discrete and continuous ROC, each over a linear and a logarithmic axis. */
export function rocPlots(roc: Roc, name: string, published: readonly NamedCurve[]): ReportPlot[] {
  return (['discrete', 'continuous'] as const).flatMap((kind) => {
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
export function findingsOf(
  images: readonly ScoredImage[],
  scored: Scored,
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
