/** A detector's results on a set in WIDER FACE's format, matched and judged once. */
import { detectionArrays, type DetectionArrays } from '../detections/arrays.js';
import type { DetectionSet } from '../protocol.js';
import { matchDetections, type ImageDetections, type MatchResult } from '../statistics/ap.js';
import type { FaceScores } from '../statistics/groups.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import { recordsOf, scoredRecords, type ScoredRecords } from '../statistics/records.js';
import { pooledAp, weightedAp } from '../statistics/weighted-ap.js';
import {
  matchWider,
  scoreRange,
  widerCurve,
  widerEvents,
  type ScoreRange,
  type WiderEvents,
  type WiderMatches,
} from './official.js';
import type { WiderSet } from './set.js';

/** IoU of plain AP. */
export const PLAIN_IOU = 0.5;

export interface JudgedWider {
  set: WiderSet;
  /** Predictions with corners x1, y1, x2, y2 in set order. */
  predictions: readonly DetectionArrays[];
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
  const predictions = detectionArrays(set.images, detections);
  const range = scoreRange(predictions);
  const matches = matchWider(
    predictions.map((image, i) => ({ ...image, faces: set.images[i]!.faces })),
    range,
  );
  const all = set.images.map(({ faces }) => new Uint8Array(faces.length / 4).fill(1));
  const scores = predictions.map((image) => image.scores);
  const images = predictions.map(({ boxes, scores: own }, i): ImageDetections => {
    const { plain } = set.images[i]!;
    return { boxes, scores: own, gt: plain.boxes, ignore: plain.ignore };
  });
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
    plainRecords: recordsOf(scores, plainMatches),
    empty: scores.filter(({ length }) => length === 0).length,
  };
}

/** How surely each face was found, by the official matching with every face counted. */
export function faceScores(matches: readonly WiderMatches[]): FaceScores {
  return matches.map((match) => {
    const best = new Float64Array(match.faces).fill(Number.NEGATIVE_INFINITY);
    match.face.forEach((face, d) => {
      if (face >= 0 && best[face] === Number.NEGATIVE_INFINITY) best[face] = match.scores[d]!;
    });
    return best;
  });
}

/** Plain AP first where the set has no levels of difficulty, else last. */
function withPlain<T>(set: WiderSet, official: T[], plain: T): T[] {
  const hasLevels = set.settings.some(({ name }) => name !== 'all');
  return hasLevels ? [...official, plain] : [plain, ...official];
}

/** The headline figures of one detector. */
export function widerMeasures({ set, events, plainRecords }: JudgedWider): Measure[] {
  const official = set.settings.map(({ name }, s): Measure => ({
    key: `ap-${name}`,
    label: name === 'all' ? 'AP, WIDER algorithm, all faces' : `AP ${name}`,
    statistic: (weights) => widerCurve(events[s]!, weights).ap,
  }));
  return withPlain(set, official, {
    key: 'ap50',
    label: `AP at IoU ${PLAIN_IOU}, faces from ${set.ignoreBelow} px`,
    statistic: (weights) => weightedAp(plainRecords, weights),
  });
}

/**
 * The headline figures of two detectors on the same images. For permutation tests the official AP is
 * taken at every score instead of at 1000 thresholds, so that detectors can be mixed by rank.
 */
export function pairedWiderMeasures(a: JudgedWider, b: JudgedWider): PairedMeasure[] {
  const ofB = widerMeasures(b);
  const pooled = withPlain(
    a.set,
    a.events.map((events, s) => pooledAp(eventRecords(events), eventRecords(b.events[s]!))),
    pooledAp(a.plainRecords, b.plainRecords),
  );
  return widerMeasures(a).map(({ key, label, statistic }, i) => ({
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
