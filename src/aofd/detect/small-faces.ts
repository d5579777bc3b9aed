/**
 * Faces that are smaller than the network knows well (`test.smallFaceSize`): where the picture has more pixels
 * than the network's input shows, it looks again at an input that shows more of them. At a crowd of very small ones
 * (`test.crowdFaceSize`) it also looks where there are no more pixels: enlarged, they are easier for it all the same.
 * What it then finds of their kind joins the other candidates. A look costs what the larger input does, up to
 * 6.25 passes, and only pictures with small faces take one.
 */
import { retryOutOfMemoryAsync } from '../../nn/index.js';
import { nms } from '../boxes/index.js';
import type { Config } from '../config/index.js';
import type { DecodedImage } from '../data/sample.js';
import type { AnchorCache } from '../model/index.js';
import { detectPassAsync, type PicturePass } from './forward.js';
import type { Network } from './network.js';
import { heightOf, probabilityIn, takeCandidates, type Candidates } from './postprocess.js';
import { preparePass } from './prepare.js';
import { isTooMuch } from './too-much.js';

/** By what the input is enlarged at most, in steps of a quarter. */
const MOST = 2.5;
/** A face of this probability makes the network look again. */
const LOOK_PROBABILITY = 0.05;
/** So many very small faces of this probability are a crowd, which is looked at this much enlarged. */
const CROWD = { faces: 4, probability: 0.2, enlargement: 2 };

/**
 * By what to enlarge the input, 1 = not at all: until small faces of the middle size are a quarter higher than
 * `faceSize`, as far as there are pixels.
 * @param heights of faces in input pixels
 * @param available pixels of the picture to those of the input along one axis
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
  return Math.max(1, Math.floor(4 * factor) / 4);
}

/**
 * Looks closer where faces are small; null where none is, where there are neither more pixels nor a crowd, where the
 * memory does not suffice, or where the configuration asks for no look.
 * @param pass the picture at the usual size
 * @param image the whole picture
 * @param found candidates of the pass, in pixels of the picture
 * @returns the small ones alone, and none inside of a larger face: the others are for the usual input
 */
export async function lookCloserAsync(
  network: Network,
  anchors: AnchorCache,
  { pass, width, height }: PicturePass,
  image: DecodedImage,
  found: Candidates,
): Promise<Candidates | null> {
  const { config, params } = network;
  const { smallFaceSize, crowdFaceSize = null } = config.test;
  if (smallFaceSize == null) return null;
  const faces = likelyFaces(found, config);
  const heights = faces.map((i) => heightOf(found, i) * pass.scale);
  const likely = heights.filter(
    (_, k) => probabilityIn(config, found.scores[faces[k]!]!) >= CROWD.probability,
  );
  const available = 1 / pass.scale;
  const isEnlarged = isCrowd(likely, crowdFaceSize, available);
  const factor = isEnlarged ? CROWD.enlargement : enlargementFor(heights, smallFaceSize, available);
  if (factor === 1) return null;
  const closer = params.device.context.phase('prepare picture', () =>
    preparePass(image, config.input, { factor }),
  );
  let candidates: Candidates;
  try {
    const options = { wantsOccluders: false };
    const wider = { pass: closer, width, height };
    ({ candidates } = await retryOutOfMemoryAsync(params.device, () =>
      detectPassAsync(network, anchors, wider, options),
    ));
  } catch (error) {
    // What the usual look found is worth having without this one.
    if (isTooMuch(error)) return null;
    throw error;
  }
  const largest = 2 * (isEnlarged ? crowdFaceSize! : smallFaceSize);
  const large = faces.filter((i) => heightOf(found, i) * pass.scale >= largest);
  const small = Array.from(candidates.scores.keys()).filter(
    (i) =>
      heightOf(candidates, i) * pass.scale < largest &&
      !large.some((face) => holdsCentre(found, face, candidates, i)),
  );
  return takeCandidates(candidates, small);
}

/**
 * Whether so many faces are below `faceSize` that they are enlarged whatever pixels the picture has; with pixels
 * enough it is enlarged for small faces anyhow.
 * @param heights of likely faces in input pixels
 */
export function isCrowd(
  heights: readonly number[],
  faceSize: number | null,
  available: number,
): boolean {
  if (faceSize === null || available >= CROWD.enlargement) return false;
  return heights.filter((height) => height < faceSize).length >= CROWD.faces;
}

/** Candidates that may be faces, one for each. */
function likelyFaces({ boxes, scores }: Candidates, config: Config): number[] {
  const { convention } = config.boxes;
  const kept = nms(boxes, scores, { iouThreshold: config.test.nmsIou, convention });
  return [...kept].filter((i) => probabilityIn(config, scores[i]!) >= LOOK_PROBABILITY);
}

/** Whether a box holds the centre of another: a nose is no face beside the face that it is in. */
function holdsCentre(outer: Candidates, i: number, inner: Candidates, j: number): boolean {
  const [a, b] = [outer.boxes, inner.boxes];
  const x = (b[4 * j]! + b[4 * j + 2]!) / 2;
  const y = (b[4 * j + 1]! + b[4 * j + 3]!) / 2;
  return x > a[4 * i]! && x < a[4 * i + 2]! && y > a[4 * i + 1]! && y < a[4 * i + 3]!;
}
