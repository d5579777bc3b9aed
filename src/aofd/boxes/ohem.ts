import { nms } from './nms.js';
import type { BoxArray, BoxConvention, ScoreArray } from './types.js';

/** Settings of online hard example mining (docs/spec.md 2, J10). */
export interface OhemConfig {
  /** RoIs trained on per image; 128. */
  batchSize: number;
  /** NMS threshold among RoIs of one label, with the loss as score; 0.7. */
  nmsIou: number;
  /** Default `inclusive`. */
  convention?: BoxConvention;
}

/** Loss of each RoI in the mining pass: -ln p(label) plus the box loss of faces (docs/spec.md 2). */
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
 * label, then the first `batchSize` over both labels. Equal losses: lower index (J5). Returns rows
 * in order of falling loss. Call once per image.
 */
export function selectHardRois(
  losses: ScoreArray,
  labels: ArrayLike<number>,
  boxes: BoxArray,
  config: OhemConfig,
): Int32Array {
  return nms(boxes, losses, {
    iouThreshold: config.nmsIou,
    maxOutput: config.batchSize,
    groups: labels,
    convention: config.convention ?? 'inclusive',
  });
}
