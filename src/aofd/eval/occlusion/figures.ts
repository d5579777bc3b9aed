/**
 * Figures of occlusion over images that count any number of times: pixels of the occluder class, and
 * covered shares of faces with how well "is covered" can be told from them. Pure.
 */
import { sortDescending } from '../../boxes/sort.js';
import { newPixelCounts, pixelScores, type PixelCounts, type PixelScores } from './pixels.js';

/** What was measured on a set of I images with F faces. */
export interface OcclusionEvidence {
  /** [I]: pixels inside the true boxes. */
  counts: readonly PixelCounts[];
  /** [F]: image of each face. */
  image: Int32Array;
  /** [F]: covered share of the true box, 0..1. */
  truth: Float64Array;
  /** [F]: the share that was predicted. */
  predicted: Float64Array;
  /** [F]: faces by falling prediction. */
  order: Int32Array;
}

/** Brings measurements into the form that the figures need. */
export function occlusionEvidence(
  counts: readonly PixelCounts[],
  image: ArrayLike<number>,
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
): OcclusionEvidence {
  if (image.length !== truth.length || truth.length !== predicted.length) {
    throw new RangeError(
      `occlusionEvidence: ${image.length} images of faces, ${truth.length} true shares, ` +
        `${predicted.length} predicted ones.`,
    );
  }
  const values = Float64Array.from(predicted);
  return {
    counts,
    image: Int32Array.from(image),
    truth: Float64Array.from(truth),
    predicted: values,
    order: sortDescending(values),
  };
}

/** The evidence of two detectors as one on 2I images: those of `a`, then those of `b`. */
export function poolEvidence(a: OcclusionEvidence, b: OcclusionEvidence): OcclusionEvidence {
  const shifted = b.image.map((image) => image + a.counts.length);
  return occlusionEvidence(
    [...a.counts, ...b.counts],
    [...a.image, ...shifted],
    [...a.truth, ...b.truth],
    [...a.predicted, ...b.predicted],
  );
}

/** IoU, precision, recall and accuracy of the occluder class over all pixels. */
export function weightedPixelScores(
  { counts }: OcclusionEvidence,
  weights: ArrayLike<number>,
): PixelScores {
  const sum = newPixelCounts();
  counts.forEach((one, i) => {
    sum.hit += weights[i]! * one.hit;
    sum.falseAlarm += weights[i]! * one.falseAlarm;
    sum.miss += weights[i]! * one.miss;
    sum.clear += weights[i]! * one.clear;
  });
  return pixelScores(sum);
}

/** How far predicted shares are from the true ones; NaN without faces. */
export interface ShareErrors {
  /** Mean of predicted minus true. */
  bias: number;
  meanAbsolute: number;
  rootMeanSquare: number;
  /** Pearson's; NaN where either never varies. */
  correlation: number;
}

export function weightedShareErrors(
  { image, truth, predicted }: OcclusionEvidence,
  weights: ArrayLike<number>,
): ShareErrors {
  let n = 0;
  let meanTruth = 0;
  let meanPredicted = 0;
  let absolute = 0;
  let square = 0;
  for (let f = 0; f < image.length; f++) {
    const weight = weights[image[f]!]!;
    const error = predicted[f]! - truth[f]!;
    n += weight;
    meanTruth += weight * truth[f]!;
    meanPredicted += weight * predicted[f]!;
    absolute += weight * Math.abs(error);
    square += weight * error ** 2;
  }
  meanTruth /= n;
  meanPredicted /= n;
  let varianceTruth = 0;
  let variancePredicted = 0;
  let covariance = 0;
  for (let f = 0; f < image.length; f++) {
    const weight = weights[image[f]!]!;
    const t = truth[f]! - meanTruth;
    const p = predicted[f]! - meanPredicted;
    varianceTruth += weight * t * t;
    variancePredicted += weight * p * p;
    covariance += weight * t * p;
  }
  const spread = Math.sqrt(varianceTruth * variancePredicted);
  return {
    bias: meanPredicted - meanTruth,
    meanAbsolute: absolute / n,
    rootMeanSquare: Math.sqrt(square / n),
    correlation: spread > 1e-12 * n ? covariance / spread : Number.NaN,
  };
}

