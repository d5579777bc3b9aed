/** Weights as pages download them: half precision, and without what detection does not use. */
import { serializeSafetensors, toFloat32, toHalf, type StoredTensor } from '../../nn/io/index.js';
import type { DetectorWeights } from './detector-weights.js';

/** Parameters of the mask generator; it takes part in training, and in looks inside, only. */
const GENERATOR = /^generator\./;

export interface WebWeightsOptions {
  /** Keep the mask generator (default false). */
  withGenerator?: boolean;
}

/**
 * A safetensors file with every value rounded to float16. It keeps the metadata, and so the configuration.
 * Rounding moves boxes of `lite` by hundredths of a pixel (test/aofd/weights/web-weights.test.ts); the package's
 * own weights have float16 values already.
 */
export function webWeights(
  { metadata, tensors }: DetectorWeights,
  { withGenerator = false }: WebWeightsOptions = {},
): Uint8Array {
  const halves: Record<string, StoredTensor> = {};
  for (const [name, tensor] of tensors) {
    if (!withGenerator && GENERATOR.test(name)) continue;
    halves[name] = toHalf({ shape: tensor.shape, data: toFloat32(tensor) });
  }
  return serializeSafetensors(halves, metadata);
}
