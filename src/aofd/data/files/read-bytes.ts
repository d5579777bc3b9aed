/** Files read whole, with a bound: never a pipe, a device, or more than fits. */
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { diskProblem } from '../../../nn/io/files/disk-errors.js';
import { ImageDecodeError } from '../../errors.js';

/** Larger picture files are refused: 100 million pixels take 600 MB even where nothing is compressed. */
const MAX_PICTURE_BYTES = 2 ** 30;

/**
 * The bytes of a picture file.
 * @throws ImageDecodeError when it cannot be read, is no regular file, is empty, or exceeds 1 GiB
 */
export async function readPictureBytesAsync(file: string): Promise<Uint8Array> {
  // Opening a pipe waits for its writer unless told not to.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      throw unreadable(file, error);
    },
  );
  try {
    const stats = await handle.stat();
    refuseOddFile(file, stats);
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) break; // became shorter meanwhile
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } catch (error) {
    throw error instanceof ImageDecodeError ? error : unreadable(file, error);
  } finally {
    await handle.close();
  }
}

/** @throws ImageDecodeError for what is no file with content, or too large a one */
export function refuseOddFile(file: string, stats: Stats): void {
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : 'a device';
    throw new ImageDecodeError('image-format', `is ${what}, not a file with a picture.`, {
      where: file,
      fix: 'name a picture file',
    });
  }
  if (stats.size === 0) {
    throw new ImageDecodeError('image-empty', 'file has 0 bytes.', {
      where: file,
      fix: 'copy the file again',
    });
  }
  if (stats.size > MAX_PICTURE_BYTES) {
    throw new ImageDecodeError(
      'image-too-large',
      `file has ${stats.size} bytes, at most ${MAX_PICTURE_BYTES} are read.`,
      { where: file, fix: 'save the picture smaller' },
    );
  }
}

/** The error for a picture, or a folder of such, that the system does not let us read. */
export function unreadable(
  file: string,
  error: unknown,
  what: 'picture' | 'folder' = 'picture',
): ImageDecodeError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const problem = diskProblem(code);
  const reason = problem ? `${code}: ${problem.reason}` : code;
  return new ImageDecodeError('file-missing', `${what} cannot be read (${reason}).`, {
    where: file,
    fix: problem?.fix ?? 'check the path',
  });
}
