/** The training input: what a batch is and what it is made from. */
import type { AugmentConfig } from '../../config/augment.js';
import type { ObjectFolder } from './load-objects.js';
import type { PainterOptions } from '../occluders/options.js';
import type { SegmentationForm } from '../region-labels.js';
import type { LoadReport, Sample } from '../sample.js';

/** A data set with its share of the draws. */
export interface BatchSource {
  name: string;
  samples: readonly Sample[];
  /** Relative sampling weight among sources of the same kind (detection, portraits). */
  weight: number;
  /** What was counted, repaired and left out when it was read. */
  report?: LoadReport;
}

export interface BatchOptions {
  /** Images per batch, N. */
  batchSize: number;
  /** Canvas size in pixels. */
  width: number;
  height: number;
  seed: number;
  /** Sources whose samples have `segmentation` serve the portrait slots, the others the rest. */
  sources: readonly BatchSource[];
  augment: AugmentConfig;
  /** Occluder painting on detection pictures; left out = none. */
  painter?: Omit<PainterOptions, 'bank' | 'avoid' | 'objects'>;
  /** Folders of photographed things for the painter's kinds `photo-...`. Default none. */
  objectFolders?: readonly ObjectFolder[];
  /** Probability that a picture (a tile of a mosaic) gets painted faces at all. */
  paintProbability: number;
  /** Portraits whose covering objects the painter pastes, and whose heads `augment.headsInFront` does. Default none. */
  cutoutSamples?: readonly Sample[];
  /** Guess the core of worn masks from the boxes of masked faces (seg-labels.ts). Default false. */
  weakMaskLabels?: boolean;
  /** What `segLabels` say. Default 'covered'. */
  segmentationForm?: SegmentationForm;
  /** Probability that a portrait with pixel labels gets its face painted. Default 0. */
  portraitPaintProbability?: number;
  /** Share of the images made from portraits with pixel masks; spread evenly over the steps. */
  segFraction: number;
  /** Crop ratios of portraits, whose face fills the picture. */
  portraitRatios: number[];
  /** With this probability a portrait is the most covered one of so many drawn. Default never. */
  portraitFocus?: { probability: number; draws: number };
  /** Take another picture of the source where one cannot be used. Default false: that is an error. */
  skipBroken?: boolean;
  /** Bound of the decoded pictures kept in memory, bytes. */
  cacheBytes: number;
}

/** How a face on the canvas is covered. */
export const COVER_UNKNOWN = 0;
export const COVER_NONE = 1;
export const COVER_COVERED = 2;

/** One batch. Batch k depends on (options, k) alone. */
export interface Batch {
  step: number;
  width: number;
  height: number;
  /** RGB, [N, H, W, 3]. */
  images: Uint8Array;
  /** Per image [R, 4]: inclusive corners in canvas pixels, row-major. */
  boxes: Float32Array[];
  /** Per image [R]: 1 = neither positive nor background. */
  ignore: Uint8Array[];
  /** Per image [R]: COVER_UNKNOWN, COVER_NONE or COVER_COVERED (masked, wrongly masked, painted, behind a pasted head). */
  covers: Uint8Array[];
  /**
   * Per image [H, W], or null when nothing on it has pixel labels: 0, 1, 255 (seg-labels.ts), or packed
   * labels of region and visible face (region-labels.ts).
   */
  segLabels: (Uint8Array | null)[];
  /** Per image: the sample's id (those of a mosaic's tiles joined by "+"). */
  ids: string[];
  /** Per image: the data set names, joined likewise. */
  sources: string[];
  /** What is said of pictures that were left out, each once. */
  skipped: string[];
  /** Time to make the batch, decoding included. */
  timeMs: number;
}
