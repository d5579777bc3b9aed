/** SHA-256 of bytes and of files, as lower-case hexadecimal. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { diskError } from './disk-errors.js';
import { checkRegularFile } from './regular-file.js';

export function sha256Hex(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Hash of a file of any size, read as a stream. @throws IoError, also for a pipe or a device */
export async function sha256FileAsync(path: string): Promise<string> {
  checkRegularFile(path); // neither might ever end
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Uint8Array);
    }
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  return hash.digest('hex');
}
