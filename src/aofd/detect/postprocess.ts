/** From the network's numbers to boxes (docs/spec.md 1.14). Plain arrays, no device. */
import {
  boxIou,
  clipBoxes,
  decodeBoxes,
  faceProbabilities,
  probabilityOf,
  nms,
  takeBoxes,
  type BoxConvention,
} from '../boxes/index.js';
import type { Config } from '../config/index.js';

/** Boxes with scores. */
export interface Candidates {
  /** [R*4] in original pixels. */
  boxes: Float64Array;
  /**
   * [R]; of candidates the head's scores, mixed with the RPN's by `test.proposalWeight`; of the best of them
   * probabilities (`test.calibration`).
   */
  scores: Float64Array;
}

/** Some of the candidates, by their rows. */
export const takeCandidates = (
  { boxes, scores }: Candidates,
  rows: ArrayLike<number>,
): Candidates => ({
  boxes: takeBoxes(boxes, rows),
  scores: Float64Array.from(rows, (i) => scores[i]!),
});

/** Height of a candidate in original pixels. */
export const heightOf = ({ boxes }: Candidates, i: number): number =>
  boxes[4 * i + 3]! - boxes[4 * i + 1]!;

/** Which candidates stay. */
export interface KeepSettings {
  /** Least probability of a face. */
  score: number;
  /** A box is dropped where it overlaps a better one by more. */
  nmsIou: number;
  /** Boxes at most; those that are as good as the last stay too. */
  maxDetections: number;
}

/**
 * Candidates vote for a box from this score on, whatever the least score of a face is: a face
 * has the same box with `--score 0.5` as among those of 0.01, and with calibration as without. Scores that are mixed with the
 * RPN's were measured with the same value.
 */
const VOTER_SCORE = 0.02;

/** Where the network's input came from. */
export interface InputGeometry {
  /** Input pixels per original pixel. */
  scale: number;
  /** Original size. */
  width: number;
  height: number;
  /** The input was mirrored. */
  flip?: boolean;
}

/**
 * The head's output for `count` RoIs as boxes in original pixels (docs/spec.md 1.14): RoIs divided by
 * the scale, columns 4-7 of the box code times the standard deviations, decoded, clipped. With
 * `test.decodeIn: 'input'` the decoded box is divided instead: inclusive RoIs lose no part of a
 * pixel then.
 * @param rois [R*5] image, x1, y1, x2, y2 in input pixels
 */
export function decodeHead(
  rois: ArrayLike<number>,
  logits: ArrayLike<number>,
  deltas: ArrayLike<number>,
  count: number,
  config: Config,
  geometry: InputGeometry,
): Candidates {
  const { scale, width, height, flip = false } = geometry;
  const isInput = config.test.decodeIn === 'input';
  const before = isInput ? 1 : scale;
  const sources = new Float64Array(count * 4);
  const codes = new Float64Array(count * 4);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < 4; j++) {
      sources[4 * r + j] = rois[5 * r + 1 + j]! / before;
      codes[4 * r + j] = deltas[8 * r + 4 + j]!;
    }
  }
  const boxes = decodeBoxes(sources, codes, { ...config.boxes, stds: config.rois.stds });
  if (isInput) for (let i = 0; i < boxes.length; i++) boxes[i]! /= scale;
  if (flip) {
    // Decoded corners are positions on a line for both conventions (docs/spec.md 1.6).
    for (let o = 0; o < boxes.length; o += 4) {
      const x1 = boxes[o]!;
      boxes[o] = width - boxes[o + 2]!;
      boxes[o + 2] = width - x1;
    }
  }
  clipBoxes(boxes, { width, height }, config.boxes.convention);
  return { boxes, scores: Float64Array.from(faceProbabilities(logits).subarray(0, count)) };
}

