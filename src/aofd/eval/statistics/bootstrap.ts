/**
 * Uncertainty of figures over a set of images. Images are the unit: faces of one picture stand and
 * fall together, so they are drawn together. Everything is fixed by a seed.
 *
 * A statistic takes how often each image counts (`weights`, [I]) and gives a figure; for AP see
 * `weightedAp`, for shares divide weighted sums.
 */
import { KeyedRng, randomInt } from '../../data/rng.js';
import { sortedQuantile } from './quantile.js';

/** A figure of a set in which image i counts `weights[i]` times. NaN where there is none. */
export type Statistic = (weights: Float64Array) => number;

/**
 * A figure of a set in which image i counts `weightsA[i]` times with the results of detector A and
 * `weightsB[i]` times with those of B.
 */
export type PooledStatistic = (weightsA: Float64Array, weightsB: Float64Array) => number;

/**
 * A figure of 2I images, where image i found by A is number i and found by B number I + i, as one of
 * how often each of I images counts with either detector.
 * @param images I
 */
export function pooledStatistic(images: number, figure: Statistic): PooledStatistic {
  const weights = new Float64Array(2 * images);
  return (weightsA, weightsB) => {
    weights.set(weightsA, 0);
    weights.set(weightsB, images);
    return figure(weights);
  };
}

export interface BootstrapOptions {
  /** Number of resamples, at least 1; 1000 gives the ends of a 95 % interval to about 5 % of it. */
  samples: number;
  /** Share of resamples inside the interval. Default 0.95. */
  level?: number;
  /** Default 0. */
  seed?: number;
  /** Called now and then with the share done, 0..1. */
  onProgress?: (share: number) => void;
}

/** Bounds of an interval; NaN where no resample had a figure. */
export interface Interval {
  low: number;
  high: number;
  level: number;
}

/** Bootstrap difference of two detectors. */
export interface PairedInterval {
  /** A - B on the images as they are. */
  difference: number;
  interval: Interval;
}

/** Streams of random numbers, so that no two purposes share draws. */
const DRAW = 1;
const SWAP = 2;

/**
 * Percentile interval: images are drawn with replacement, as many as there are, `samples` times.
 * Resamples without a figure (NaN, e.g. no face of a kind was drawn) are left out.
 */
export function bootstrapInterval(
  statistic: Statistic,
  images: number,
  options: BootstrapOptions,
): Interval {
  return percentileInterval(bootstrapValues(statistic, images, options), options.level ?? 0.95);
}

/** The figure of each resample, [samples]. The same seed draws the same images for every figure. */
export function bootstrapValues(
  statistic: Statistic,
  images: number,
  options: BootstrapOptions,
): Float64Array {
  checkSamples(images, options);
  const values = new Float64Array(options.samples);
  const weights = new Float64Array(images);
  for (let s = 0; s < options.samples; s++) {
    drawImages(weights, options.seed ?? 0, s);
    values[s] = statistic(weights);
    if (s % 64 === 63) options.onProgress?.((s + 1) / options.samples);
  }
  return values;
}

/** Fills `weights` with how often each image occurs in resample number `sample` of a seed. */
export function drawImages(weights: Float64Array, seed: number, sample: number): void {
  const rng = new KeyedRng(seed, DRAW, sample);
  weights.fill(0);
  for (let i = 0; i < weights.length; i++) {
    const drawn = randomInt(rng, weights.length);
    weights[drawn] = weights[drawn]! + 1;
  }
}

/** The middle `level` of values, ends interpolated between neighbours; NaN values are left out. */
export function percentileInterval(values: Float64Array, level: number): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return {
    low: sortedQuantile(sorted, (1 - level) / 2),
    high: sortedQuantile(sorted, (1 + level) / 2),
    level,
  };
}

/** Difference A - B with a percentile interval; both are judged on the same drawn images. */
export function pairedBootstrap(
  statisticA: Statistic,
  statisticB: Statistic,
  images: number,
  options: BootstrapOptions,
): PairedInterval {
  const difference: Statistic = (weights) => statisticA(weights) - statisticB(weights);
  return {
    difference: difference(new Float64Array(images).fill(1)),
    interval: bootstrapInterval(difference, images, options),
  };
}

/**
 * Two-sided p of "A and B are the same": in each of `samples` trials a fair coin per image decides
 * whether the detectors change places there, and p is the share of trials (the real arrangement
 * counted as one of them) whose absolute difference reaches the real one. Never 0; its smallest
 * value is 1 / (samples + 1). NaN without a real difference (a figure is missing).
 */
export function permutationTest(
  statistic: PooledStatistic,
  images: number,
  options: Omit<BootstrapOptions, 'level'>,
): number {
  checkSamples(images, options);
  const weightsA = new Float64Array(images).fill(1);
  const weightsB = new Float64Array(images);
  const differenceNow = (): number => statistic(weightsA, weightsB) - statistic(weightsB, weightsA);
  const real = Math.abs(differenceNow());
  if (Number.isNaN(real)) return Number.NaN;
  let reached = 1;
  for (let s = 0; s < options.samples; s++) {
    const rng = new KeyedRng(options.seed ?? 0, SWAP, s);
    for (let i = 0; i < images; i++) {
      weightsB[i] = rng.next() < 0.5 ? 1 : 0;
      weightsA[i] = 1 - weightsB[i]!;
    }
    // The slack keeps arrangements that only differ in the order of sums on the side of the real one.
    if (Math.abs(differenceNow()) >= real - 1e-12) reached++;
    if (s % 64 === 63) options.onProgress?.((s + 1) / options.samples);
  }
  return reached / (options.samples + 1);
}

function checkSamples(images: number, { samples }: { samples: number }): void {
  if (!(Number.isInteger(samples) && samples >= 1) || !(Number.isInteger(images) && images >= 1)) {
    throw new RangeError(
      `Resampling needs at least one image and one sample, got ${images} images and ${samples} ` +
        'samples. Fix: skip intervals when samples is 0.',
    );
  }
}
