/**
 * Isotonic regression: probabilities that rise with a score, fitted to what was right and what was wrong
 * (pool adjacent violators; Ayer et al. 1955, for classifiers Zadrozny and Elkan 2002). Pure.
 */

/** A rising piecewise linear curve from scores to probabilities. */
export interface ScoreCurve {
  /** [K], rising strictly. */
  scores: number[];
  /** [K], rising strictly, 0..1. */
  probabilities: number[];
}

/** Neighbours whose probabilities are less apart than this would tie scores that differ. */
const LEAST_STEP = 1e-4;

/**
 * The curve through the centres of the pooled blocks, thinned to at most `maxKnots` and bent by
 * LEAST_STEP where it would be flat, so that no order of scores is lost. The ends are (0, 0) and (1, 1).
 * @param scores [M], any order, 0..1
 * @param right [M]: 1 right, 0 wrong
 * @throws RangeError without scores
 */
export function isotonicCurve(
  scores: ArrayLike<number>,
  right: ArrayLike<number>,
  maxKnots = 24,
): ScoreCurve {
  const count = scores.length;
  if (count === 0) throw new RangeError('isotonicCurve: no scores.');
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const blocks: { weight: number; score: number; hits: number }[] = [];
  // As many scores a block as leave `maxKnots` blocks: a knot rests on more than a handful.
  const size = Math.max(1, Math.ceil(count / maxKnots));
  for (let from = 0; from < count; from += size) {
    const block = { weight: 0, score: 0, hits: 0 };
    for (const i of order.slice(from, from + size)) {
      block.weight++;
      block.score += scores[i]!;
      block.hits += right[i]!;
    }
    blocks.push(block);
    for (let last = blocks.length - 1; last > 0; last--) {
      const [below, above] = [blocks[last - 1]!, blocks[last]!];
      if (below.hits / below.weight < above.hits / above.weight) break;
      below.weight += above.weight;
      below.score += above.score;
      below.hits += above.hits;
      blocks.pop();
    }
  }
  const curve: ScoreCurve = { scores: [0], probabilities: [0] };
  for (const { weight, score, hits } of blocks) {
    addKnot(curve, score / weight, hits / weight);
  }
  const last = curve.scores.length - 1;
  if (curve.scores[last]! < 1) {
    curve.scores.push(1);
    curve.probabilities.push(1);
  }
  return curve;
}

function addKnot({ scores, probabilities }: ScoreCurve, score: number, probability: number): void {
  const last = scores.length - 1;
  // Room is kept below 1 for the last knot.
  const bent = Math.min(Math.max(probability, probabilities[last]! + LEAST_STEP), 1 - LEAST_STEP);
  if (score <= scores[last]! || bent <= probabilities[last]!) return;
  scores.push(score);
  probabilities.push(bent);
}

/** Mean of |probability - share that is right| over bins of equal numbers, weighted: 0 = calibrated. */
export function calibrationError(
  probabilities: ArrayLike<number>,
  right: ArrayLike<number>,
  bins = 15,
): number {
  const count = probabilities.length;
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => probabilities[a]! - probabilities[b]!,
  );
  let error = 0;
  for (let b = 0; b < bins; b++) {
    const part = order.slice(Math.floor((b * count) / bins), Math.floor(((b + 1) * count) / bins));
    const gap = part.reduce((sum, i) => sum + probabilities[i]! - right[i]!, 0);
    error += Math.abs(gap);
  }
  return error / count;
}
