/** The mean of several runs' weights: what runs side by side, from the same weights, learned together. */
import { NnError } from '../../nn/index.js';
import { floatData, nameList, toFloat32, type StoredTensor } from '../../nn/io/index.js';
import { presetConfig, type Config } from '../config/index.js';
import { configOf, networkOf, type DetectorWeights } from './detector-weights.js';

const FIX = 'average runs of one network, with the same configuration of the model.';

/**
 * Means of all parameters in float64, rounded to float32 once; the configuration is that of the first file, with the
 * preset's settings where a calibration had set them: the mean has scores of its own.
 * Averaging helps where the runs began from the same weights: means of unrelated ones find nothing.
 * @param weights two or more, each with its `file`
 * @throws NnError `weights-shape`, `weights-missing` and `weights-config` where they are not of one network,
 * `weights-not-finite` for values that are no numbers
 */
export function averageWeights(weights: readonly DetectorWeights[]): DetectorWeights {
  const [first, ...others] = weights;
  if (!first || others.length === 0) {
    throw new NnError('weights-missing', 'an average needs the weights of two runs or more.');
  }
  const where = first.file ?? 'the first file';
  const config = configOf(first, where);
  networkOf(config, first, where);
  for (const other of others) {
    checkAlike(first, other);
    checkSameRules(config, configOf(other, other.file ?? 'another file'), where, other.file ?? '');
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape }] of first.tensors) {
    const parts = weights.map(({ tensors: all, file }) =>
      finite(toFloat32(all.get(name)!), name, file),
    );
    const mean = Float32Array.from(parts[0]!, (_, i) => {
      let sum = 0;
      for (const part of parts) sum += part[i]!;
      return sum / parts.length;
    });
    tensors.set(name, floatData(mean, shape));
  }
  const { score: _score, step: _step, stage: _stage, ...metadata } = first.metadata;
  return { metadata: { ...metadata, config: JSON.stringify(uncalibrated(config)) }, tensors };
}

/** Without what `aofd calibrate` found. */
function uncalibrated(config: Config): Config {
  if (config.test.calibration === null) return config;
  const { occluderThreshold, coveredShare } = presetConfig(config.preset).test;
  return {
    ...config,
    test: { ...config.test, calibration: null, occluderThreshold, coveredShare },
  };
}

/** Parts of a configuration that say how weights are read: parameters of equal shapes may mean other things. */
const RULES = ['model', 'input', 'boxes', 'rois'] as const;

function checkSameRules(a: Config, b: Config, first: string, other: string): void {
  for (const part of RULES) {
    for (const [key, value] of Object.entries(a[part])) {
      const found = (b[part] as Record<string, unknown>)[key];
      if (JSON.stringify(found) === JSON.stringify(value)) continue;
      throw new NnError(
        'weights-config',
        `${part}.${key} is ${JSON.stringify(value)} in ${first} and ${JSON.stringify(found)} in ${other}.`,
        { fix: FIX },
      );
    }
  }
}

function finite(values: Float32Array, name: string, file = 'one file'): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new NnError('weights-not-finite', `${file}: ${name}[${at}] is ${values[at]}.`, {
    fix: 'leave this run out, or take an earlier checkpoint of it.',
  });
}

/** Refuses parameters that are missing in one of the two, or have another shape there. */
function checkAlike(first: DetectorWeights, other: DetectorWeights): void {
  const [a, b] = [first.file ?? 'the first file', other.file ?? 'another file'];
  const missing = [...first.tensors.keys()].filter((name) => !other.tensors.has(name));
  const more = [...other.tensors.keys()].filter((name) => !first.tensors.has(name));
  if (missing.length + more.length > 0) {
    const [has, lacks, names] = missing.length > 0 ? [a, b, missing] : [b, a, more];
    throw new NnError(
      'weights-missing',
      `${names.length} parameters of ${has} are not in ${lacks} (${nameList(names, 3)}).`,
      { fix: FIX },
    );
  }
  for (const [name, { shape }] of first.tensors) {
    const found = other.tensors.get(name)!.shape;
    if (shape.join() === found.join()) continue;
    throw new NnError(
      'weights-shape',
      `${name} is (${shape.join(', ')}) in ${a} and (${found.join(', ')}) in ${b}.`,
      { fix: FIX },
    );
  }
}
