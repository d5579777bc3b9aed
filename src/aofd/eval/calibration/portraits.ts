/**
 * What covers faces, on portraits with pixel labels: the threshold of P(occluder) that fits best, and the
 * covered share from which a face counts as covered.
 */
import { decodeImage, decodeMaskPng } from '../../data/files/decode.js';
import { readFaceParts } from '../../data/batches/image-cache.js';
import { sameSize } from '../../data/batches/stated-size.js';
import { drawnLabelsAsync } from '../../data/drawn/labels.js';
import { isPortrait, type Box, type DecodedImage, type Sample } from '../../data/sample.js';
import type { DetectedFace } from '../../detect/faces.js';
import { encodeRunLength } from '../../detect/rle.js';
import { DataError } from '../../errors.js';
import { readWeightsAsync } from '../../weights/files/detector-weights.js';
import { openDetectorAsync } from '../detections/runner.js';
import {
  countPixels,
  newPixelCounts,
  occlusionRatios,
  pixelScores,
  type PixelCounts,
} from '../occlusion/pixels.js';
import { paintRuns } from '../occlusion/runs.js';
import { bestThreshold, coveredShareFor, type ThresholdTrial } from './fit.js';
import { SCORE_FLOOR, type CalibrateOptions } from './options.js';

const THRESHOLDS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
/** A portrait counts as uncovered below this share of its box. */
const UNCOVERED = 0.01;

export interface OcclusionFit {
  trials: readonly ThresholdTrial[];
  best: ThresholdTrial;
  /** Null where no portrait is uncovered: the weights keep theirs. */
  coveredShare: number | null;
  /** Portraits whose face was found: the others say nothing of what covers a found one. */
  portraits: number;
  notFound: number;
  uncovered: number;
}

/** A portrait with the box of its own face. */
export interface Portrait {
  sample: Sample;
  box: Box;
}

/**
 * Portraits with the first of their faces that is judged; those without one are left out.
 * @throws DataError for pictures without pixel labels, or where no picture has a judged face
 */
export function checkedPortraits(samples: readonly Sample[]): Portrait[] {
  const bare = samples.find((sample) => !isPortrait(sample));
  if (bare) {
    throw new DataError('option-invalid', 'has no labels of what covers its whole face.', {
      where: bare.file,
      fix: `name a source of portraits with pixel labels instead of "${bare.source}"`,
    });
  }
  const portraits = samples.flatMap((sample) => {
    const face = sample.faces.find(({ ignore, invalid }) => !ignore && !invalid);
    return face ? [{ sample, box: face.box }] : [];
  });
  if (samples.length > 0 && portraits.length === 0) {
    throw new DataError('option-invalid', 'no portrait has a face that counts.', {
      where: samples[0]!.source,
      fix: 'name a source of portraits whose faces are labelled',
    });
  }
  return portraits;
}

/** [H, W]: 1 what covers the face, 255 not judged. */
async function coveredOf(sample: Sample, image: DecodedImage): Promise<Uint8Array> {
  const { faces, occluders, segmentation } = sample;
  if (occluders) return (await drawnLabelsAsync(occluders, faces, image, 'covered')).labels;
  if (segmentation) {
    return sameSize(await decodeMaskPng(segmentation.maskFile), image, segmentation.maskFile).data;
  }
  return (await readFaceParts(sample, image)).covered;
}

/** The detection of the portrait's own face: the best scored one that holds the centre of its box. */
function ownFace(box: Box, found: readonly DetectedFace[]): DetectedFace | null {
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
  /** Covered shares: true and told of the true box, and told of the found one, which `isOccluded` compares. */
  shares: { truth: number; told: number; own: number }[];
}

/** Looks at each portrait once and measures every threshold on it; null when the signal ended it. */
async function tallyAsync(
  { run, config }: CalibrateOptions,
  portraits: readonly Portrait[],
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
  for (const [done, { sample, box }] of portraits.entries()) {
    if (run.signal?.aborted) return null;
    const image = await decodeImage(sample.file);
    const labels = await coveredOf(sample, image);
    const face = ownFace(box, (await detector.detectAsync(image)).faces);
    if (face)
      for (const tally of tallies) addTo(tally, face, Float64Array.from(box), labels, image);
    const total = portraits.length;
    run.onProgress?.({ done: done + 1, total, fromCache: 0, perSecond: 0 });
  }
  return tallies;
}

function addTo(
  { threshold, counts, shares }: Tally,
  face: DetectedFace,
  box: Float64Array,
  labels: Uint8Array,
  { width, height }: DecodedImage,
): void {
  const size = { width, height };
  const occlusion = face.occlusionAt(threshold);
  const painted = new Uint8Array(width * height);
  if (occlusion) paintRuns(encodeRunLength(occlusion.mask), painted, size);
  countPixels(painted, labels, box, size, counts);
  const [truth = 0] = occlusionRatios(labels, box, size, { labels });
  const [told = 0] = occlusionRatios(painted, box, size, { labels });
  // Nothing of the box is judged: there is no share to compare with.
  if (Number.isFinite(truth)) shares.push({ truth, told, own: occlusion?.ratio ?? 0 });
}

/**
 * @returns null when the signal ended it
 * @throws DataError where no portrait's face is found
 */
export async function fitOcclusionAsync(
  options: CalibrateOptions,
  portraits: readonly Portrait[],
): Promise<OcclusionFit | null> {
  options.run.onNotice?.(`what covers ${portraits.length} portraits`);
  const tallies = await tallyAsync(options, portraits);
  if (!tallies) return null;
  const found = tallies[0]!.shares.length;
  if (found === 0) {
    throw new DataError('option-invalid', 'the face of no portrait is found.', {
      where: portraits[0]!.sample.source,
      fix: 'take weights that find them, or portraits whose pixel labels reach into the boxes of faces',
    });
  }
  const trials = tallies.map(({ threshold, counts, shares }): ThresholdTrial => {
    const error = shares.reduce((sum, t) => sum + Math.abs(t.told - t.truth), 0) / found;
    return { threshold, iou: pixelScores(counts).iou, shareError: error };
  });
  const best = bestThreshold(trials);
  const { shares } = tallies.find(({ threshold }) => threshold === best.threshold)!;
  const uncovered = shares.filter(({ truth }) => truth < UNCOVERED).map(({ own }) => own);
  return {
    trials,
    best,
    coveredShare: uncovered.length > 0 ? coveredShareFor(uncovered, options.falseAlarms) : null,
    portraits: found,
    notFound: portraits.length - found,
    uncovered: uncovered.length,
  };
}
