/**
 * What covers faces that the input shows small (`test.closeMaskSize`): where the picture has more pixels, the
 * branch is asked again, of a square crop around each such face. The mask of a face of 40 pixels has ten cells across
 * otherwise. A crop of 256 pixels costs a fifth of a pass over 640x480.
 */
import { retryOutOfMemoryAsync } from '../../nn/index.js';
import type { Config } from '../config/index.js';
import type { DecodedImage } from '../data/sample.js';
import { segmentPassAsync } from './forward.js';
import type { GridMap } from './grid-map.js';
import type { Network } from './network.js';
import type { Candidates } from './postprocess.js';
import { preparePass, type PreparedPass } from './prepare.js';
import { isTooMuch } from './too-much.js';

/** Side of a crop against `closeMaskSize`, both in input pixels, and against the face in it. */
const SIDE = 2;
const MARGIN = 1.5;
/** A crop that shows a face less enlarged than this is not worth its cost. */
const LEAST = 1.25;
/** Crops of a picture at most: those of the best scores. */
const MOST = 32;
/** Faces of a lower probability are hardly ones. */
const LEAST_PROBABILITY = 0.1;

/** Side of the crops, in input pixels, where the configuration asks for some; else null. */
export function cropSide({ test: { closeMaskSize } }: Pick<Config, 'test'>): number | null {
  return closeMaskSize == null ? null : SIDE * closeMaskSize;
}

/** A part of a picture, at the place of its first pixel. */
export interface Crop extends DecodedImage {
  left: number;
  top: number;
}

/** The square of `side` pixels about a centre, without what lies beyond the picture. */
export function cropAbout(
  image: DecodedImage,
  [cx, cy]: readonly [number, number],
  side: number,
): Crop {
  const span = (centre: number, length: number): [number, number] => {
    const from = Math.round(centre - side / 2);
    return [Math.min(length - 1, Math.max(0, from)), Math.max(1, Math.min(length, from + side))];
  };
  const [left, right] = span(cx, image.width);
  const [top, bottom] = span(cy, image.height);
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * image.width + left);
    data.set(image.data.subarray(from, from + 3 * width), 3 * width * y);
  }
  return { width, height, data, left, top };
}

/**
 * The maps that say what covers each face, those of small faces from crops; as they are where the memory does
 * not suffice.
 * @param image the whole picture
 * @param pass the picture as the network saw it
 * @param found faces in pixels of the picture with their probabilities, best first
 * @param maps the map of each
 */
export async function closerMasksAsync(
  network: Network,
  image: DecodedImage,
  pass: PreparedPass,
  found: Candidates,
  maps: readonly GridMap[],
): Promise<GridMap[]> {
  const { config, params } = network;
  const side = cropSide(config);
  const closer = [...maps];
  if (side === null) return closer;
  let crops = 0;
  for (let i = 0; i < maps.length && crops < MOST; i++) {
    // The longer side: a face cut off by the picture's edge is wide, and wants its margin too.
    const size = longSideOf(found, i) * pass.scale;
    const factor = Math.min(1 / pass.scale, side / MARGIN / size);
    const isFace = found.scores[i]! >= LEAST_PROBABILITY;
    if (!isFace || SIDE * size >= side || factor < LEAST) continue;
    crops++;
    const scale = factor * pass.scale;
    const crop = cropAbout(image, centreOf(found, i), Math.floor(side / scale));
    // Its own long side decides the size, so that a pixel of every crop is as large as wanted.
    const maxSize = scale * Math.max(crop.width, crop.height);
    const input = { ...config.input, testShortSide: null, maxSize, padMultiple: side };
    const prepared = params.device.context.phase('prepare crops', () => preparePass(crop, input));
    try {
      const seen = await retryOutOfMemoryAsync(params.device, () =>
        segmentPassAsync(network, prepared),
      );
      if (seen) closer[i] = { ...seen, left: crop.left, top: crop.top };
    } catch (error) {
      if (isTooMuch(error)) break;
      throw error;
    }
  }
  return closer;
}

const longSideOf = ({ boxes }: Candidates, i: number): number =>
  Math.max(boxes[4 * i + 2]! - boxes[4 * i]!, boxes[4 * i + 3]! - boxes[4 * i + 1]!);

function centreOf({ boxes }: Candidates, i: number): [number, number] {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
  return [(x1 + x2 + 1) / 2, (y1 + y2 + 1) / 2];
}
