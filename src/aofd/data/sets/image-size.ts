/** Reads a picture's size from its header, without decoding it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ImageDecodeError } from '../../errors.js';
import { pictureFormatOf } from '../files/picture-formats.js';
import { refuseOddFile, unreadable } from '../files/read-bytes.js';
import {
  exifOrientation,
  pngOrientation,
  tiffHeader,
  webpOrientation,
  type Peek,
} from './stored-orientation.js';

/** What a header says. */
export interface PictureHeader {
  /** Stored size in pixels: the EXIF orientation is not applied. */
  width: number;
  height: number;
  /** EXIF orientation 1 to 8 where it is said (in JPEG and PNG before the pixels), else 1. */
  orientation: number;
}

/** Bytes that are read first; where the size lies further on, up to `MOST_BYTES`. */
const FIRST_BYTES = 16384;
const MOST_BYTES = 16 * 2 ** 20;

/** Stored size in pixels (EXIF orientation is not applied). Throws ImageDecodeError. */
export function readImageSize(file: string): { width: number; height: number } {
  const header = readPictureHeader(file);
  if (header) return { width: header.width, height: header.height };
  throw new ImageDecodeError('image-format', 'its size is not to be found in its header.', {
    where: file,
    fix: 'convert the picture to JPEG or PNG',
  });
}

/**
 * {@link readImageSize}, or undefined for a picture that cannot be read where the caller looks at all
 * pictures later on (`checkPictures`) and tells of them together.
 */
export function readSizeLeniently(
  file: string,
  isLenient = false,
): { width: number; height: number } | undefined {
  try {
    return readImageSize(file);
  } catch (error) {
    if (isLenient && error instanceof ImageDecodeError) return undefined;
    throw error;
  }
}

/**
 * The header of a picture; null for one that can be decoded but whose header is not understood here (some
 * TIFF and AVIF files): its size is known when it is decoded.
 * @throws ImageDecodeError for a file that is missing, empty, cut off in its header, or no such picture
 */
export function readPictureHeader(file: string): PictureHeader | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(file, error);
    throw new ImageDecodeError('file-missing', 'picture not found.', {
      where: file,
      fix: 'check the image folder given to the loader',
    });
  }
  try {
    const stats = fstatSync(fd);
    refuseOddFile(file, stats);
    const peek: Peek = (at, length) => {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, stats.size - at)));
      return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, at));
    };
    for (const length of [FIRST_BYTES, MOST_BYTES]) {
      const header = headerOf(peek(0, length), peek, file);
      if (header !== 'beyond') return header;
    }
    throw new ImageDecodeError('image-truncated', 'no size found in the header.', {
      where: file,
      fix: 'copy the file again; it may be cut off',
    });
  } finally {
    closeSync(fd);
  }
}

/** 'beyond' when the header goes on behind the bytes read. */
function headerOf(b: Buffer, peek: Peek, file: string): PictureHeader | 'beyond' | null {
  switch (pictureFormatOf(b)) {
    case 'JPEG':
      return jpegHeader(b) ?? 'beyond';
    case 'PNG': {
      if (b.length < 24) return 'beyond';
      const [width, height] = [b.readUInt32BE(16), b.readUInt32BE(20)];
      return { width, height, orientation: pngOrientation(peek) };
    }
    case 'GIF': {
      if (b.length < 10) return 'beyond';
      return { width: b.readUInt16LE(6), height: b.readUInt16LE(8), orientation: 1 };
    }
    case 'WebP': {
      const size = b.length < 30 ? null : webpSize(b);
      return size ? { ...size, orientation: webpOrientation(peek) } : 'beyond';
    }
    case 'TIFF':
      return tiffHeader(peek);
    case 'AVIF':
      return avifHeader(b);
    default:
      throw new ImageDecodeError(
        'image-format',
        `no picture that can be read (expected JPEG, PNG, WebP, GIF, TIFF or AVIF; the first bytes are ${b.subarray(0, 4).toString('hex')}).`,
        { where: file, fix: 'convert the picture to JPEG or PNG' },
      );
  }
}

/** The size where all coded images of the file (colours, transparency) state the same and none is turned. */
function avifHeader(b: Buffer): PictureHeader | null {
  const text = b.toString('latin1');
  // Boxes: length, name, version and flags, width, height.
  const sizes = [...text.matchAll(/\0\0\0\x14ispe\0\0\0\0([^]{8})/g)].map((found) => found[1]);
  const [size] = sizes;
  if (size === undefined || sizes.some((other) => other !== size)) return null;
  if (/\0\0\0\x09irot|clap/.test(text.slice(0, text.indexOf('mdat') >>> 0))) return null;
  const numbers = Buffer.from(size, 'latin1');
  return { width: numbers.readUInt32BE(0), height: numbers.readUInt32BE(4), orientation: 1 };
}

/** Walks over the segments up to the frame header. */
function jpegHeader(b: Buffer): PictureHeader | null {
  let orientation = 1;
  let at = 2;
  while (at + 9 < b.length) {
    if (b[at] !== 0xff) return null;
    const marker = b[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { width: b.readUInt16BE(at + 7), height: b.readUInt16BE(at + 5), orientation };
    }
    const length = b.readUInt16BE(at + 2);
    if (marker === 0xe1)
      orientation = exifOrientation(b.subarray(at + 4, at + 2 + length)) ?? orientation;
    at += 2 + length;
  }
  return null;
}

/** Size from the first chunk of a WebP file: lossy, lossless or extended; null for anything else. */
function webpSize(b: Buffer): { width: number; height: number } | null {
  switch (b.toString('latin1', 8, 16)) {
    case 'WEBPVP8 ':
      return { width: b.readUInt16LE(26) & 0x3fff, height: b.readUInt16LE(28) & 0x3fff };
    case 'WEBPVP8L': {
      const bits = b.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'WEBPVP8X':
      return { width: b.readUIntLE(24, 3) + 1, height: b.readUIntLE(27, 3) + 1 };
    default:
      return null;
  }
}
