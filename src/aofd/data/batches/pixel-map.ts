/** Files with a class per pixel: PNG with a palette, MATLAB 5 matrices. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { DataError, ImageDecodeError } from '../../errors.js';
import { checkRegularFile } from '../../../nn/io/files/index.js';
import { parseMat5 } from '../../formats/mat.js';
import { readMatVariable } from '../../formats/mat-value.js';
import type { PixelMap } from '../sample.js';

/** Class numbers, row-major [H, W]. */
export interface PixelClasses {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Classes of a pixel map, as its file's ending says. Throws DataError or IoError naming the file. */
export function readPixelMap({ file }: PixelMap): Promise<PixelClasses> {
  return file.endsWith('.mat') ? readMatMap(file) : readPaletteMap(file);
}

/** Classes of a MATLAB 5 file: the matrix `groundtruth`, whose columns are stored one after the other. */
async function readMatMap(file: string): Promise<PixelClasses> {
  const { shape, data } = readMatVariable(
    parseMat5(await readBytes(file), file),
    'groundtruth',
    'numbers',
  );
  const [height = 0, width = 0] = shape;
  const rows = new Uint8Array(width * height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) rows[y * width + x] = data[x * height + y]!;
  }
  return { width, height, data: rows };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    checkRegularFile(file);
    return await readFile(file);
  } catch {
    throw new ImageDecodeError('file-missing', 'pixel map cannot be read.', {
      where: file,
      fix: 'check the path of the data set',
    });
  }
}

/**
 * Classes of a PNG with a palette: the index is the class. The decoder gives colours, so that the first
 * index of a colour is taken. Throws DataError for another kind of PNG or a damaged one.
 */
export async function readPaletteMap(file: string): Promise<PixelClasses> {
  const bytes = await readBytes(file);
  const palette = paletteOf(bytes, file);
  const { data: rgb, info } = await sharp(bytes)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const classOf = new Map<number, number>();
  for (let i = palette.length / 3 - 1; i >= 0; i--) classOf.set(colourAt(palette, 3 * i), i);
  const data = new Uint8Array(info.width * info.height);
  for (let i = 0; i < data.length; i++) {
    data[i] = classOf.get(colourAt(rgb, info.channels * i)) as number;
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
