/** Small PNG files inside of label files. */
import sharp from 'sharp';
import { ImageDecodeError } from '../../errors.js';
import { explainDecoding, MAX_PIXELS } from './decode-faults.js';

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
export async function decodeBitmapAsync(
  bytes: Buffer,
  where: string,
  most: { width: number; height: number },
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const { width, height } = bitmapSize(bytes, where, most);
  // Eight bits of sixteen would take dark values for black.
  const isDeep = bytes[24] === 16;
  try {
    // The file's own values count: a colour profile must not change them.
    let mask = sharp(bytes, { limitInputPixels: MAX_PIXELS, ignoreIcc: true }).removeAlpha();
    if (isDeep) mask = mask.toColourspace('rgb16');
    const { data: raw, info } = await mask
      .raw({ depth: isDeep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const data = new Uint8Array(width * height);
    const stride = info.channels * (isDeep ? 2 : 1);
    for (let i = 0; i < data.length; i++) {
      let value = 0;
      for (let k = 0; k < stride; k++) value |= raw[stride * i + k]!;
      data[i] = value === 0 ? 0 : 1;
    }
    return { width, height, data };
  } catch (error) {
    throw explainDecoding(error, where, MAX_PIXELS);
  }
}
