/**
 * What a detector's numbers mean, fitted on labelled pictures: the curve from raw scores to probabilities,
 * the threshold of covered pixels, and the covered share from which a face counts as covered. Pure.
 */
import { probabilityOf } from '../../boxes/score-curve.js';
import { calibrationError, isotonicCurve, type ScoreCurve } from '../statistics/isotonic.js';

/** Judged detections of a set, at a low score floor. */
export interface ScoredOutcomes {
  /** Raw scores, 0..1. */
  scores: Float64Array;
  /** 1 right, 0 wrong; detections that are neither are left out. */
  right: Uint8Array;
}

export interface ScoreFit {
  curve: ScoreCurve;
  /** Mean gap between score and share right: as they are, and on folds that the curve did not see. */
  errorBefore: number;
  errorAfter: number;
}

/** Folds for the error after calibration. */
const FOLDS = 5;

/** Fits the curve to all outcomes; its error is measured on held-out folds (detection i is in fold i mod 5). */
export function fitScores({ scores, right }: ScoredOutcomes): ScoreFit {
  const held: { probability: number; isRight: number }[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const rest = Array.from(scores.keys()).filter((i) => i % FOLDS !== fold);
    if (rest.length === 0) continue;
    const curve = isotonicCurve(
      rest.map((i) => scores[i]!),
      rest.map((i) => right[i]!),
    );
    for (let i = fold; i < scores.length; i += FOLDS) {
      held.push({ probability: probabilityOf(scores[i]!, curve), isRight: right[i]! });
    }
  }
  return {
    curve: isotonicCurve(scores, right),
    errorBefore: calibrationError(scores, right),
    errorAfter: calibrationError(
      held.map(({ probability }) => probability),
      held.map(({ isRight }) => isRight),
    ),
  };
}

/** What a threshold of covered pixels gives on portraits with pixel labels. */
export interface ThresholdTrial {
  threshold: number;
  /** Pixel IoU of what covers faces, over all portraits together. */
  iou: number;
  /** Mean absolute error of the covered share. */
  shareError: number;
}

/** IoUs this close to the largest count as equal to it: they are a flat curve, measured on a sample. */
const EQUAL_IOU = 0.01;

/**
 * Of the trials whose IoU is the largest or equal to it, the one of the lowest error of the share. A trial
 * without an IoU (nothing is covered, and nothing called so) comes behind all that have one.
 */
export function bestThreshold(trials: readonly ThresholdTrial[]): ThresholdTrial {
  if (trials.length === 0) throw new RangeError('bestThreshold: no trials.');
  const iouOf = ({ iou }: ThresholdTrial): number => (Number.isNaN(iou) ? -1 : iou);
  const most = Math.max(...trials.map(iouOf));
  return trials
    .filter((trial) => iouOf(trial) >= most - EQUAL_IOU)
    .reduce((best, trial) => (trial.shareError < best.shareError ? trial : best));
}

/**
 * The least covered share, in hundredths from .01 on, that at most `falseAlarms` of uncovered faces reach: from it
 * on a face counts as covered.
 * @param uncovered shares told of faces that nothing covers
 * @throws RangeError without faces
 */
export function coveredShareFor(uncovered: readonly number[], falseAlarms: number): number {
  if (uncovered.length === 0) throw new RangeError('coveredShareFor: no uncovered faces.');
  const falling = Float64Array.from(uncovered).sort().reverse();
  // 1e-9: a fiftieth of 150 faces is 3 of them, whatever a product of decimals says.
  const allowed = Math.floor(falseAlarms * falling.length + 1e-9);
  const mostRefused = falling[allowed] ?? 0;
  return Math.min(1, (Math.floor(100 * mostRefused + 1e-9) + 1) / 100);
}
