/** Reads a picture's size from its header, without decoding it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ImageDecodeError } from '../../errors.js';
import { pictureFormatOf } from '../files/picture-formats.js';
import { refuseOddFile, unreadable } from '../files/read-bytes.js';

/** What a header says. */
export interface PictureHeader {
  /** Stored size in pixels: the EXIF orientation is not applied. */
  width: number;
  height: number;
  /** EXIF orientation 1 to 8 where it is said before the size (JPEG), else 1. */
  orientation: number;
}

/** Bytes that are read first; where the size lies further on, up to `MOST_BYTES`. */
const FIRST_BYTES = 16384;
const MOST_BYTES = 16 * 2 ** 20;

/** Stored size in pixels (EXIF orientation is not applied). Throws ImageDecodeError. */
export function readImageSize(file: string): { width: number; height: number } {
  const header = readPictureHeader(file);
  if (header) return { width: header.width, height: header.height };
  throw new ImageDecodeError('image-format', 'neither JPEG, PNG, WebP nor GIF.', {
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
 * The header of a JPEG, PNG, WebP or GIF file; null for other pictures that can be decoded (TIFF, AVIF).
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
    for (const length of [FIRST_BYTES, MOST_BYTES]) {
      const buffer = Buffer.alloc(Math.min(stats.size, length));
      const read = readSync(fd, buffer, 0, buffer.length, 0);
      const header = headerOf(buffer.subarray(0, read), file);
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
function headerOf(b: Buffer, file: string): PictureHeader | 'beyond' | null {
  const upright = (width: number, height: number): PictureHeader => ({
    width,
    height,
    orientation: 1,
  });
  switch (pictureFormatOf(b)) {
    case 'JPEG':
      return jpegHeader(b) ?? 'beyond';
    case 'PNG':
      return b.length < 24 ? 'beyond' : upright(b.readUInt32BE(16), b.readUInt32BE(20));
    case 'GIF':
      return b.length < 10 ? 'beyond' : upright(b.readUInt16LE(6), b.readUInt16LE(8));
    case 'WebP': {
      const size = b.length < 30 ? null : webpSize(b);
      return size ? upright(size.width, size.height) : 'beyond';
    }
    case 'TIFF':
    case 'AVIF':
      return null;
    default:
      throw new ImageDecodeError(
        'image-format',
        `neither JPEG, PNG nor WebP (first bytes ${b.subarray(0, 4).toString('hex')}).`,
        { where: file, fix: 'convert the picture to JPEG or PNG' },
      );
  }
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

/** Tag 0x0112 of the first directory of an Exif segment; null where there is none. */
function exifOrientation(segment: Buffer): number | null {
  if (segment.length < 20 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return null;
  const b = segment.subarray(6);
  const isLittle = b.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (isLittle ? b.readUInt16LE(at) : b.readUInt16BE(at));
  const start = isLittle ? b.readUInt32LE(4) : b.readUInt32BE(4);
  if (start + 2 > b.length) return null;
  const count = u16(start);
  for (let i = 0; i < count; i++) {
    const entry = start + 2 + 12 * i;
    if (entry + 12 > b.length) return null;
    if (u16(entry) !== 0x0112) continue;
    const value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : null;
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
