/** Pictures with the pixel labels of what covers their faces. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { DataError } from '../../errors.js';
import { decodeMaskPng } from '../../data/files/decode.js';
import type { Sample } from '../../data/sample.js';
import { loadOcclusionSeg } from '../../data/sets/occlusion-seg.js';
import type { MaskedImage } from './set.js';

/**
 * Reads `index.json` of a folder and the masks that it names.
 * @param isRealOnly leave out pictures with masks drawn in by a program
 * @throws DataError naming the file of what is wrong
 */
export async function loadMaskedImagesAsync(
  root: string,
  split: 'test' | 'train' | 'all',
  isRealOnly: boolean,
): Promise<MaskedImage[]> {
  const real = loadOcclusionSeg(root, { split, synthetic: false });
  const realIds = new Set(real.map(({ id }) => id));
  const images: MaskedImage[] = [];
  for (const sample of isRealOnly ? real : loadOcclusionSeg(root, { split })) {
    images.push(await maskedImageAsync(sample, !realIds.has(sample.id)));
  }
  return images;
}

async function maskedImageAsync(sample: Sample, isSynthetic: boolean): Promise<MaskedImage> {
  const { maskFile, faceFile } = sample.segmentation as NonNullable<Sample['segmentation']>;
  const { width, height, data } = await maskOfAsync(maskFile, sample);
  const hasRegion = faceFile !== undefined && existsSync(faceFile);
  return {
    name: `images/${basename(sample.file)}`,
    file: existsSync(sample.file) ? sample.file : null,
    width,
    height,
    labels: data,
    region: hasRegion ? (await maskOfAsync(faceFile, sample)).data : null,
    boxes: Float64Array.from(sample.faces.flatMap((face) => [...face.box])),
    mask: { name: `masks/${sample.id}.png`, file: maskFile },
    isSynthetic,
  };
}

/** A mask, which must have the size of its picture. */
async function maskOfAsync(file: string, picture: Sample): ReturnType<typeof decodeMaskPng> {
  const mask = await decodeMaskPng(file);
  if (mask.width === picture.width && mask.height === picture.height) return mask;
  throw new DataError(
    'list-malformed',
    `the mask is ${mask.width}x${mask.height}, the picture ${picture.width}x${picture.height}.`,
    { where: file, fix: 'masks must have the size of their picture' },
  );
}
