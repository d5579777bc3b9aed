/** Face probability of logits [M, 2] (background, face): the softmax of two is a sigmoid. */
export function faceProbabilities(logits: ArrayLike<number>): Float32Array {
  const out = new Float32Array(logits.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = 1 / (1 + Math.exp(logits[2 * i]! - logits[2 * i + 1]!));
  }
  return out;
}
