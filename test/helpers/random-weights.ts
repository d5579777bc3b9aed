/** Untrained weights with their configuration: enough to exercise everything around the network. */
import { writeFileSync } from 'node:fs';
import { presetConfig, type Config } from '../../src/aofd/config/index.js';
import type { DetectorWeights } from '../../src/aofd/detect/detector.js';
import { AofdModel, initialValues } from '../../src/aofd/model/index.js';
import { floatData, serializeSafetensors, type StoredTensor } from '../../src/nn/io/index.js';

/** A narrow lite network on small inputs, quick on any adapter. */
export function smallConfig(maxSize = 128): Config {
  const config = presetConfig('lite');
  config.input.maxSize = maxSize;
  return config;
}

export function randomWeights(config: Config = smallConfig(), seed = 7): DetectorWeights {
  const tensors = new Map<string, StoredTensor>();
  for (const spec of new AofdModel(config.model).specs()) {
    tensors.set(spec.name, floatData(initialValues(spec, seed), spec.shape));
  }
  return { metadata: { config: JSON.stringify(config) }, tensors };
}

export function writeRandomWeights(file: string, config: Config = smallConfig()): void {
  const { metadata, tensors } = randomWeights(config);
  writeFileSync(file, serializeSafetensors(Object.fromEntries(tensors), metadata));
}
