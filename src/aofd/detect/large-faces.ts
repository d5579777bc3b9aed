/**
 * Faces that are larger than the network knows well (`test.largeFaceSize`): it looks again at the input,
 * shrunk until the largest of them has about that size. What it then finds of their kind joins the other
 * candidates, and what covers a large face is asked of the input shrunk for it. A look costs less than half
 * of a pass, and only pictures with large faces take one.
 */
import { retryOutOfMemoryAsync } from '../../nn/index.js';
import type { AnchorCache } from '../model/index.js';
import { detectPassAsync, segmentPassAsync, type PicturePass } from './forward.js';
import type { GridMap } from './grid-map.js';
import type { Network } from './network.js';
import { heightOf, takeCandidates, type Candidates } from './postprocess.js';
import { paddedLength, type PreparedPass } from './prepare.js';

/** By what the input is shrunk at most. */
const MOST = 4;

/** By what the input is shrunk for a face of that height, both in input pixels: 1, 1.5, 2 ... 4. */
export function reductionFor(height: number, faceSize: number): number {
  return Math.min(MOST, Math.max(1, Math.round((2 * height) / faceSize) / 2));
}

/**
 * The input shrunk by a factor: each value is the mean over the area that it stands for (shares of pixels
 * at its edges count as such); padded with the mean, 0.
 */
export function reducedPass(pass: PreparedPass, by: number, padMultiple: number): PreparedPass {
  const columns = areasOf(pass.contentWidth, by);
  const rows = areasOf(pass.contentHeight, by);
  const [contentWidth, contentHeight] = [columns.first.length - 1, rows.first.length - 1];
  const width = paddedLength(contentWidth, padMultiple);
  const height = paddedLength(contentHeight, padMultiple);
  const data = new Float32Array(width * height * 4);
  const { data: source, width: stride } = pass;
  for (let y = 0; y < contentHeight; y++) {
    const top = rows.first[y]!;
    const bottom = rows.first[y + 1]!;
    for (let x = 0; x < contentWidth; x++) {
      const left = columns.first[x]!;
      const right = columns.first[x + 1]!;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let v = top; v < bottom; v++) {
        const line = stride * rows.pixel[v]!;
        const down = rows.weight[v]!;
        for (let u = left; u < right; u++) {
          const share = down * columns.weight[u]!;
          const from = 4 * (line + columns.pixel[u]!);
          red += share * source[from]!;
          green += share * source[from + 1]!;
          blue += share * source[from + 2]!;
        }
      }
      const to = 4 * (y * width + x);
      data[to] = red;
      data[to + 1] = green;
      data[to + 2] = blue;
    }
  }
  return { ...pass, width, height, contentWidth, contentHeight, scale: pass.scale / by, data };
}

/** The pixels under each place of a shrunk axis, side by side: no arrays of arrays in the innermost loop. */
interface Areas {
  /** Where the pixels of each place begin; one entry more than there are places. */
  first: Int32Array;
  pixel: Int32Array;
  /** Their sum is 1 for each place. */
  weight: Float64Array;
}

function areasOf(length: number, by: number): Areas {
  const places = Math.ceil(length / by);
  const most = places * (Math.ceil(by) + 1);
  const areas = {
    first: new Int32Array(places + 1),
    pixel: new Int32Array(most),
    weight: new Float64Array(most),
  };
  let at = 0;
  for (let i = 0; i < places; i++) {
    const [from, to] = [i * by, Math.min(length, (i + 1) * by)];
    for (let pixel = Math.floor(from); pixel < to; pixel++, at++) {
      areas.pixel[at] = pixel;
      areas.weight[at] = (Math.min(to, pixel + 1) - Math.max(from, pixel)) / (to - from);
    }
    areas.first[i + 1] = at;
  }
  return areas;
}

/** A candidate of this score makes the network look again. */
const LOOK_SCORE = 0.3;

/** What a look at the shrunk input finds. */
export interface ShrunkLook {
  /** By what it was shrunk. */
  by: number;
  /** The large ones alone: small faces are for the whole input. */
  candidates: Candidates;
  /** Null where it was not asked for or the network has no branch. */
  occluders: GridMap | null;
}

/**
 * Looks again where a candidate is large; null where none is, or where the configuration asks for no look.
 * @param found candidates of the whole input, in pixels of the original picture
 */
export async function lookAgainAsync(
  network: Network,
  anchors: AnchorCache,
  { pass, width, height }: PicturePass,
  found: Candidates,
  options: { wantsOccluders: boolean },
): Promise<ShrunkLook | null> {
  const { config, params } = network;
  const { largeFaceSize } = config.test;
  if (largeFaceSize === null) return null;
  let tallest = 0;
  found.scores.forEach((score, i) => {
    if (score >= LOOK_SCORE) tallest = Math.max(tallest, heightOf(found, i) * pass.scale);
  });
  const by = reductionFor(tallest, largeFaceSize);
  if (by === 1) return null;
  const reduced = reducedPass(pass, by, config.input.padMultiple);
  const { candidates, occluders } = await retryOutOfMemoryAsync(params.device, () =>
    detectPassAsync(network, anchors, { pass: reduced, width, height }, options),
  );
  const large = Array.from(candidates.scores.keys()).filter(
    (i) => heightOf(candidates, i) * pass.scale >= largeFaceSize,
  );
  return {
    by,
    candidates: takeCandidates(candidates, large),
    occluders,
  };
}

/**
 * The map that says what covers each face: that of the pass, or of a look at the shrunk input.
 * @param found boxes in pixels of the original picture
 * @param map what the pass itself says
 * @param look a look that was already taken
 */
export async function occludersOfFacesAsync(
  network: Network,
  pass: PreparedPass,
  found: Candidates,
  map: GridMap,
  look: ShrunkLook | null,
): Promise<GridMap[]> {
  const { config, params } = network;
  const { largeFaceSize } = config.test;
  const factors = Array.from(found.scores, (_, i) =>
    largeFaceSize === null ? 1 : reductionFor(heightOf(found, i) * pass.scale, largeFaceSize),
  );
  const maps = new Map([[1, map]]);
  if (look?.occluders) maps.set(look.by, look.occluders);
  for (const by of [...new Set(factors)].sort()) {
    if (maps.has(by)) continue;
    const reduced = reducedPass(pass, by, config.input.padMultiple);
    const seen = await retryOutOfMemoryAsync(params.device, () =>
      segmentPassAsync(network, reduced),
    );
    maps.set(by, seen ?? map);
  }
  return factors.map((by) => maps.get(by)!);
}
