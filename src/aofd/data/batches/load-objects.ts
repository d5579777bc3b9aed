/** Reads folders of cut-outs for the painter. */
import sharp from 'sharp';
import type { PhotoKind } from '../../config/occluder-kinds.js';
import { DataError } from '../../errors.js';
import { explainDecoding, MAX_PIXELS } from '../files/decode-faults.js';
import { refuseForeign } from '../files/decode.js';
import { readPictureBytesAsync } from '../files/read-bytes.js';
import { close3, erode, largestPart } from '../mask-morphology.js';
import { photoObject, type PhotoObject } from '../occluders/object-bank.js';
import { blurAlpha } from '../occluders/raster.js';
import { KeyedRng, randomInt } from '../rng.js';
import { picturesIn } from '../sets/names.js';

/** A folder of pictures of one kind of thing. */
export interface ObjectFolder {
  kind: PhotoKind;
  folder: string;
  /** 'alpha': transparent pictures; 'black': photographs on black. */
  form: 'alpha' | 'black';
  /** Only files whose path matches this regular expression. */
  match?: string;
  /** At most so many, drawn by the run's seed. */
  limit: number;
}

/** Longest side kept, px: faces are rarely larger on a canvas. */
const MAX_SIDE = 256;
/** Luma above which a pixel on black belongs to the thing; below are shadow and coding noise. */
const BLACK_LUMA = 14;

export type ObjectBanks = Partial<Record<PhotoKind, PhotoObject[]>>;

/** Loads the folders. Throws DataError for one that is missing or holds nothing, and for a damaged picture. */
export async function loadObjectBanks(
  folders: readonly ObjectFolder[],
  seed: number,
): Promise<ObjectBanks> {
  const banks: ObjectBanks = {};
  for (const [i, { kind, folder, form, match = '', limit }] of folders.entries()) {
    const wanted = new RegExp(match);
    const files = [...picturesIn(folder).values()].filter((file) => wanted.test(file));
    if (files.length === 0) {
      throw new DataError('file-missing', 'holds no picture that the occluders ask for.', {
        where: folder,
        fix: 'check "folder" and "match" of data.occluders',
      });
    }
    const rng = new KeyedRng(seed, 0x0b7ec7, i);
    while (files.length > limit) files.splice(randomInt(rng, files.length), 1);
    const objects = (banks[kind] ??= []);
    for (const file of files) objects.push(await readObject(file, form));
  }
  return banks;
}

async function readObject(file: string, form: 'alpha' | 'black'): Promise<PhotoObject> {
  const bytes = await readPictureBytesAsync(file);
  refuseForeign(bytes, file);
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'truncated' })
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw explainDecoding(error, file, MAX_PIXELS);
    });
  const { width, height } = info;
  const rgb = new Uint8Array(3 * width * height);
  const soft = new Float32Array(width * height);
  for (let i = 0; i < soft.length; i++) {
    rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    soft[i] = data[4 * i + 3]! / 255;
  }
  if (form === 'black') {
    const lit = Uint8Array.from(soft, (_, i) => {
      const [r, g, b] = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!];
      return 0.299 * r + 0.587 * g + 0.114 * b > BLACK_LUMA ? 1 : 0;
    });
    const whole = close3(largestPart(lit, width, height), width, height);
    soft.set(erode(whole, width, height));
  }
  blurAlpha(soft, width, height);
  return photoObject(
    width,
    height,
    rgb,
    Uint8Array.from(soft, (a) => Math.round(255 * a)),
  );
}
