/** A loaded set, ready to evaluate detectors on: what all protocols have in common. */
import { evenlySpread, markPartial } from './partial.js';
import type { DetectionSet, EvalImage, EvalSet, Evaluation, Fact } from './protocol.js';
import {
  differencesOf,
  headlinesOf,
  type EvaluateSettings,
  type Headline,
  type Measure,
  type PairedMeasure,
} from './statistics/measures.js';

/** Pictures with their labels, in a protocol's own form. */
export interface LabelledPictures {
  name: string;
  images: readonly EvalImage[];
}

/** How a protocol scores detectors; S is its form of a set, J a detector's results judged on one. */
export interface Scoring<S extends LabelledPictures, J> {
  /** @throws DataError naming file and line of what is wrong */
  readDetectionsAsync(files: readonly string[], set: S, name: string): Promise<DetectionSet>;
  /** Matches and judges detections once; everything else is read from the result. */
  judge(set: S, detections: DetectionSet, onProgress?: (share: number) => void): J;
  /** Part of an evaluation's time that judging takes, 0..1; default 0. */
  judgingShare?: number;
  measures(judged: J): Measure[];
  pairedMeasures(a: J, b: J): PairedMeasure[];
  /** @param figures values of `measures`, in their order */
  evaluation(judged: J, detections: DetectionSet, figures: readonly Headline[]): Evaluation;
  /** The set with `count` of its pictures at even distances; default: no more than `images` is cut. */
  cut?(set: S, count: number): S;
  /** Whether the set's warnings tell of pictures that are not there. */
  tellsMissing: boolean;
}

/** What a report says of a set. */
export interface AboutSet {
  facts: readonly Fact[];
  warnings: readonly string[];
}

/**
 * A set with its protocol's scoring.
 * @param whole the set before it was cut: result files may name any of its pictures
 */
export function loadedSet<S extends LabelledPictures, J>(
  set: S,
  scoring: Scoring<S, J>,
  about: AboutSet,
  whole: S = set,
): EvalSet {
  const { name, images } = set;
  // A detector is judged once, however often it is compared with others.
  const known = new WeakMap<DetectionSet, J>();
  const judged = (detections: DetectionSet, onProgress?: (share: number) => void): J => {
    const before = known.get(detections);
    if (before !== undefined) return before;
    const result = scoring.judge(set, detections, onProgress);
    known.set(detections, result);
    return result;
  };
  return {
    name,
    images,
    facts: about.facts,
    warnings: about.warnings,
    tellsMissing: scoring.tellsMissing,
    readDetectionsAsync: (files, detector) => scoring.readDetectionsAsync(files, whole, detector),
    evaluate(detections, settings) {
      const [judging, measuring] = splitProgress(settings, scoring.judgingShare ?? 0);
      const results = judged(detections, judging.onProgress);
      const figures = headlinesOf(scoring.measures(results), images.length, measuring);
      return scoring.evaluation(results, detections, figures);
    },
    measures: (detections) => scoring.measures(judged(detections)),
    compare: (a, b, settings) =>
      differencesOf(scoring.pairedMeasures(judged(a), judged(b)), images.length, settings),
    take(count) {
      const cut = scoring.cut?.(set, count) ?? { ...set, images: evenlySpread(images, count) };
      const part = markPartial({ name, ...about, total: images.length }, cut.images.length);
      return loadedSet({ ...cut, name: part.name }, scoring, part, whole);
    },
  };
}

/** Settings for a first and a second part of an evaluation, each with its share of the progress. */
function splitProgress(
  settings: EvaluateSettings,
  first: number,
): [EvaluateSettings, EvaluateSettings] {
  const { onProgress, ...rest } = settings;
  if (!onProgress) return [rest, rest];
  return [
    { ...rest, onProgress: (share) => onProgress(first * share) },
    { ...rest, onProgress: (share) => onProgress(first + (1 - first) * share) },
  ];
}
