/**
 * Pictures and masks to pixels in Node, all formats through sharp and by the same rules.
 * Benchmark sets are decoded as stored; user photos may be turned by their EXIF orientation.
 */
import sharp from 'sharp';
import { ImageDecodeError } from '../../errors.js';
import type { DecodedImage } from '../sample.js';
import { explainDecoding, MAX_PIXELS } from './decode-faults.js';
import { pictureFormatOf } from './picture-formats.js';
import { readPictureBytesAsync } from './read-bytes.js';

export interface DecodeOptions {
  /** Turn the picture by its EXIF orientation: on for user photos, off (default) for data sets. */
  autoOrient?: boolean;
  /** Refuse pictures with more pixels. Default 100 million. */
  maxPixels?: number;
  /** Name for error messages when a buffer is given. */
  name?: string;
}

/** What shows through where a picture is transparent, as viewers and browsers print it. */
const BACKGROUND = '#ffffff';

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF or AVIF to 8-bit RGB, by the same rules for each: the first frame
 * of an animation; what is transparent is laid on white; grey is repeated; 16 bits, palettes and CMYK
 * are converted; a colour profile is applied; bytes behind the picture's end do not matter.
 * AVIF knows no EXIF turn: how it lies is part of its coding and always applied.
 * @throws ImageDecodeError for a missing, empty, truncated, foreign or too large picture
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const where = typeof source === 'string' ? source : (options.name ?? 'image buffer');
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  const bytes = await bytesOf(source, where);
  refuseForeign(bytes, where);
  try {
    let image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated' });
    if (options.autoOrient) image = image.autoOrient();
    const { data, info } = await image
      .flatten({ background: BACKGROUND })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, data: toRgb(pixels, info.channels) };
  } catch (error) {
    throw explainDecoding(error, where, maxPixels);
  }
}

/** A mask PNG as one byte per pixel [H, W]: 1 where the value is 128 or more, else 0. */
export async function decodeMaskPng(
  source: string | Uint8Array,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const where = typeof source === 'string' ? source : 'mask buffer';
  const bytes = await bytesOf(source, where);
  if (pictureFormatOf(bytes) !== 'PNG') {
    throw new ImageDecodeError(
      'image-format',
      'masks must be PNG files (a lossy format would blur the labels).',
      { where, fix: 'save the mask as PNG' },
    );
  }
  try {
    // The file's own values count: a colour profile must not change them.
    const { data: raw, info } = await sharp(bytes, {
      limitInputPixels: MAX_PIXELS,
      ignoreIcc: true,
    })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const data = new Uint8Array(info.width * info.height);
    for (let i = 0; i < data.length; i++) {
      data[i] = (raw[i * info.channels] as number) >= 128 ? 1 : 0;
    }
    return { width: info.width, height: info.height, data };
  } catch (error) {
    throw explainDecoding(error, where, MAX_PIXELS);
  }
}

/** The bytes of a file or of a buffer; never none. */
async function bytesOf(source: string | Uint8Array, where: string): Promise<Uint8Array> {
  const bytes = typeof source === 'string' ? await readPictureBytesAsync(source) : source;
  if (bytes.length > 0) return bytes;
  throw new ImageDecodeError('image-empty', 'file has 0 bytes.', {
    where,
    fix: 'copy the file again',
  });
}

/**
 * Only the formats named above reach the decoder, whose library would also render text as a drawing.
 * @throws ImageDecodeError for all others
 */
export function refuseForeign(bytes: Uint8Array, where: string): void {
  const format = pictureFormatOf(bytes);
  if (typeof format === 'string') return;
  const what = format
    ? `is ${format.name}.`
    : `not a picture that can be read (expected JPEG, PNG, WebP, GIF, TIFF or AVIF; the first bytes are ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}).`;
  throw new ImageDecodeError('image-format', what, {
    where,
    fix: format?.fix ?? 'convert it to JPEG or PNG',
  });
}

function toRgb(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return pixels;
  const count = pixels.length / channels;
  const data = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      data[3 * i + c] = pixels[i * channels + (channels < 3 ? 0 : c)] as number;
    }
  }
  return data;
}
