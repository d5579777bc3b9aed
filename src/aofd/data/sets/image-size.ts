/** Reads a picture's size from its header, without decoding it (JPEG, PNG, WebP). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ImageDecodeError } from '../../errors.js';

/** Stored size in pixels (EXIF orientation is not applied). Throws ImageDecodeError. */
export function readImageSize(file: string): { width: number; height: number } {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    throw new ImageDecodeError('file-missing', 'picture not found.', {
      where: file,
      fix: 'check the image folder given to the loader',
    });
  }
  try {
    const total = fstatSync(fd).size;
    if (total === 0) {
      throw new ImageDecodeError('image-empty', 'file has 0 bytes.', {
        where: file,
        fix: 'copy the file again',
      });
    }
    for (const length of [Math.min(total, 16384), total]) {
      const buffer = Buffer.alloc(length);
      readSync(fd, buffer, 0, length, 0);
      const size = sizeOf(buffer, file);
      if (size) return size;
    }
    throw new ImageDecodeError('image-truncated', 'no size found in the header.', {
      where: file,
      fix: 'copy the file again; it may be cut off',
    });
  } finally {
    closeSync(fd);
  }
}

/** null when the header goes on beyond the bytes read. */
function sizeOf(b: Buffer, file: string): { width: number; height: number } | null {
  if (b.length >= 24 && b.readUInt32BE(0) === 0x89504e47) {
    return { width: b.readUInt32BE(16), height: b.readUInt32BE(20) };
  }
  if (b.length >= 30 && b.toString('latin1', 0, 4) === 'RIFF') {
    const size = webpSize(b);
    if (size) return size;
  }
  if (b.length < 4 || b.readUInt16BE(0) !== 0xffd8) {
    throw new ImageDecodeError(
      'image-format',
      `neither JPEG, PNG nor WebP (first bytes ${b.subarray(0, 4).toString('hex')}).`,
      { where: file, fix: 'convert the picture to JPEG or PNG' },
    );
  }
  let at = 2;
  while (at + 9 < b.length) {
    if (b[at] !== 0xff) return null;
    const marker = b[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: b.readUInt16BE(at + 7), height: b.readUInt16BE(at + 5) };
    at += 2 + b.readUInt16BE(at + 2);
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
