/**
 * Pictures and masks to pixels in Node: sharp for photographs, pngjs for PNG (exact everywhere).
 * Benchmark sets are decoded as stored; user photos may be turned by their EXIF orientation.
 */
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { ImageDecodeError } from '../../errors.js';
import type { DecodedImage } from '../sample.js';

export interface DecodeOptions {
  /** Turn the picture by its EXIF orientation: on for user photos, off (default) for data sets. */
  autoOrient?: boolean;
  /** Refuse pictures with more pixels. Default 100 million. */
  maxPixels?: number;
  /** Name for error messages when a buffer is given. */
  name?: string;
}

const DEFAULT_MAX_PIXELS = 100_000_000;

/**
 * Decodes JPEG, PNG, WebP, ... to 8-bit RGB; alpha is dropped, grey is repeated.
 * @throws ImageDecodeError for a missing, empty, truncated, foreign or too large picture
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const where = typeof source === 'string' ? source : (options.name ?? 'image buffer');
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  const bytes = await bytesOf(source, where);
  if (isPng(bytes) && pngBitDepth(bytes) <= 8) return decodePng(bytes, where, maxPixels);
  try {
    let image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated' });
    if (options.autoOrient) image = image.rotate();
    const { data, info } = await image
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, data: toRgb(pixels, info.channels) };
  } catch (error) {
    throw explain(error, where, maxPixels);
  }
}

/** A mask PNG as one byte per pixel [H, W]: 1 where the value is 128 or more, else 0. */
export async function decodeMaskPng(
  source: string | Uint8Array,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const where = typeof source === 'string' ? source : 'mask buffer';
  const bytes = await bytesOf(source, where);
  if (!isPng(bytes)) {
    throw new ImageDecodeError(
      'image-format',
      'masks must be PNG files (a lossy format would blur the labels).',
      { where, fix: 'save the mask as PNG' },
    );
  }
  try {
    // sharp reads 1-bit PNG four times as fast as pngjs; without a colour profile both are exact.
    const { data: raw, info } = await sharp(bytes, { limitInputPixels: DEFAULT_MAX_PIXELS })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const data = new Uint8Array(info.width * info.height);
    for (let i = 0; i < data.length; i++) {
      data[i] = (raw[i * info.channels] as number) >= 128 ? 1 : 0;
    }
    return { width: info.width, height: info.height, data };
  } catch (error) {
    throw explain(error, where, DEFAULT_MAX_PIXELS);
  }
}

/** The bytes of a file or of a buffer; never none. */
async function bytesOf(source: string | Uint8Array, where: string): Promise<Uint8Array> {
  const bytes = typeof source === 'string' ? await readBytes(source) : source;
  if (bytes.length > 0) return bytes;
  throw new ImageDecodeError('image-empty', 'file has 0 bytes.', {
    where,
    fix: 'copy the file again',
  });
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ImageDecodeError('file-missing', `picture cannot be read (${reason}).`, {
      where: file,
      fix: 'check the path',
    });
  }
}

function isPng(b: Uint8Array): boolean {
  return b.length >= 8 && b[0] === 0x89 && b[1] === 0x50 && b[2] === 0x4e && b[3] === 0x47;
}

const pngBitDepth = (b: Uint8Array): number => b[24] ?? 8;

function decodePng(bytes: Uint8Array, where: string, maxPixels: number): DecodedImage {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 33) {
    throw new ImageDecodeError('image-truncated', 'PNG header is cut off.', {
      where,
      fix: 'copy it again',
    });
  }
  const pixels = view.readUInt32BE(16) * view.readUInt32BE(20);
  if (pixels > maxPixels) throw tooLarge(where, maxPixels);
  let png;
  try {
    png = PNG.sync.read(view);
  } catch (error) {
    throw new ImageDecodeError(
      'image-truncated',
      `PNG cannot be decoded (${(error as Error).message}).`,
      { where, fix: 'copy the file again; it may be cut off or damaged' },
    );
  }
  const rgba = png.data;
  const data = new Uint8Array(3 * png.width * png.height);
  for (let i = 0, j = 0; j < data.length; i += 4) {
    data[j++] = rgba[i] as number;
    data[j++] = rgba[i + 1] as number;
    data[j++] = rgba[i + 2] as number;
  }
  return { width: png.width, height: png.height, data };
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

function tooLarge(where: string, maxPixels: number): ImageDecodeError {
  return new ImageDecodeError('image-too-large', `picture has more than ${maxPixels} pixels.`, {
    where,
    fix: 'shrink it first or raise maxPixels',
  });
}

function explain(error: unknown, where: string, maxPixels: number): ImageDecodeError {
  if (error instanceof ImageDecodeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(text)) return tooLarge(where, maxPixels);
  if (/unsupported image format|unknown format/i.test(text)) {
    return new ImageDecodeError(
      'image-format',
      'not a picture that can be read (expected JPEG, PNG or WebP).',
      { where, fix: 'convert it to JPEG or PNG' },
    );
  }
  return new ImageDecodeError(
    'image-truncated',
    `picture cannot be decoded completely (${text.split('\n')[0]}).`,
    { where, fix: 'copy the file again; it may be cut off or damaged' },
  );
}
