/** What a detector asks of the place that it runs in. Entries set it; nothing here names a file of one. */
import { NnError } from '../../nn/index.js';
import type { DecodedImage } from '../data/sample.js';
import type { DetectorWeights } from '../weights/detector-weights.js';

/** How names become weights and pictures here. */
export interface Surroundings {
  /** Reads weights by name; without a name, those that come with the package. */
  readWeightsAsync(name: string | undefined): Promise<DetectorWeights>;
  /** Decodes the picture of that name or address, or of these bytes, upright. */
  readPictureAsync(source: string | URL | Uint8Array): Promise<DecodedImage>;
}

let current: Surroundings | null = null;

export function setSurroundings(surroundings: Surroundings): void {
  current = surroundings;
}

/** @throws NnError where no entry has set any: then weights and pictures are given in memory only */
export function surroundings(): Surroundings {
  if (current !== null) return current;
  throw new NnError('no-surroundings', 'detector: files cannot be read here.', {
    fix: 'import from "aofd", or pass weights and pictures that are in memory.',
  });
}
