/**
 * Faces that are smaller than the network knows well (`test.smallFaceSize`): where the picture has more pixels
 * than the network's input shows, it looks again at an input that shows more of them. What it then finds of their
 * kind joins the other candidates. A look costs what the larger input does, up to six passes, and only pictures
 * with small faces and pixels to spare take one.
 */
import { retryOutOfMemoryAsync } from '../../nn/index.js';
import { takeBoxes } from '../boxes/index.js';
import type { DecodedImage } from '../data/sample.js';
import type { AnchorCache } from '../model/index.js';
import { detectPassAsync, type PicturePass } from './forward.js';
import type { Network } from './network.js';
import { heightOf, type Candidates } from './postprocess.js';
import { inputScale, preparePass } from './prepare.js';

/** By what the input is enlarged at most. */
const MOST = 2.5;
/** By what at least: less shows nothing new. */
const LEAST = 1.3;
/** A candidate of this score makes the network look again. */
const LOOK_SCORE = 0.25;

/**
 * By what to enlarge the input, 1 = not at all: until small faces of the middle size are a quarter higher than
 * `faceSize`, as far as there are pixels.
 * @param heights of the candidates that count, in input pixels
 * @param available input pixels that the whole picture would have, to those of the input along one axis
 */
export function enlargementFor(
  heights: readonly number[],
  faceSize: number,
  available: number,
): number {
  const small = heights.filter((height) => height < faceSize).sort((a, b) => a - b);
  const middle = small[small.length >> 1];
  if (middle === undefined) return 1;
  const factor = Math.min(MOST, available, (1.25 * faceSize) / middle);
  return factor < LEAST ? 1 : factor;
}

/**
 * Looks closer where candidates are small; null where none is, where there are no more pixels, or where the
 * configuration asks for no look.
 * @param image the whole picture
 * @param found candidates of the usual input, in pixels of the picture
 * @returns the small ones alone: the others are for the usual input
 */
export async function lookCloserAsync(
  network: Network,
  anchors: AnchorCache,
  { pass, width, height }: PicturePass,
  image: DecodedImage,
  found: Candidates,
): Promise<Candidates | null> {
  const { config, params } = network;
  const { smallFaceSize = null } = config.test;
  if (smallFaceSize === null) return null;
  const likely = Array.from(found.scores.keys()).filter((i) => found.scores[i]! >= LOOK_SCORE);
  const heights = likely.map((i) => heightOf(found, i) * pass.scale);
  const by = enlargementFor(heights, smallFaceSize, 1 / pass.scale);
  if (by === 1) return null;
  // The pass may itself be larger than usual, by `scales`.
  const factor = (by * pass.scale) / inputScale(width, height, config.input);
  const closer = preparePass(image, config.input, { factor });
  const { candidates } = await retryOutOfMemoryAsync(params.device, () =>
    detectPassAsync(network, anchors, { pass: closer, width, height }, { wantsOccluders: false }),
  );
  const small = Array.from(candidates.scores.keys()).filter(
    (i) => heightOf(candidates, i) * pass.scale < 2 * smallFaceSize,
  );
  return {
    boxes: takeBoxes(candidates.boxes, small),
    scores: Float64Array.from(small, (i) => candidates.scores[i]!),
  };
}
