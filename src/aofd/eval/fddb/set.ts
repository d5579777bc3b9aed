/** An FDDB set that is loaded: scoring, figures and comparisons. */
import {
  assembleRoc,
  formatRoc,
  onCommonScale,
  recallStatistic,
  rocChanges,
  thresholdAt,
  type Roc,
  type RocKind,
} from './index.js';
import type { NamedCurve } from './curves.js';
import {
  denominatorTable,
  findingsOf,
  foldTable,
  keyOf,
  LIMITS,
  outcomeTable,
  publishedTable,
  recallTable,
  rocPlots,
  WORKING_LIMIT,
} from './report.js';
import { judge, scoreDetections, type Scored, type ScoredImage, type ScoreRules } from './judge.js';
import {
  differencesOf,
  headlinesOf,
  type Measure,
  type PairedMeasure,
} from '../statistics/measures.js';
import type {
  DetectionSet,
  EvaluateSettings,
  Evaluation,
  Fact,
  PairedDifference,
} from '../protocol.js';

const KINDS: readonly RocKind[] = ['discrete', 'continuous'];

/** Scores detections against one loading of the benchmark. */
export class FddbScorer {
  private readonly known = new WeakMap<DetectionSet, Scored>();

  constructor(
    private readonly images: readonly ScoredImage[],
    private readonly rules: ScoreRules,
    private readonly published: readonly NamedCurve[],
  ) {}

  evaluate(set: DetectionSet, settings: EvaluateSettings): Evaluation {
    const { onProgress } = settings;
    // Matching is about as long as the resampling of a dozen figures.
    const scored = this.scored(set, onProgress && ((share) => onProgress(share / 2)));
    const roc = assembleRoc(scored.curves);
    const hasUnseen = scored.unseen > 0;
    const figures = headlinesOf(measuresOf(scored, hasUnseen), this.images.length, {
      ...settings,
      ...(onProgress ? { onProgress: (share) => onProgress(0.5 + share / 2) } : {}),
    });
    const outcome = judge(scored, thresholdAt(roc, WORKING_LIMIT));
    const published = publishedTable(roc, this.published);
    return {
      headlines: figures.filter(({ key }) => HEADLINE_KEYS.has(key)).sort(byHeadlineOrder),
      tables: [
        recallTable(roc, figures),
        ...(hasUnseen ? [denominatorTable(scored, figures)] : []),
        foldTable(this.images, scored, roc),
        outcomeTable(outcome),
        ...(published ? [published] : []),
      ],
      plots: rocPlots(roc, set.name, this.published),
      facts: this.facts(set, roc),
      warnings: this.warnings(set, scored),
      findings: findingsOf(this.images, scored, outcome),
      files: rocFiles(roc, scored),
    };
  }

  /**
   * Paired differences. For the permutation test, which mixes the detectors picture by picture, the
   * scores of both are put on the scale of their false positives.
   */
  compare(a: DetectionSet, b: DetectionSet, settings: EvaluateSettings): PairedDifference[] {
    const [scoredA, scoredB] = [this.scored(a), this.scored(b)];
    const changes = [rocChanges(scoredA.curves), rocChanges(scoredB.curves)] as const;
    const pool = rocChanges([scoredA, scoredB].flatMap((scored) => onCommonScale(scored.curves)));
    const count = this.images.length;
    const poolFaces = Float64Array.from([...scoredA.faces, ...scoredA.faces]);
    const weights = new Float64Array(2 * count);
    const measures = [WORKING_LIMIT, ...LIMITS.filter((limit) => limit !== WORKING_LIMIT)].flatMap(
      (limit) =>
        KINDS.map((kind): PairedMeasure => {
          const pooled = recallStatistic(pool, poolFaces, kind, limit);
          return {
            key: keyOf(kind, limit),
            label: labelOf(kind, limit),
            a: recallStatistic(changes[0], scoredA.faces, kind, limit),
            b: recallStatistic(changes[1], scoredB.faces, kind, limit),
            pooled: (weightsA, weightsB) => {
              weights.set(weightsA, 0);
              weights.set(weightsB, count);
              return pooled(weights);
            },
          };
        }),
    );
    return differencesOf(measures, count, settings);
  }