/**
 * Weighted geometric mean of the head's [R] and the RPN's [R] face probabilities. The RPN saw every place of a
 * picture, the head only what looked most like a face: what both call one is one more often (Zhou et al.,
 * Probabilistic two-stage detection, 2021).
 */
export function mixedScores(
  head: Float64Array,
  proposal: Float32Array,
  weight: number,
): Float64Array {
  if (weight === 0) return head;
  return head.map((score, i) => score ** (1 - weight) * proposal[i]! ** weight);
}

/** What a candidate's score means by `test.calibration`; without one, the score itself. */
export function probabilityIn({ test: { calibration } }: Config, score: number): number {
  return calibration ? probabilityOf(score, calibration) : score;
}

/**
 * Threshold, NMS, best `maxDetections` (equal scores with the last stay too), best first. Rows that
 * are not finite or have no area are dropped. Scores then pass `test.calibration`, a strictly rising curve,
 * so that they mean probabilities; the threshold is one of these.
 */
export function keepBest(
  candidates: readonly Candidates[],
  config: Config,
  keep: KeepSettings,
): Candidates {
  const { boxVoting } = config.test;
  const probability = (score: number): number => probabilityIn(config, score);
  const isFace = (score: number): boolean => probability(score) > keep.score;
  const rows: number[] = [];
  const boxes = joined(candidates.map((c) => c.boxes));
  const scores = joined(candidates.map((c) => c.scores));
  for (let i = 0; i < scores.length; i++) {
    const w = boxes[4 * i + 2]! - boxes[4 * i]!;
    const h = boxes[4 * i + 3]! - boxes[4 * i + 1]!;
    const isVoter = boxVoting > 0 && scores[i]! > VOTER_SCORE;
    if ((isVoter || isFace(scores[i]!)) && w > 0 && h > 0) rows.push(i);
  }
  const some = takeCandidates({ boxes, scores }, rows);
  let kept = nms(some.boxes, some.scores, {
    iouThreshold: keep.nmsIou,
    convention: config.boxes.convention,
  }).filter((i) => isFace(some.scores[i]!));
  if (kept.length > keep.maxDetections) {
    const last = some.scores[kept[keep.maxDetections - 1]!]!;
    kept = kept.filter((i) => some.scores[i]! >= last);
  }
  const best = {
    boxes: takeBoxes(some.boxes, kept),
    scores: Float64Array.from(kept, (i) => probability(some.scores[i]!)),
  };
  if (boxVoting === 0) return best;
  // Voting may move two boxes onto one face: the lower one goes where they would vote for each other.
  const { convention } = config.boxes;
  const moved = voted(some, kept, boxVoting, convention);
  const apart = nms(moved, best.scores, { iouThreshold: boxVoting, convention });
  return {
    boxes: takeBoxes(moved, apart),
    scores: Float64Array.from(apart, (i) => best.scores[i]!),
  };
}

/**
 * Box voting (Gidaris and Komodakis, ICCV 2015): each kept box moves to the mean, weighted by score,
 * of all candidates whose overlap with it is at least `minIou`. Scores stay.
 */
function voted(
  candidates: Candidates,
  kept: ArrayLike<number>,
  minIou: number,
  convention: BoxConvention,
): Float64Array {
  const { boxes, scores } = candidates;
  const out = new Float64Array(kept.length * 4);
  for (let k = 0; k < kept.length; k++) {
    const own = kept[k]!;
    let weight = 0;
    for (let j = 0; j < scores.length; j++) {
      // Whatever its score, a box votes for itself.
      const votes =
        j === own ||
        (scores[j]! > VOTER_SCORE && boxIou(boxes, own, boxes, j, convention) >= minIou);
      if (!votes) continue;
      weight += scores[j]!;
      for (let c = 0; c < 4; c++) out[4 * k + c]! += scores[j]! * boxes[4 * j + c]!;
    }
    for (let c = 0; c < 4; c++) out[4 * k + c]! /= weight;
  }
  return out;
}

function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0] as Float64Array;
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
