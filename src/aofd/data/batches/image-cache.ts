/** Decoded pictures and masks kept in memory, least recently used out first. */
import { DataError } from '../../errors.js';
import { drawnLabelsAsync } from '../drawn/labels.js';
import { decodeMaskPng } from '../files/decode.js';
import { facePartsOf, partsFromMasks, type FaceParts } from '../face-parts.js';
import {
  largestFaceLabels,
  portraitRegionLabels,
  type SegmentationForm,
} from '../region-labels.js';
import type { DecodedImage, Sample } from '../sample.js';
import { readPixelMap } from './pixel-map.js';
import { decodeStatedAsync, sameSize } from './stated-size.js';

/** A decoded sample. */
export interface DecodedSample {
  image: DecodedImage;
  /** [H, W], 1 = occluder, 255 = unknown; only of pictures whose faces all have pixel labels. */
  mask: Uint8Array | null;
  /** [H, W], labels from files in the cache's form; null where boxes and painting say it all. */
  labels: Uint8Array | null;
  /** Share of the picture's pixels that the mask says cover a face; 0 without one. */
  coveredShare: number;
}

/**
 * What tells samples apart. One picture may be in several sources, with other masks, boxes or classes: what is
 * known or wrong of it in one says nothing of the others.
 */
export function sampleKey({ source, file, segmentation, pixelMap, occluders, id }: Sample): string {
  const labels = segmentation?.maskFile ?? pixelMap?.file ?? (occluders ? `drawn: ${id}` : '');
  return [source, file, labels].join('\n');
}

export class ImageCache {
  private readonly entries = new Map<string, DecodedSample>();
  private bytes = 0;
  hits = 0;
  misses = 0;

  /**
   * @param capBytes upper bound of the pixels held; 0 keeps nothing
   * @param form of the labels made from files
   */
  constructor(
    private readonly capBytes: number,
    private readonly form: SegmentationForm = 'covered',
  ) {}

  get heldBytes(): number {
    return this.bytes;
  }

  /** The caller must not change the arrays. Throws DataError for a picture or labels that cannot be used. */
  async getAsync(sample: Sample): Promise<DecodedSample> {
    const key = sampleKey(sample);
    const found = this.entries.get(key);
    if (found) {
      this.hits++;
      this.entries.delete(key);
      this.entries.set(key, found);
      return found;
    }
    this.misses++;
    const image = await decodeStatedAsync(sample);
    const labels = await this.labelsAsync(sample, image);
    const entry = { image, ...labels, coveredShare: labels.mask ? shareOfOnes(labels.mask) : 0 };
    const size = bytesOf(entry);
    if (size <= this.capBytes && !this.entries.has(key)) {
      this.entries.set(key, entry);
      this.bytes += size;
      for (const [oldKey, old] of this.entries) {
        if (this.bytes <= this.capBytes) break;
        this.entries.delete(oldKey);
        this.bytes -= bytesOf(old);
      }
    }
    return entry;
  }

  private async labelsAsync(
    sample: Sample,
    image: DecodedImage,
  ): Promise<{ mask: Uint8Array | null; labels: Uint8Array | null }> {
    const { faces, segmentation, pixelMap, occluders } = sample;
    const { width, height } = image;
    if (occluders) {
      const { covered, labels } = await drawnLabelsAsync(occluders, faces, image, this.form);
      return this.form === 'covered' ? { mask: labels, labels: null } : { mask: covered, labels };
    }
    if (pixelMap?.extent === 'largest-face') {
      const { data } = sameSize(await readPixelMap(pixelMap), image, pixelMap.file);
      const labels = largestFaceLabels(data, pixelMap.roles, faces, image, this.form);
      return { mask: null, labels };
    }
    if (!segmentation && !pixelMap) return { mask: null, labels: null };
    if (segmentation && this.form === 'covered') {
      const { maskFile } = segmentation;
      const mask = sameSize(await decodeMaskPng(maskFile), image, maskFile).data;
      return { mask, labels: null };
    }
    const parts = await readFaceParts(sample, image);
    const labels =
      this.form === 'covered' ? null : portraitRegionLabels(parts, faces, width, height);
    return { mask: parts.covered, labels };
  }
}

function shareOfOnes(mask: Uint8Array): number {
  let ones = 0;
  for (const value of mask) if (value === 1) ones++;
  return ones / mask.length;
}

const bytesOf = ({ image, mask, labels }: DecodedSample): number =>
  image.data.length + (mask?.length ?? 0) + (labels?.length ?? 0);

/** Masks of a portrait from whatever files it has. Throws DataError naming the one at fault. */
export async function readFaceParts(
  { segmentation, pixelMap, file }: Sample,
  image: DecodedImage,
): Promise<FaceParts> {
  if (pixelMap) {
    const classes = sameSize(await readPixelMap(pixelMap), image, pixelMap.file);
    return facePartsOf(classes.data, image.width, image.height, pixelMap.roles);
  }
  const { maskFile, faceFile } = segmentation ?? {};
  if (maskFile === undefined || faceFile === undefined) {
    throw new DataError('list-malformed', 'has no mask of its face region.', {
      where: file,
      fix: 'use a set with face masks, or labels of the form "covered"',
    });
  }
  const covered = sameSize(await decodeMaskPng(maskFile), image, maskFile).data;
  const region = sameSize(await decodeMaskPng(faceFile), image, faceFile).data;
  return partsFromMasks(covered, region);
}