  private scored(set: DetectionSet, onProgress?: (share: number) => void): Scored {
    let scored = this.known.get(set);
    if (!scored) {
      scored = scoreDetections(this.images, set, this.rules, onProgress);
      this.known.set(set, scored);
    }
    return scored;
  }

  private facts(set: DetectionSet, roc: Roc): Fact[] {
    let detections = 0;
    for (const faces of set.byImage.values()) detections += faces.length;
    const last = { hits: roc.hits[0] ?? 0, wrong: roc.wrong[0] ?? 0 };
    return [
      { name: 'detections', value: `${detections} in ${set.byImage.size} pictures` },
      {
        name: 'all detections',
        value: `${last.hits} right, ${last.wrong} false positives, of ${roc.faces} faces`,
      },
    ];
  }

  private warnings(set: DetectionSet, scored: Scored): string[] {
    const warnings: string[] = [];
    const silent = this.images.filter(
      (image) => image.hasPicture && !set.byImage.has(image.name),
    ).length;
    if (silent > 0) {
      warnings.push(
        `${silent} pictures have no entry in the results; nothing was found there (the official ` +
          'tool would stop).',
      );
    }
    if (scored.dropped > 0) {
      warnings.push(
        `${scored.dropped} detections lie in pictures whose size is not known and were left out; ` +
          '--image-sizes brings them in.',
      );
    }
    return warnings;
  }
}

const HEADLINE_ORDER = [
  keyOf('discrete', WORKING_LIMIT),
  keyOf('continuous', WORKING_LIMIT),
  keyOf('discrete', WORKING_LIMIT, true),
  keyOf('continuous', WORKING_LIMIT, true),
  ...LIMITS.filter((limit) => limit !== WORKING_LIMIT).map((limit) => keyOf('discrete', limit)),
];
const HEADLINE_KEYS = new Set(HEADLINE_ORDER);

const byHeadlineOrder = (a: { key: string }, b: { key: string }): number =>
  HEADLINE_ORDER.indexOf(a.key) - HEADLINE_ORDER.indexOf(b.key);

function labelOf(kind: RocKind, limit: number, isSeenOnly = false): string {
  const what = kind === 'discrete' ? 'discrete' : 'continuous';
  const whose = isSeenOnly ? ', faces of present pictures only' : '';
  return `${what} recall at ${limit} false positives${whose}`;
}

/** Every figure, of all faces and, where pictures are missing, of those of present pictures. */
function measuresOf(scored: Scored, hasUnseen: boolean): Measure[] {
  const changes = rocChanges(scored.curves);
  return (hasUnseen ? [false, true] : [false]).flatMap((isSeenOnly) =>
    KINDS.flatMap((kind) =>
      LIMITS.map((limit) => {
        const faces = isSeenOnly ? scored.seenFaces : scored.faces;
        return {
          key: keyOf(kind, limit, isSeenOnly),
          label: labelOf(kind, limit, isSeenOnly),
          statistic: recallStatistic(changes, faces, kind, limit),
        };
      }),
    ),
  );
}

/** The tool's two files, and the same over the faces of present pictures where some are missing. */
function rocFiles(roc: Roc, scored: Scored): { name: string; content: string }[] {
  const files = [
    { name: 'DiscROC.txt', content: formatRoc(roc, 'discrete') },
    { name: 'ContROC.txt', content: formatRoc(roc, 'continuous') },
  ];
  if (scored.unseen === 0) return files;
  const seen = scored.seenFaces.reduce((a, b) => a + b, 0);
  return [
    ...files,
    { name: 'DiscROC-present.txt', content: formatRoc(roc, 'discrete', seen) },
    { name: 'ContROC-present.txt', content: formatRoc(roc, 'continuous', seen) },
  ];
}
