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
  const maskFile = sample.segmentation?.maskFile as string;
  const { width, height, data } = await decodeMaskPng(maskFile);
  if (width !== sample.width || height !== sample.height) {
    throw new DataError(
      'list-malformed',
      `the mask is ${width}x${height}, the picture ${sample.width}x${sample.height}.`,
      { where: maskFile, fix: 'masks must have the size of their picture' },
    );
  }
  return {
    name: `images/${basename(sample.file)}`,
    file: existsSync(sample.file) ? sample.file : null,
    width,
    height,
    labels: data,
    boxes: Float64Array.from(sample.faces.flatMap((face) => [...face.box])),
    mask: { name: `masks/${sample.id}.png`, file: maskFile },
    isSynthetic,
  };
}
