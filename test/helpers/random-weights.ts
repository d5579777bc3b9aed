/** Untrained weights with their configuration: enough to exercise everything around the network. */
import { writeFileSync } from 'node:fs';
import { presetConfig, type Config } from '../../src/aofd/config/index.js';
import { untrainedWeights, type DetectorWeights } from '../../src/aofd/weights/detector-weights.js';
import { serializeSafetensors } from '../../src/nn/io/index.js';

/** A narrow lite network on small inputs, quick on any adapter. */
export function smallConfig(maxSize = 128): Config {
  const config = presetConfig('lite');
  config.input.maxSize = maxSize;
  return config;
}

export function randomWeights(config: Config = smallConfig(), seed = 7): DetectorWeights {
  return untrainedWeights(config, seed);
}

export function writeRandomWeights(file: string, config: Config = smallConfig()): void {
  const { metadata, tensors } = randomWeights(config);
  writeFileSync(file, serializeSafetensors(Object.fromEntries(tensors), metadata));
}
