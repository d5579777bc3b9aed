/** A fingerprint of the pictures of a set. */
import { existsSync } from 'node:fs';
import { sha256FileAsync, sha256Hex } from '../../../nn/io/files/index.js';
import type { EvalImage } from '../protocol.js';

export interface PictureHash {
  /** SHA-256 of the lines `name SHA-256\n` of the pictures that are there, sorted by name. */
  sha256: string;
  present: number;
  /** Names of images without a picture. */
  missing: readonly string[];
}

/**
 * Hashes every picture of a set; images without a file are listed as missing.
 * @throws IoError naming a picture that cannot be read, or that is a pipe or a device
 */
export async function hashPicturesAsync(images: readonly EvalImage[]): Promise<PictureHash> {
  const lines: string[] = [];
  const missing: string[] = [];
  for (const { name, file } of images) {
    if (file === null || !existsSync(file)) missing.push(name);
    else lines.push(`${name} ${await sha256FileAsync(file)}\n`);
  }
  return { sha256: sha256Hex(lines.sort().join('')), present: lines.length, missing };
}

/** The fingerprint as a line of a report. */
export function pictureHashFact(hash: PictureHash): { name: string; value: string } {
  return {
    name: 'pictures',
    value:
      hash.present === 0
        ? 'none at hand, annotations only'
        : `${hash.present} files, SHA-256 of their list of hashes ${hash.sha256}` +
          (hash.missing.length > 0 ? `; ${hash.missing.length} missing` : ''),
  };
}
