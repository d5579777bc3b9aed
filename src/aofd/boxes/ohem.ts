import type { Config } from '../config/schema.js';
import { nms } from './nms.js';
import type { BoxArray, ScoreArray } from './types.js';

/**
 * Loss of each of R RoIs in the mining pass: -ln p(label), for faces plus smooth L1 with sigma 1 over
 * the box code (docs/spec.md 2).
 *
 * @param probabilities [R*2] background, face
 * @param labels [R] 1 face, 0 background
 * @param predictedTargets [R*4] the head's code of the face class, @param targets [R*4] the wanted one
 */
export function miningLosses(
  probabilities: ArrayLike<number>,
  labels: Int32Array,
  predictedTargets: ArrayLike<number>,
  targets: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(labels.length);
  labels.forEach((label, i) => {
    let loss = -Math.log(Math.max(probabilities[2 * i + label]!, 1e-12));
    if (label > 0) {
      for (let j = 4 * i; j < 4 * i + 4; j++) {
        const d = Math.abs(predictedTargets[j]! - targets[j]!);
        loss += d < 1 ? 0.5 * d * d : d - 0.5;
      }
    }
    out[i] = loss;
  });
  return out;
}

/**
 * Chooses the RoIs with the largest loss (docs/spec.md 2): NMS with the loss as score, separately per
 * label, then the first `ohem.batchSize` over both labels. Equal losses: lower index (J5). Returns rows
 * in order of falling loss. Call once per image.
 */
export function selectHardRois(
  losses: ScoreArray,
  labels: ArrayLike<number>,
  boxes: BoxArray,
  config: Pick<Config, 'ohem' | 'boxes'>,
): Int32Array {
  return nms(boxes, losses, {
    iouThreshold: config.ohem.nmsIou,
    maxOutput: config.ohem.batchSize,
    groups: labels,
    convention: config.boxes.convention,
  });
}
