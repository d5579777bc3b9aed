/** Names of pictures as callers give them. */
import { fileURLToPath } from 'node:url';
import { ImageDecodeError } from '../../errors.js';

/**
 * The path that a path or `file:` address names.
 * @throws ImageDecodeError for addresses of other kinds, which are not fetched
 */
export function picturePath(name: string | URL): string {
  const text = String(name);
  // One letter before the colon is a Windows drive.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  const isAddress =
    name instanceof URL || scheme === 'file' || scheme === 'data' || /^[a-z]{2,}:\/\//i.test(text);
  if (!isAddress) {
    if (text !== '' && !text.includes('\0')) return text;
    throw new ImageDecodeError('file-missing', 'the path of the picture is empty.', {
      where: text === '' ? 'picture' : JSON.stringify(text),
      fix: 'check the path',
    });
  }
  if (scheme === 'file') {
    try {
      return fileURLToPath(text);
    } catch (error) {
      throw new ImageDecodeError(
        'file-missing',
        `not the address of a file (${(error as Error).message}).`,
        {
          where: text.slice(0, 80),
          fix: 'check the address',
        },
      );
    }
  }
  throw new ImageDecodeError(
    'file-missing',
    `pictures are not fetched from ${scheme}: addresses.`,
    {
      where: text.slice(0, 80),
      fix: 'fetch it first and pass the bytes: detectAsync(await (await fetch(address)).arrayBuffer())',
    },
  );
}
