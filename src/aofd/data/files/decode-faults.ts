/** What may be decoded, and what is said of what cannot. */
import { ImageDecodeError } from '../../errors.js';

/** Most pixels that are decoded, unless the caller says otherwise. */
export const MAX_PIXELS = 100_000_000;

/** The decoder's error as one that names the picture. */
export function explainDecoding(
  error: unknown,
  where: string,
  maxPixels: number,
): ImageDecodeError {
  if (error instanceof ImageDecodeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(text)) return tooLarge(where, maxPixels);
  return new ImageDecodeError(
    'image-truncated',
    `picture cannot be decoded completely (${text.split('\n')[0]}).`,
    { where, fix: 'copy the file again; it may be cut off or damaged' },
  );
}

function tooLarge(where: string, maxPixels: number): ImageDecodeError {
  return new ImageDecodeError('image-too-large', `picture has more than ${maxPixels} pixels.`, {
    where,
    fix: 'shrink it first or raise maxPixels',
  });
}
