import {
  compactLoss,
  oneMinus,
  reshape,
  softmaxCrossEntropy,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import type { LossConfig } from '../../config/index.js';
import type { WeightedLoss } from './weighted.js';

/**
 * The generator's objective Lg = gamma * Lcom - eta * Lc (docs/spec.md 3.3), as two terms:
 * - `adversarialClass`, weight -eta: Lc, the mean -ln p(face) of the masked positives, which the
 *   generator wants large;
 * - `compact`, weight gamma (0 while gamma is `auto`): Lcom = sum over RoIs and cells of
 *   ReLU((1 - m) * kernel), small for compact masks (docs/spec.md 3.4, J13).
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
  loss: LossConfig,
): [adversarial: WeightedLoss, compact: WeightedLoss] {
  const [rows = 0, cells = 0] = mask.shape;
  const side = Math.round(Math.sqrt(cells));
  const goal = device.tensor(labels, [rows], { dtype: 'i32', name: 'head.labels' });
  const adversarial = softmaxCrossEntropy(classLogits, goal, { reduction: 'mean' });
  const hidden = reshape(oneMinus(mask), [rows, side, side]);
  // `flip` has the value of `relu`; its gradient is the generator step's (docs/spec.md 3.4).
  const compact = compactLoss(hidden, { mode: loss.compact === 'literal' ? 'literal' : 'relu' });
  return [
    { name: 'adversarialClass', value: adversarial, weight: -loss.eta },
    { name: 'compact', value: compact, weight: loss.gamma === 'auto' ? 0 : loss.gamma },
  ];
}
