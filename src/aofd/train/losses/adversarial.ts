import {
  compactLoss,
  oneMinus,
  reshape,
  softmaxCrossEntropy,
  type Device,
  type Tensor,
} from '../../../nn/index.js';

/** Parts of Lg = gamma * Lcom - eta * Lc (docs/spec.md 3.3), each a scalar [1]. */
export interface GeneratorLosses {
  /** Mean -ln p(face) of the masked positives: what the generator wants large. */
  adversarialClass: Tensor;
  /** Σ over RoIs and cells of ReLU((1 - m) * kernel): small for compact masks. */
  compact: Tensor;
}

/**
 * The generator's losses.
 *
 * @param classLogits row [P,2] of the frozen head on masked RoIs
 * @param labels [P]; all 1 when only positives are masked (J12)
 * @param mask row [P,49] of 1 and 0 with its straight-through gradient
 */
export function generatorLosses(
  device: Device,
  classLogits: Tensor,
  labels: Int32Array,
  mask: Tensor,
  mode: 'relu' | 'literal',
): GeneratorLosses {
  const [rows = 0, cells = 0] = mask.shape;
  const side = Math.round(Math.sqrt(cells));
  const goal = device.tensor(labels, [rows], { dtype: 'i32', name: 'head.labels' });
  return {
    adversarialClass: softmaxCrossEntropy(classLogits, goal, { reduction: 'mean' }),
    compact: compactLoss(reshape(oneMinus(mask), [rows, side, side]), { mode }),
  };
}
