/** Samples that can be decoded: in place of one that cannot, the next of its source is taken. */
import { DataError } from '../../errors.js';
import type { Sample } from '../sample.js';
import { sampleKey, type DecodedSample, type ImageCache } from './image-cache.js';

export interface UsableSample {
  sample: Sample;
  decoded: DecodedSample;
}

/** Which one is taken depends on the list and the files alone, so that resumed runs see the same. */
export class UsableSamples {
  readonly #cache: ImageCache;
  readonly #skips: boolean;
  readonly #broken = new Set<string>();
  #news: string[] = [];

  /** @param skips false: a picture that cannot be used is an error */
  constructor(cache: ImageCache, skips: boolean) {
    this.#cache = cache;
    this.#skips = skips;
  }

  /**
   * The sample decoded, or the first behind it in the list that can be, beginning again at its end.
   * @throws DataError for a picture that cannot be used, or where none of the list can
   */
  async getAsync(wanted: Sample, list: readonly Sample[]): Promise<UsableSample> {
    if (!this.#skips) return { sample: wanted, decoded: await this.#cache.getAsync(wanted) };
    let at = -1;
    let sample = wanted;
    let last: unknown = null;
    for (let tried = 0; tried < list.length; tried++) {
      if (!this.#broken.has(sampleKey(sample))) {
        try {
          return { sample, decoded: await this.#cache.getAsync(sample) };
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          last = error;
          this.#broken.add(sampleKey(sample));
          this.#news.push(`left out: ${error.where}: ${error.reason}`);
        }
      }
      if (at < 0) at = list.indexOf(wanted);
      at = (at + 1) % list.length;
      sample = list[at] as Sample;
    }
    throw new DataError('list-malformed', 'no picture of this source can be used.', {
      where: wanted.source,
      fix: 'copy the data set again',
      cause: last,
    });
  }

  /** What there is to say of pictures left out since the last call. */
  takeNews(): string[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }
}
