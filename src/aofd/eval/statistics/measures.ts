/** Figures over images, with their intervals and paired comparisons. */
import {
  bootstrapInterval,
  pairedBootstrap,
  permutationTest,
  type PooledStatistic,
  type Statistic,
} from './bootstrap.js';

/** A number that a reader takes away. */
export interface Headline {
  /** Stable identifier, e.g. `discrete-recall@1000`. */
  key: string;
  label: string;
  value: number;
  /** Bootstrap interval over images. */
  interval?: { low: number; high: number; level: number };
}

/** How figures are given. */
export interface EvaluateSettings {
  /** Bootstrap samples over images; 0 = no intervals. */
  bootstrap: number;
  /** Level of the intervals, e.g. 0.95. */
  level: number;
  seed: number;
  /** Called now and then with the share done, 0..1. */
  onProgress?: (share: number) => void;
}

/** Difference of two detectors on the same images. */
export interface PairedDifference {
  key: string;
  label: string;
  a: number;
  b: number;
  /** a - b with its bootstrap interval, images drawn together. */
  difference: number;
  interval: { low: number; high: number; level: number };
  /** Two-sided p of a permutation test that swaps the detectors image by image. */
  p: number;
}

/** A figure of one detector. */
export interface Measure {
  key: string;
  label: string;
  /** The figure, image i counting `weights[i]` times. */
  statistic: Statistic;
}

/** A figure of two detectors on the same images. */
export interface PairedMeasure {
  key: string;
  label: string;
  a: Statistic;
  b: Statistic;
  /** The figure of a detector that is `a` on some images and `b` on the others. */
  pooled: PooledStatistic;
}

/** Values on the images as they are, with intervals unless `settings.bootstrap` is 0. */
export function headlinesOf(
  measures: readonly Measure[],
  images: number,
  settings: EvaluateSettings,
): Headline[] {
  const ones = new Float64Array(images).fill(1);
  return measures.map(({ key, label, statistic }, i) => ({
    key,
    label,
    value: statistic(ones),
    ...(settings.bootstrap > 0 && images > 0
      ? {
          interval: bootstrapInterval(statistic, images, {
            samples: settings.bootstrap,
            level: settings.level,
            seed: settings.seed,
            onProgress: (share) => settings.onProgress?.((i + share) / measures.length),
          }),
        }
      : {}),
  }));
}

/** Differences with intervals and p values; both NaN if `settings.bootstrap` is 0. */
export function differencesOf(
  measures: readonly PairedMeasure[],
  images: number,
  settings: EvaluateSettings,
): PairedDifference[] {
  const ones = new Float64Array(images).fill(1);
  const { level, seed } = settings;
  return measures.map(({ key, label, a, b, pooled }, i) => {
    const values = { key, label, a: a(ones), b: b(ones) };
    if (!(settings.bootstrap > 0 && images > 0)) {
      const interval = { low: Number.NaN, high: Number.NaN, level };
      return { ...values, difference: values.a - values.b, interval, p: Number.NaN };
    }
    const optionsFrom = (start: number): Parameters<typeof pairedBootstrap>[3] => ({
      samples: settings.bootstrap,
      level,
      seed,
      onProgress: (share) => settings.onProgress?.((i + start + share / 2) / measures.length),
    });
    return {
      ...values,
      ...pairedBootstrap(a, b, images, optionsFrom(0)),
      p: permutationTest(pooled, images, optionsFrom(0.5)),
    };
  });
}
