/** Files of named arrays: NumPy, HDF5, safetensors, weights, checkpoints. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { configOf, networkOf } from '../../../src/aofd/weights/detector-weights.js';
import { readWeightsAsync } from '../../../src/aofd/weights/files/detector-weights.js';
import { openWeightSourceAsync } from '../../../src/aofd/weights/vgg16/files/source.js';
import {
  floatData,
  optimStateOf,
  parametersOf,
  parseSafetensors,
  serializeNpy,
  serializeSafetensors,
} from '../../../src/nn/io/index.js';
import {
  loadCheckpointAsync,
  loadH5LibraryAsync,
  readCheckpointFile,
  saveCheckpointFileAsync,
} from '../../../src/nn/io/files/index.js';
import { objectNpy, PROTOCOL_2, PROTOCOL_4 } from '../pickles.js';
import { randomWeights } from '../random-weights.js';
import { text, type Reader } from './reader.js';

async function readSourceAsync(file: string): Promise<void> {
  const source = await openWeightSourceAsync(file);
  try {
    for (const name of source.names) source.read(name);
  } finally {
    source.close();
  }
}

async function h5Async(file: string): Promise<Uint8Array> {
  const library = await loadH5LibraryAsync();
  const h5 = new library.File(file, 'w');
  const group = h5.create_group('block1_conv1');
  group.create_dataset({ name: 'kernel:0', data: new Float32Array(12), shape: [2, 2, 3, 1] });
  h5.create_dataset({ name: 'bias', data: new Float64Array(3), shape: [3] });
  h5.close();
  return readFileSync(file);
}

async function readNetworkAsync(file: string): Promise<void> {
  const weights = await readWeightsAsync(file);
  networkOf(configOf(weights, file), weights, file);
}

export async function tensorReadersAsync(folder: string): Promise<Reader[]> {
  const data = new Float32Array([1, 2, 3, 4, 5, 6]);
  const npy = serializeNpy({ shape: [2, 3], data });
  const tensors = { a: floatData(data, [2, 3]), 'optim/stage/m/a': floatData(data, [2, 3]) };
  const checkpoint = join(folder, 'step-00000001.safetensors');
  const meta = { step: 1, stage: 'stage0', config: presetConfig('lite') };
  const { sha256 } = await saveCheckpointFileAsync(checkpoint, { tensors, meta });
  const pointer = {
    formatVersion: 1,
    latest: 'step-00000001.safetensors',
    checkpoints: [{ file: 'step-00000001.safetensors', step: 1, stage: 'stage0', sha256 }],
  };
  const { metadata, tensors: weights } = tinyWeights();
  return [
    { name: 'npy', file: 'a.npy', good: npy, read: readSourceAsync },
    { name: 'npy pickle 4', file: 'a.npy', good: objectNpy(PROTOCOL_4), read: readSourceAsync },
    { name: 'npy pickle 2', file: 'a.npy', good: objectNpy(PROTOCOL_2), read: readSourceAsync },
    {
      name: 'npz',
      file: 'a.npz',
      good: zipSync({ 'a.npy': npy, 'b.npy': npy }),
      read: readSourceAsync,
    },
    {
      name: 'HDF5',
      file: 'a.h5',
      good: await h5Async(join(folder, 'good.h5')),
      read: readSourceAsync,
    },
    {
      name: 'safetensors',
      file: 'w.safetensors',
      good: serializeSafetensors(tensors, { note: 'x' }),
      read: (file) => parseSafetensors(readFileSync(file), file),
    },
    {
      name: 'weights',
      file: 'w.safetensors',
      good: serializeSafetensors(Object.fromEntries(weights), metadata),
      read: readNetworkAsync,
    },
    {
      name: 'checkpoint',
      file: 'step-00000001.safetensors',
      good: readFileSync(checkpoint),
      read: (file) => {
        const { tensors: found } = readCheckpointFile(file);
        parametersOf(found);
        optimStateOf(found, 'stage');
      },
    },
    {
      name: 'checkpoint list',
      file: 'latest.json',
      good: text(pointer),
      read: (file) => loadCheckpointAsync(dirname(file)).catch(missingTensorsAreFine),
    },
  ];
}

/** There is no checkpoint beside the damaged list. */
function missingTensorsAreFine(error: unknown): void {
  if ((error as { code?: string }).code !== 'io/missing') throw error;
}

/** Weights of few bytes, so that damage meets the header and the configuration too. */
function tinyWeights(): ReturnType<typeof randomWeights> {
  const config = presetConfig('lite');
  Object.assign(config.model, {
    stemChannels: 1,
    stageChannels: [1, 1, 1, 1],
    blocks: [0, 0, 0, 0],
    fpnChannels: 1,
    rpnChannels: 1,
    hidden6: 1,
    hidden7: 0,
    segmentation: { ...config.model.segmentation, enabled: false },
    generator: { ...config.model.generator, channels: 1, convs: 1 },
  });
  return randomWeights(config);
}