/**
 * Probability that a covered face (true share above `threshold`) is predicted more covered than a
 * clear one, equal predictions counting half: the area under the ROC. NaN without one of the two.
 */
export function coveredAuc(
  evidence: OcclusionEvidence,
  threshold: number,
  weights: ArrayLike<number>,
): number {
  const { order, predicted } = evidence;
  let covered = 0;
  let clear = 0;
  let area = 0;
  for (let r = 0; r < order.length;) {
    const value = predicted[order[r]!]!;
    let tiedCovered = 0;
    let tiedClear = 0;
    for (; r < order.length && predicted[order[r]!] === value; r++) {
      const f = order[r]!;
      const weight = weights[evidence.image[f]!]!;
      if (evidence.truth[f]! > threshold) tiedCovered += weight;
      else tiedClear += weight;
    }
    area += tiedClear * (covered + tiedCovered / 2);
    covered += tiedCovered;
    clear += tiedClear;
  }
  return area / (covered * clear);
}

/** One working point of "predicted share above `cut`" against "true share above `threshold`". */
export interface CoveredPoint {
  cut: number;
  /** Share of the covered faces that are called so, and of the clear ones. */
  truePositive: number;
  falsePositive: number;
  /** Share of right ones among those called covered; NaN where none is. */
  precision: number;
  /** Share of right answers. */
  accuracy: number;
}

/** The working point at a cut. */
export function coveredPoint(
  { image, truth, predicted }: OcclusionEvidence,
  threshold: number,
  cut: number,
  weights: ArrayLike<number>,
): CoveredPoint {
  let hit = 0;
  let falseAlarm = 0;
  let miss = 0;
  let clear = 0;
  for (let f = 0; f < image.length; f++) {
    const weight = weights[image[f]!]!;
    const isCalled = predicted[f]! > cut;
    if (truth[f]! > threshold) {
      if (isCalled) hit += weight;
      else miss += weight;
    } else if (isCalled) falseAlarm += weight;
    else clear += weight;
  }
  return {
    cut,
    truePositive: hit / (hit + miss),
    falsePositive: falseAlarm / (falseAlarm + clear),
    precision: hit / (hit + falseAlarm),
    accuracy: (hit + clear) / (hit + falseAlarm + miss + clear),
  };
}

/**
 * Working points for every cut that makes a difference, from calling nothing covered to calling
 * everything so (`cut` -Infinity): the ROC and the precision-recall curve.
 */
export function coveredCurve(evidence: OcclusionEvidence, threshold: number): CoveredPoint[] {
  const ones = new Float64Array(evidence.counts.length).fill(1);
  const cuts = [...new Set(Array.from(evidence.order, (f) => evidence.predicted[f]!))];
  return [...cuts, Number.NEGATIVE_INFINITY].map((cut) =>
    coveredPoint(evidence, threshold, cut, ones),
  );
}

/** Faces whose prediction lies in [low, high), the last bin with its upper end. */
export interface ReliabilityBin {
  low: number;
  high: number;
  faces: number;
  /** Means over the faces; NaN without. */
  predicted: number;
  truth: number;
}

/** Compares mean predicted and mean true share in bins of the prediction. */
export function reliabilityBins(
  { predicted, truth }: Pick<OcclusionEvidence, 'predicted' | 'truth'>,
  edges: readonly number[],
): ReliabilityBin[] {
  return edges.slice(1).map((high, i) => {
    const low = edges[i]!;
    const isLast = i === edges.length - 2;
    let faces = 0;
    let sumPredicted = 0;
    let sumTruth = 0;
    predicted.forEach((value, f) => {
      if (value < low || !(isLast ? value <= high : value < high)) return;
      faces++;
      sumPredicted += value;
      sumTruth += truth[f]!;
    });
    return { low, high, faces, predicted: sumPredicted / faces, truth: sumTruth / faces };
  });
}
