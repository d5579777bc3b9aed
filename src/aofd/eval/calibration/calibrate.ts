/** Runs a detector over labelled sources of its own configuration and fits what its numbers mean. */
import type { Config } from '../../config/index.js';
import type { Sample } from '../../data/sample.js';
import { loadDataSource } from '../../data/sets/load-source.js';
import { detectionArrays } from '../detections/arrays.js';
import { detectSetAsync } from '../detections/runner.js';
import { evenlySpread } from '../partial.js';
import type { DetectionSet, EvalImage } from '../protocol.js';
import { matchDetections } from '../statistics/ap.js';
import { fitScores, type ScoreFit, type ScoredOutcomes } from './fit.js';
import { SCORE_FLOOR, type CalibrateOptions, type SourceShare } from './options.js';
import { checkedPortraits, fitOcclusionAsync, type OcclusionFit } from './portraits.js';

export interface Calibration {
  scores: ScoreFit & { detections: number; pictures: number };
  /** Null without portraits. */
  occlusion: OcclusionFit | null;
  /** Test settings to store with the weights. */
  test: Partial<Config['test']>;
}

/**
 * Reads all lists before it looks at a picture, so that mistakes in them are said at once.
 * @returns null when the signal ended it
 * @throws DataError for a list that cannot be read, and for portraits that cannot serve
 */
export async function calibrateAsync(options: CalibrateOptions): Promise<Calibration | null> {
  const samples = samplesOf(options.config, options.faces);
  const portraits = checkedPortraits(samplesOf(options.config, options.portraits));
  const found = await detectAsync(options, samples);
  if (!found) return null;
  const outcomes = outcomesOf(samples, found);
  const scores = {
    ...fitScores(outcomes),
    detections: outcomes.scores.length,
    pictures: samples.length,
  };
  const test: Partial<Config['test']> = { calibration: scores.curve };
  if (portraits.length === 0) return { scores, occlusion: null, test };
  const occlusion = await fitOcclusionAsync(options, portraits);
  if (!occlusion) return null;
  test.occluderThreshold = occlusion.best.threshold;
  if (occlusion.coveredShare !== null) test.coveredShare = occlusion.coveredShare;
  return { scores, occlusion, test };
}

function samplesOf(config: Config, shares: readonly SourceShare[]): Sample[] {
  return shares.flatMap(({ name, count }) => {
    const { samples } = loadDataSource(config.data, name);
    return count > 0 ? evenlySpread(samples, count) : samples;
  });
}

/** Raw scores, down to the floor. */
function detectAsync(
  { run, cache }: CalibrateOptions,
  samples: readonly Sample[],
): Promise<DetectionSet | null> {
  const images = samples.map(({ file }): EvalImage => ({ name: file, file }));
  return detectSetAsync(images, 'scores', {
    ...run,
    test: { calibration: null },
    needsMasks: false,
    cache,
    scoreFloor: SCORE_FLOOR,
    maxDetections: 800,
  });
}

/** Detections that are right or wrong at IoU 0.5; those on ignored faces are neither. */
function outcomesOf(samples: readonly Sample[], found: DetectionSet): ScoredOutcomes {
  const scores: number[] = [];
  const right: number[] = [];
  const arrays = detectionArrays(
    samples.map(({ file }) => ({ name: file, file })),
    found,
  );
  samples.forEach(({ faces }, i) => {
    const gt = Float64Array.from(
      faces.flatMap(({ box: [x1, y1, x2, y2] }) => [x1, y1, x2 + 1, y2 + 1]),
    );
    const ignore = Uint8Array.from(faces, (face) => (face.ignore || face.invalid ? 1 : 0));
    const { outcome } = matchDetections({ ...arrays[i]!, gt, ignore });
    outcome.forEach((value, d) => {
      if (value < 0) return;
      scores.push(arrays[i]!.scores[d]!);
      right.push(value);
    });
  });
  return { scores: Float64Array.from(scores), right: Uint8Array.from(right) };
}
