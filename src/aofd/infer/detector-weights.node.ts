/** Weights files on disk. */
import { readFile } from 'node:fs/promises';
import { parseSafetensors } from '../../nn/io/index.js';
import { diskError, sha256Hex } from '../../nn/io/index.node.js';
import type { DetectorWeights } from './detector.js';

/**
 * Reads a weights file with its hash.
 * @throws IoError for a missing, truncated or foreign file
 */
export async function readWeightsAsync(file: string): Promise<DetectorWeights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw diskError('read', file, cause);
  }
  const { metadata, tensors } = parseSafetensors(bytes, file);
  return { metadata, tensors, file, sha256: sha256Hex(bytes) };
}
