/** Files with a class per pixel: PNG with a palette, MATLAB 5 matrices. */
import sharp from 'sharp';
import { DataError, ImageDecodeError } from '../../errors.js';
import { IoError } from '../../../nn/io/errors.js';
import { explainDecoding, MAX_PIXELS } from '../files/decode-faults.js';
import { readPictureBytesAsync } from '../files/read-bytes.js';
import { parseMat5 } from '../../formats/mat.js';
import { readMatVariable, type MatNumbers } from '../../formats/mat-value.js';
import type { PixelMap } from '../sample.js';

/** Class numbers, row-major [H, W]. */
export interface PixelClasses {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Classes of a pixel map, as its file's ending says. Throws DataError naming the file. */
export function readPixelMap({ file }: PixelMap): Promise<PixelClasses> {
  return file.endsWith('.mat') ? readMatMap(file) : readPaletteMap(file);
}

/** Classes of a MATLAB 5 file: the matrix `groundtruth`, whose columns are stored one after the other. */
async function readMatMap(file: string): Promise<PixelClasses> {
  const { shape, data } = matrixOf(await readPictureBytesAsync(file), file);
  const [height = 0, width = 0] = shape;
  const rows = new Uint8Array(width * height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) rows[y * width + x] = data[x * height + y]!;
  }
  return { width, height, data: rows };
}

/** Damage is an error of this one sample, which a run may pass over. */
function matrixOf(bytes: Uint8Array, file: string): MatNumbers {
  try {
    return readMatVariable(parseMat5(bytes, file), 'groundtruth', 'numbers');
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    throw new ImageDecodeError('image-truncated', `pixel map cannot be read: ${error.reason}`, {
      where: file,
      fix: 'copy the file again; it may be cut off or damaged',
      cause: error,
    });
  }
}

/**
 * Classes of a PNG with a palette: the index is the class. The decoder gives colours, so that the first
 * index of a colour is taken. Throws DataError for another kind of PNG or a damaged one.
 */
export async function readPaletteMap(file: string): Promise<PixelClasses> {
  const bytes = await readPictureBytesAsync(file);
  const palette = paletteOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), file);
  // The palette's own colours are looked up: a colour profile must not change them.
  const { data: rgb, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, ignoreIcc: true })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw explainDecoding(error, file, MAX_PIXELS);
    });
  const classOf = new Map<number, number>();
  for (let i = palette.length / 3 - 1; i >= 0; i--) classOf.set(colourAt(palette, 3 * i), i);
  const data = new Uint8Array(info.width * info.height);
  for (let i = 0; i < data.length; i++) {
    const index = classOf.get(colourAt(rgb, info.channels * i));
    if (index === undefined) {
      throw new ImageDecodeError('image-truncated', 'has a pixel that is not of its palette.', {
        where: file,
        fix: 'copy the file again; it may be damaged',
      });
    }
    data[i] = index;
  }
  return { width: info.width, height: info.height, data };
}

const colourAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

/** The PLTE chunk of a PNG. */
function paletteOf(bytes: Buffer, file: string): Buffer {
  const isPalette = bytes.length > 33 && bytes.readUInt32BE(0) === 0x89504e47 && bytes[25] === 3;
  for (let at = 8; isPalette && at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'PLTE') {
      return bytes.subarray(at + 8, at + 8 + length);
    }
    at += 12 + length;
  }
  throw new DataError('list-malformed', 'is no PNG with a palette of classes.', {
    where: file,
    fix: 'use the masks as the set gives them',
  });
}
