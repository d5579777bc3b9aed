import { makeAnchors, type AnchorSet } from '../boxes/anchors.js';
import type { BoxConvention } from '../boxes/index.js';
import type { AofdModel } from './aofd.js';

/** Sizes whose anchors are kept; pictures of a run have few. */
const MOST_SIZES = 8;

/** Anchors of the input sizes used last: making them takes milliseconds. */
export class AnchorCache {
  readonly #model: AofdModel;
  readonly #convention: BoxConvention;
  readonly #sets = new Map<string, AnchorSet>();

  constructor(model: AofdModel, convention: BoxConvention) {
    this.#model = model;
    this.#convention = convention;
  }

  /** All anchors of an input of that size (with its padding), level after level. */
  get({ height, width }: { height: number; width: number }): AnchorSet {
    const key = `${height}x${width}`;
    let set = this.#sets.get(key);
    if (!set) {
      const sizes = this.#model.anchorMapSizes(height, width);
      set = makeAnchors(this.#model.config.levels, sizes, this.#convention);
      if (this.#sets.size >= MOST_SIZES)
        this.#sets.delete(this.#sets.keys().next().value as string);
      this.#sets.set(key, set);
    }
    return set;
  }
}
