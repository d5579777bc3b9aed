/** What may be given as a picture, and how it becomes RGB. */
import { NnError } from '../../nn/index.js';
import type { DecodedImage } from '../data/sample.js';
import { surroundings } from './surroundings.js';

/** Decoded pixels: 8 bits per channel, RGB or RGBA, row by row, without gaps. */
export interface PixelSource {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/**
 * A picture: its path or `file:` address (Node), the bytes of an encoded one (JPEG, PNG, WebP, ...),
 * both turned by their EXIF orientation, or decoded pixels.
 */
export type PictureSource = string | URL | Blob | ArrayBuffer | Uint8Array | PixelSource;

/**
 * The pixels of a picture.
 * @throws NnError `image` for what is no picture, ImageDecodeError for a file that cannot be decoded
 */
export async function pixelsOfSourceAsync(source: PictureSource): Promise<DecodedImage> {
  if (typeof source === 'string' || isA(source, 'URL')) {
    return surroundings().readPictureAsync(source as string | URL);
  }
  if (isA(source, 'Blob') || isA(source, 'File')) {
    return surroundings().readPictureAsync(new Uint8Array(await (source as Blob).arrayBuffer()));
  }
  if (isA(source, 'ArrayBuffer')) {
    return surroundings().readPictureAsync(new Uint8Array(source as ArrayBuffer));
  }
  if (isA(source, 'Uint8Array')) return surroundings().readPictureAsync(source as Uint8Array);
  return rgbOf(source as Partial<PixelSource> | null | undefined);
}

/** Whether a value is of this built-in class, of whichever realm. */
const isA = (value: unknown, name: string): boolean =>
  Object.prototype.toString.call(value) === `[object ${name}]`;

function rgbOf(source: Partial<PixelSource> | null | undefined): DecodedImage {
  if (typeof source !== 'object' || source === null || !('data' in source)) {
    throw refused(`${kindOf(source)} is not a picture`);
  }
  const { width, height, data } = source;
  for (const [name, size] of Object.entries({ width, height })) {
    if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 1) continue;
    const got = typeof size === 'string' ? `"${size}"` : String(size);
    throw refused(`${name} must be a whole number above 0, got ${got}`);
  }
  if (!isA(data, 'Uint8Array') && !isA(data, 'Uint8ClampedArray')) {
    throw refused(
      `pixels must be a Uint8Array or Uint8ClampedArray of values from 0 to 255, got ${kindOf(data)}`,
    );
  }
  const [pixels, bytes] = [(width as number) * (height as number), data as Uint8Array];
  const size = { width: width as number, height: height as number };
  if (bytes.length === 3 * pixels) {
    return { ...size, data: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }
  if (bytes.length === 4 * pixels) return { ...size, data: onWhite(bytes, pixels) };
  throw refused(
    `a ${width}x${height} picture needs ${3 * pixels} bytes of RGB or ${4 * pixels} of RGBA, got ${bytes.length}`,
  );
}

/** RGBA over white, as pictures from files are. */
function onWhite(rgba: Uint8Array, pixels: number): Uint8Array {
  const data = new Uint8Array(3 * pixels);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 4) {
    const alpha = rgba[from + 3]!;
    for (let k = 0; k < 3; k++) {
      data[to++] = Math.round((rgba[from + k]! * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return data;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return name === 'Object' ? 'an object without pixels' : name;
}

function refused(what: string): NnError {
  return new NnError('image', `detector: ${what}.`, {
    fix: 'pass a path, the bytes of an encoded picture (Buffer, Uint8Array, ArrayBuffer, Blob), or {width, height, data} with 3 bytes RGB or 4 bytes RGBA per pixel, row by row.',
  });
}
