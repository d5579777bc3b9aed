/** A detector's results on a set in WIDER FACE's format, matched and judged once. */
import { matchDetections, type ImageDetections, type MatchResult } from '../statistics/ap.js';
import {
  poolRecords,
  scoredRecords,
  weightedAp,
  type PooledStatistic,
  type ScoredRecord,
  type ScoredRecords,
  type WeightedApMode,
} from '../statistics/bootstrap.js';
import {
  faceScores,
  matchWider,
  scoreRange,
  widerCurve,
  widerEvents,
  type FaceScores,
  type ScoreRange,
  type WiderEvents,
  type WiderMatches,
} from './index.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import type { DetectionSet } from '../protocol.js';
import type { WiderSet } from './set.js';

/** IoU of plain AP. */
export const PLAIN_IOU = 0.5;

export interface JudgedWider {
  set: WiderSet;
  /** Predictions with corners x1, y1, x2, y2 in set order. */
  predictions: readonly { boxes: Float64Array; scores: Float64Array }[];
  range: ScoreRange;
  matches: readonly WiderMatches[];
  faces: FaceScores;
  /** Per setting of the set. */
  events: readonly WiderEvents[];
  /** With every face counted. */
  allEvents: WiderEvents;
  /** Plain AP at IoU 0.5. */
  plain: { images: readonly ImageDetections[]; matches: readonly MatchResult[] };
  plainRecords: ScoredRecords;
  /** Images without a prediction. */
  empty: number;
}

/** Matches and judges detections; the rest of an evaluation reads the result. */
export function judgeWider(set: WiderSet, detections: DetectionSet): JudgedWider {
  const predictions = set.images.map(({ name }) => {
    const found = detections.byImage.get(name) ?? [];
    return {
      boxes: Float64Array.from(found.flatMap(({ box }) => [...box])),
      scores: Float64Array.from(found, ({ score }) => score),
    };
  });
  const range = scoreRange(predictions);
  const matches = matchWider(
    predictions.map((image, i) => ({ ...image, faces: set.images[i]!.faces })),
    range,
  );
  const all = set.images.map(({ faces }) => new Uint8Array(faces.length / 4).fill(1));
  const images = plainImages(set, predictions);
  const plainMatches = images.map((image) => matchDetections(image, { iou: PLAIN_IOU }));
  return {
    set,
    predictions,
    range,
    matches,
    faces: faceScores(matches),
    events: set.settings.map(({ counted }) => widerEvents(matches, counted)),
    allEvents: widerEvents(matches, all),
    plain: { images, matches: plainMatches },
    plainRecords: recordsOf(images, plainMatches),
    empty: predictions.filter(({ scores }) => scores.length === 0).length,
  };
}

function plainImages(
  set: WiderSet,
  predictions: JudgedWider['predictions'],
): readonly ImageDetections[] {
  return predictions.map(({ boxes, scores }, i) => {
    const { plain } = set.images[i]!;
    return { boxes, scores, gt: plain.boxes, ignore: plain.ignore };
  });
}

/** Judged detections of plain or other matching, sorted for resampling. */
export function recordsOf(
  images: readonly { scores: Float64Array }[],
  matches: readonly MatchResult[],
): ScoredRecords {
  const list: ScoredRecord[] = [];
  matches.forEach(({ outcome }, image) => {
    outcome.forEach((value, d) => {
      if (value >= 0) list.push({ score: images[image]!.scores[d]!, image, right: value === 1 });
    });
  });
  return scoredRecords(
    list,
    matches.map(({ positives }) => positives),
  );
}

/** Keys and labels of the headlines; a set without difficulties starts with plain AP. */
function headlineNames(set: WiderSet): {
  official: { key: string; label: string }[];
  plain: string;
} {
  return {
    official: set.settings.map(({ name }) => ({
      key: `ap-${name}`,
      label: name === 'all' ? 'AP, WIDER algorithm, all faces' : `AP ${name}`,
    })),
    plain: `AP at IoU ${PLAIN_IOU}, faces from ${set.ignoreBelow} px`,
  };
}

const PLAIN_KEY = 'ap50';

function plainFirst<T>(set: WiderSet, official: T[], plain: T): T[] {
  const hasLevels = set.settings.some(({ name }) => name !== 'all');
  return hasLevels ? [...official, plain] : [plain, ...official];
}

/** The headline figures of one detector. */
export function widerMeasures(judged: JudgedWider): Measure[] {
  const names = headlineNames(judged.set);
  const official = judged.events.map((events, s) => ({
    ...names.official[s]!,
    statistic: (weights: Float64Array) => widerCurve(events, weights).ap,
  }));
  const plain = {
    key: PLAIN_KEY,
    label: names.plain,
    statistic: (weights: Float64Array) => weightedAp(judged.plainRecords, weights),
  };
  return plainFirst(judged.set, official, plain);
}

/**
 * The headline figures of two detectors on the same images. For permutation tests the official AP is
 * taken at every score instead of at 1000 thresholds, so that detectors can be mixed by rank.
 */
export function pairedWiderMeasures(a: JudgedWider, b: JudgedWider): PairedMeasure[] {
  const ofA = widerMeasures(a);
  const ofB = widerMeasures(b);
  const pooled = plainFirst(
    a.set,
    a.events.map((events, s) => pooledAp(eventRecords(events), eventRecords(b.events[s]!))),
    pooledAp(a.plainRecords, b.plainRecords),
  );
  return ofA.map(({ key, label, statistic }, i) => ({
    key,
    label,
    a: statistic,
    b: ofB[i]!.statistic,
    pooled: pooled[i]!,
  }));
}

function eventRecords({ image, scores, right, positives }: WiderEvents): ScoredRecords {
  const list = Array.from(image, (i, m) => ({
    score: scores[m]!,
    image: i,
    right: right[m] === 1,
  }));
  return scoredRecords(list, positives);
}

/** AP of a detector that is one on some images and the other on the rest. */
export function pooledAp(
  a: ScoredRecords,
  b: ScoredRecords,
  mode: WeightedApMode = 'all-point',
): PooledStatistic {
  const records = poolRecords(a, b);
  const images = a.positives.length;
  const weights = new Float64Array(2 * images);
  return (weightsA, weightsB) => {
    weights.set(weightsA, 0);
    weights.set(weightsB, images);
    return weightedAp(records, weights, mode);
  };
}
