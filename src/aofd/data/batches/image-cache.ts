/** Decoded pictures and masks kept in memory, least recently used out first. */
import { DataError } from '../../errors.js';
import { decodeImage, decodeMaskPng } from '../files/decode.js';
import type { DecodedImage, Sample } from '../sample.js';

/** A decoded sample; `mask` (1 = occluder) only where the sample has segmentation files. */
export interface DecodedSample {
  image: DecodedImage;
  mask: Uint8Array | null;
}

export class ImageCache {
  private readonly entries = new Map<string, DecodedSample>();
  private bytes = 0;
  hits = 0;
  misses = 0;

  /** @param capBytes upper bound of the pixels held; 0 keeps nothing */
  constructor(private readonly capBytes: number) {}

  get heldBytes(): number {
    return this.bytes;
  }

  /** The caller must not change the arrays. Throws ImageDecodeError. */
  async getAsync(sample: Sample): Promise<DecodedSample> {
    // A file may be listed with and without a mask: what is found must not depend on what came first.
    const key = `${sample.file}\n${sample.segmentation?.maskFile ?? ''}`;
    const found = this.entries.get(key);
    if (found) {
      this.hits++;
      this.entries.delete(key);
      this.entries.set(key, found);
      return found;
    }
    this.misses++;
    const image = await decodeImage(sample.file);
    let mask: Uint8Array | null = null;
    if (sample.segmentation) {
      const decoded = await decodeMaskPng(sample.segmentation.maskFile);
      if (decoded.width !== image.width || decoded.height !== image.height) {
        throw new DataError(
          'list-malformed',
          `mask is ${decoded.width}x${decoded.height}, its picture ${image.width}x${image.height}.`,
          { where: sample.segmentation.maskFile, fix: 'masks must have the size of their picture' },
        );
      }
      mask = decoded.data;
    }
    const entry = { image, mask };
    const size = image.data.length + (mask?.length ?? 0);
    if (size <= this.capBytes && !this.entries.has(key)) {
      this.entries.set(key, entry);
      this.bytes += size;
      for (const [oldKey, old] of this.entries) {
        if (this.bytes <= this.capBytes) break;
        this.entries.delete(oldKey);
        this.bytes -= old.image.data.length + (old.mask?.length ?? 0);
      }
    }
    return entry;
  }
}
