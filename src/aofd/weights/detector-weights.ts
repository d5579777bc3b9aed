/** A detector's weights in memory, with the configuration that they carry. */
import { NnError } from '../../nn/index.js';
import { floatData, nameList, toFloat32, type StoredTensor } from '../../nn/io/index.js';
import { resolveConfig, type Config } from '../config/index.js';
import {
  AofdModel,
  checkShape,
  initialValues,
  type HostParam,
  type ParamSpec,
} from '../model/index.js';
import { parseJsonText } from '../../nn/json.js';

/** Weights as `parseSafetensors` gives them; metadata `config` holds the configuration. */
export interface DetectorWeights {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Where they came from, for messages and reports. */
  file?: string;
  sha256?: string;
}

/**
 * The configuration stored in a weights file; settings that are younger than the file have the value
 * of its preset.
 * @throws NnError `weights-config` where there is none that can be read; ConfigError for a wrong one
 */
export function configOf(weights: Pick<DetectorWeights, 'metadata'>, where: string): Config {
  const text = weights.metadata['config'];
  if (text === undefined) {
    throw new NnError(
      'weights-config',
      `${where}: the file holds no configuration (metadata "config").`,
      {
        fix: 'use weights written by "aofd train", or pass the config that they were trained with.',
      },
    );
  }
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (cause) {
    throw new NnError('weights-config', `${where}: metadata "config" is not JSON.`, {
      cause,
      fix: 'copy or download the file again.',
    });
  }
  return resolveConfig(value, [], `${where}: config`);
}

/**
 * The network of a configuration and the parameters that detection needs of it: those of the mask
 * generator only where they are given. Nothing is allocated; all are looked for in the weights first.
 * @throws NnError `weights-missing` and `weights-shape`; ConfigError for a network that is too large
 */
export function networkOf(
  config: Config,
  { tensors }: Pick<DetectorWeights, 'tensors'>,
  where: string,
): { model: AofdModel; specs: ParamSpec[] } {
  const model = new AofdModel(config.model);
  const all = model.specs();
  const isGenerator = ({ group }: ParamSpec): boolean => group === 'generator';
  const hasGenerator = all.some((spec) => isGenerator(spec) && tensors.has(spec.name));
  const specs = hasGenerator ? all : all.filter((spec) => !isGenerator(spec));
  const missing: string[] = [];
  for (const spec of specs) {
    const tensor = tensors.get(spec.name);
    if (tensor) checkShape(spec, tensor.shape, where);
    else missing.push(spec.name);
  }
  if (missing.length === 0) return { model, specs };
  throw new NnError(
    'weights-missing',
    `${where}: ${missing.length} parameters are missing (${nameList(missing, 3)}).`,
    { fix: 'use a complete weights file of this network, as "aofd train" writes it.' },
  );
}

/** The score threshold that a file recommends, between 0 and 1. */
export function recommendedScore({ metadata }: DetectorWeights): number | undefined {
  const value = Number(metadata['score'] ?? NaN);
  return value > 0 && value < 1 ? value : undefined;
}

/** The parameters by name, as float32. */
export function paramsOf({ tensors }: DetectorWeights): Map<string, HostParam> {
  const values = new Map<string, HostParam>();
  for (const [name, tensor] of tensors) {
    values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  }
  return values;
}

/** Initial weights of a network: enough to run it, not to find anything. */
export function untrainedWeights(config: Config, seed: number): DetectorWeights {
  const tensors = new Map<string, StoredTensor>();
  for (const spec of new AofdModel(config.model).specs()) {
    tensors.set(spec.name, floatData(initialValues(spec, seed), spec.shape));
  }
  return { metadata: { config: JSON.stringify(config) }, tensors };
}
