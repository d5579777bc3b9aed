/** A network's raw scores as probabilities: a rising piecewise linear curve, fitted on labelled pictures. */

/** Knots of the curve; both lists rise strictly. */
export interface ScoreKnots {
  scores: readonly number[];
  probabilities: readonly number[];
}

/** The probability of a raw score; scores outside of the knots get those of the ends. */
export function probabilityOf(score: number, { scores, probabilities }: ScoreKnots): number {
  const last = scores.length - 1;
  if (!(score > scores[0]!)) return probabilities[0]!;
  if (score >= scores[last]!) return probabilities[last]!;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (scores[middle]! <= score) low = middle;
    else high = middle;
  }
  const share = (score - scores[low]!) / (scores[high]! - scores[low]!);
  return probabilities[low]! + share * (probabilities[high]! - probabilities[low]!);
}
