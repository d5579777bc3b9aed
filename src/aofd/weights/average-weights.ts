/** The mean of several runs' weights: what runs side by side, from the same weights, learned together. */
import { NnError } from '../../nn/index.js';
import { floatData, nameList, toFloat32, type StoredTensor } from '../../nn/io/index.js';
import { configOf, networkOf, type DetectorWeights } from './detector-weights.js';

/**
 * Means of all parameters in float64, rounded to float32 once; the configuration is that of the first file, without
 * calibration and recommended score, since the mean has scores of its own.
 * Averaging helps where the runs began from the same weights: means of unrelated ones find nothing.
 * @param weights two or more, each with its `file`
 * @throws NnError `weights-shape` and `weights-missing` where they are not of one network
 */
export function averageWeights(weights: readonly DetectorWeights[]): DetectorWeights {
  const [first, ...others] = weights;
  if (!first || others.length === 0) {
    throw new NnError('weights-missing', 'an average needs the weights of two runs or more.');
  }
  const where = first.file ?? 'the first file';
  const config = configOf(first, where);
  networkOf(config, first, where);
  for (const other of others) checkAlike(first, other);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape }] of first.tensors) {
    const parts = weights.map(({ tensors: all }) => toFloat32(all.get(name)!));
    const mean = Float32Array.from(parts[0]!, (_, i) => {
      let sum = 0;
      for (const part of parts) sum += part[i]!;
      return sum / parts.length;
    });
    tensors.set(name, floatData(mean, shape));
  }
  const { score: _, ...metadata } = first.metadata;
  const test = { ...config.test, calibration: null };
  return { metadata: { ...metadata, config: JSON.stringify({ ...config, test }) }, tensors };
}

/** Refuses parameters that are missing in one of the two, or have another shape there. */
function checkAlike(first: DetectorWeights, other: DetectorWeights): void {
  const [a, b] = [first.file ?? 'the first file', other.file ?? 'another file'];
  const missing = [...first.tensors.keys()].filter((name) => !other.tensors.has(name));
  const more = [...other.tensors.keys()].filter((name) => !first.tensors.has(name));
  const fix = 'average runs of one network, with the same configuration of the model.';
  if (missing.length + more.length > 0) {
    const [has, lacks, names] = missing.length > 0 ? [a, b, missing] : [b, a, more];
    throw new NnError(
      'weights-missing',
      `${names.length} parameters of ${has} are not in ${lacks} (${nameList(names, 3)}).`,
      { fix },
    );
  }
  for (const [name, { shape }] of first.tensors) {
    const found = other.tensors.get(name)!.shape;
    if (shape.join() === found.join()) continue;
    throw new NnError(
      'weights-shape',
      `${name} is (${shape.join(', ')}) in ${a} and (${found.join(', ')}) in ${b}.`,
      { fix },
    );
  }
}
