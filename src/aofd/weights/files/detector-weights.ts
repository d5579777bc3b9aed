/** Weights files on disk. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { NnError } from '../../../nn/index.js';
import { parseSafetensors } from '../../../nn/io/index.js';
import { packageRoot } from '../../../nn/platform/node/packages.js';
import { diskError, sha256Hex } from '../../../nn/io/files/index.js';
import type { DetectorWeights } from '../detector-weights.js';

/** The weights that come with the package, by their path in it. */
export const BUNDLED_WEIGHTS = 'weights/aofd-lite.safetensors';

/**
 * The weights to use where none are named: `$AOFD_WEIGHTS`, else those of the package.
 * @throws NnError when neither is there
 */
export function defaultWeightsFile(): string {
  const named = process.env['AOFD_WEIGHTS'];
  if (named) return named;
  const file = path.join(packageRoot(), BUNDLED_WEIGHTS);
  if (existsSync(file)) return file;
  throw new NnError('weights-missing', `there are no weights at ${file}.`, {
    fix: 'pass a file with --weights (or set AOFD_WEIGHTS), such as weights.safetensors of a training run.',
  });
}

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
