/** Weights files on disk. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { NnError } from '../../../nn/index.js';
import { parseSafetensors } from '../../../nn/io/index.js';
import { packageRoot } from '../../../nn/platform/node/packages.js';
import { checkRegularFile, diskError, sha256Hex } from '../../../nn/io/files/index.js';
import type { DetectorWeights } from '../detector-weights.js';

/** Where the weights that come with the package lie. */
function bundledWeightsFile(): string {
  return path.join(packageRoot(), 'weights', 'aofd-lite.safetensors');
}

/** `$AOFD_WEIGHTS`, else the file that comes with the package; null where it is not there. */
export function findWeightsFile(): string | null {
  const named = process.env['AOFD_WEIGHTS'];
  if (named) return named;
  const file = bundledWeightsFile();
  return existsSync(file) ? file : null;
}

/**
 * The weights to use where none are named: `$AOFD_WEIGHTS`, else those of the package.
 * @throws NnError when neither is there
 */
export function defaultWeightsFile(): string {
  const file = findWeightsFile();
  if (file !== null) return file;
  throw new NnError('weights-missing', `there are no weights at ${bundledWeightsFile()}.`, {
    fix: 'pass a file with --weights (or set AOFD_WEIGHTS), such as weights.safetensors of a training run.',
  });
}

/**
 * Reads a weights file with its hash.
 * @throws IoError for a missing, truncated or foreign file, a pipe or a device
 */
export async function readWeightsAsync(file: string): Promise<DetectorWeights> {
  checkRegularFile(file);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw diskError('read', file, cause);
  }
  const { metadata, tensors } = parseSafetensors(bytes, file);
  return { metadata, tensors, file, sha256: sha256Hex(bytes) };
}
