/** Runs a detector over labelled sources of its own configuration and fits what its numbers mean. */
import type { Config } from '../../config/index.js';
import { readFaceParts } from '../../data/batches/image-cache.js';
import { decodeImage } from '../../data/files/decode.js';
import type { Sample } from '../../data/sample.js';
import type { DetectedFace } from '../../detect/faces.js';
import { encodeRunLength } from '../../detect/rle.js';
import { loadDataSource } from '../../data/sets/load-source.js';
import { detectionArrays } from '../detections/arrays.js';
import { detectSetAsync, openDetectorAsync, type RunSettings } from '../detections/runner.js';
import { readWeightsAsync } from '../../weights/files/detector-weights.js';
import {
  countPixels,
  newPixelCounts,
  occlusionRatios,
  pixelScores,
  type PixelCounts,
} from '../occlusion/pixels.js';
import { paintRuns } from '../occlusion/runs.js';
import { evenlySpread } from '../partial.js';
import type { DetectionSet, EvalImage } from '../protocol.js';
import { matchDetections } from '../statistics/ap.js';
import {
  bestThreshold,
  coveredShareFor,
  fitScores,
  type ScoreFit,
  type ScoredOutcomes,
  type ThresholdTrial,
} from './fit.js';

/** A data source with the number of its pictures to take, at even distances; 0 = all. */
export interface SourceShare {
  name: string;
  count: number;
}

export interface CalibrateOptions {
  /** Configuration that the weights carry; its `data` says how to read the sources. */
  config: Config;
  /** How the detector is run. */
  run: Pick<RunSettings, 'weights' | 'device' | 'version' | 'signal' | 'onProgress' | 'onNotice'>;
  /** Folder of the detections' cache. */
  cache: string;
  /** Detection sources, for scores. */
  faces: readonly SourceShare[];
  /** Portraits with pixel labels, for what covers faces; may be empty. */
  portraits: readonly SourceShare[];
  /** Share of uncovered faces that may be called covered. */
  falseAlarms: number;
}

export interface Calibration {
  scores: ScoreFit & { detections: number; pictures: number };
  /** Null without portraits. */
  occlusion: {
    trials: readonly ThresholdTrial[];
    best: ThresholdTrial;
    /** Null where no portrait is uncovered: the weights keep theirs. */
    coveredShare: number | null;
    portraits: number;
    uncovered: number;
  } | null;
  /** Test settings to store with the weights. */
  test: Partial<Config['test']>;
}

const SCORE_FLOOR = 0.01;
const THRESHOLDS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
/** A portrait counts as uncovered below this share of its region. */
const UNCOVERED = 0.01;

/** @returns null when the signal ended it */
export async function calibrateAsync(options: CalibrateOptions): Promise<Calibration | null> {
  const samples = samplesOf(options.config, options.faces);
  const found = await detectAsync(options, samples);
  if (!found) return null;
  const outcomes = outcomesOf(samples, found);
  const scores = {
    ...fitScores(outcomes),
    detections: outcomes.scores.length,
    pictures: samples.length,
  };
  const portraits = samplesOf(options.config, options.portraits);
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

/** The detection of the portrait's own face: the best scored one that holds the centre of its box. */
function ownFace({ faces }: Sample, found: readonly DetectedFace[]): DetectedFace | null {
  const box = faces.find((face) => !face.ignore)?.box;
  if (!box) return null;
  const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const holding = found.filter(
    ({ box: [x1, y1, x2, y2] }) => cx >= x1 && cx <= x2 && cy >= y1 && cy <= y2,
  );
  return holding.reduce<DetectedFace | null>(
    (best, face) => (best === null || face.score > best.score ? face : best),
    null,
  );
}

/** What a threshold says of the portraits so far. */
interface Tally {
  threshold: number;
  counts: PixelCounts;
  shares: { truth: number; told: number }[];
}

/** Looks at each portrait once and measures every threshold on it; null when the signal ended it. */
async function tallyAsync(
  { run, config }: CalibrateOptions,
  portraits: readonly Sample[],
): Promise<Tally[] | null> {
  const raw = { ...config, test: { ...config.test, calibration: null } };
  await using detector = await openDetectorAsync(await readWeightsAsync(run.weights), raw, {
    ...run,
    scoreFloor: SCORE_FLOOR,
    maxDetections: Infinity,
    needsMasks: true,
  });
  const tallies = THRESHOLDS.map((threshold): Tally => ({
    threshold,
    counts: newPixelCounts(),
    shares: [],
  }));
  for (const [done, sample] of portraits.entries()) {
    if (run.signal?.aborted) return null;
    const image = await decodeImage(sample.file);
    const { covered } = await readFaceParts(sample, image);
    const face = ownFace(sample, (await detector.detectAsync(image)).faces);
    const size = { width: image.width, height: image.height };
    const box = Float64Array.from(sample.faces.find((one) => !one.ignore)!.box);
    const [truth = 0] = occlusionRatios(covered, box, size);
    for (const { threshold, counts, shares } of tallies) {
      const painted = new Uint8Array(size.width * size.height);
      const mask = face?.occlusionAt(threshold)?.mask;
      if (mask) paintRuns(encodeRunLength(mask), painted, size);
      countPixels(painted, covered, box, size, counts);
      const [told = 0] = occlusionRatios(painted, box, size);
      shares.push({ truth, told });
    }
    const total = portraits.length;
    run.onProgress?.({ done: done + 1, total, fromCache: 0, perSecond: 0 });
  }
  return tallies;
}

async function fitOcclusionAsync(
  options: CalibrateOptions,
  portraits: readonly Sample[],
): Promise<Calibration['occlusion']> {
  options.run.onNotice?.(`what covers ${portraits.length} portraits`);
  const tallies = await tallyAsync(options, portraits);
  if (!tallies) return null;
  const trials = tallies.map(({ threshold, counts, shares }): ThresholdTrial => {
    const error = shares.reduce((sum, t) => sum + Math.abs(t.told - t.truth), 0) / shares.length;
    return { threshold, iou: pixelScores(counts).iou, shareError: error };
  });
  const best = bestThreshold(trials);
  const { shares } = tallies.find(({ threshold }) => threshold === best.threshold)!;
  const uncovered = shares.filter(({ truth }) => truth < UNCOVERED);
  return {
    trials,
    best,
    coveredShare:
      uncovered.length > 0
        ? coveredShareFor(
            uncovered.map(({ told }) => told),
            options.falseAlarms,
          )
        : null,
    portraits: portraits.length,
    uncovered: uncovered.length,
  };
}
