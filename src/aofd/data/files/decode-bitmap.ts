/** Small PNG files inside of label files. */
import { PNG } from 'pngjs';
import { ImageDecodeError } from '../../errors.js';

const SIGNATURE = 0x89504e47;

/**
 * The size that a PNG's header states.
 * @throws ImageDecodeError for something else than a PNG, and for one that is larger than `most`
 */
export function bitmapSize(
  bytes: Buffer,
  where: string,
  most: { width: number; height: number },
): { width: number; height: number } {
  if (bytes.length < 24 || bytes.readUInt32BE(0) !== SIGNATURE) {
    throw new ImageDecodeError('image-format', 'its mask is no PNG file in base64.', {
      where,
      fix: 'save the labels again with the tool that wrote them',
    });
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width > 0 && height > 0 && width <= most.width && height <= most.height) {
    return { width, height };
  }
  throw new ImageDecodeError(
    'image-too-large',
    `its mask has ${width}x${height} pixels, the picture ${most.width}x${most.height}.`,
    { where, fix: 'save the labels of this very picture again' },
  );
}

/**
 * Pixels of a mask that are not black, as 1; nothing is unpacked for one larger than the picture.
 * @throws ImageDecodeError as {@link bitmapSize}, and for damaged data
 */
export function decodeBitmap(
  bytes: Buffer,
  where: string,
  most: { width: number; height: number },
): { width: number; height: number; data: Uint8Array } {
  const { width, height } = bitmapSize(bytes, where, most);
  let rgba: Buffer;
  try {
    rgba = PNG.sync.read(bytes).data;
  } catch (error) {
    throw new ImageDecodeError('image-truncated', 'its mask cannot be decoded completely.', {
      where,
      fix: 'save the labels again; the file may be cut off',
      cause: error,
    });
  }
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    data[i] = rgba[4 * i]! + rgba[4 * i + 1]! + rgba[4 * i + 2]! > 0 ? 1 : 0;
  }
  return { width, height, data };
}
