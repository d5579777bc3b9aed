import type { BoxesConfig, ProposalConfig } from '../config/schema.js';
import { decodeBox } from './coder.js';
import { nms } from './nms.js';
import { sortDescending } from './sort.js';
import { extentOf, type BoxArray, type ImageSize, type ScoreArray } from './types.js';

/** What the proposal layer reads; A anchors of one image. */
export interface ProposalInput {
  /** Face probabilities [A]. */
  scores: ScoreArray;
  /** [A*4] in network input pixels. */
  anchors: BoxArray;
  /** RPN box code [A*4], not normalised. */
  deltas: ArrayLike<number>;
  /** Network input size in pixels (without padding). */
  size: ImageSize;
  /** Network input pixels per original pixel (im_info's third value). */
  scale: number;
}

/** Proposals from best to worst. */
export interface Proposals {
  /** [P*4] in input pixels. */
  boxes: Float32Array;
  /** [P] */
  scores: Float32Array;
  /** [P]: the anchor each came from. */
  indices: Int32Array;
}

/**
 * The proposal layer (docs/spec.md 1.9): decode, clip to the image, drop boxes narrower or lower than
 * minSize * scale, take the best `preNmsTop` by score, NMS, keep `postNmsTop` and, with `crowd`, as many more
 * as are likely faces. Boxes are decoded
 * lazily from the best score on, which gives the same result. No gradient. Rows with a coordinate
 * that is not finite are dropped.
 *
 * @param config `proposals.train` or `proposals.test`, @param code how boxes are read and coded
 */
export function selectProposals(
  input: ProposalInput,
  config: ProposalConfig,
  code: BoxesConfig,
): Proposals {
  const { scores, anchors, deltas, size } = input;
  const { convention } = code;
  const needed = scores.length * 4;
  if (anchors.length !== needed || deltas.length !== needed) {
    throw new RangeError(
      `selectProposals: ${scores.length} scores need ${needed} anchor numbers and ${needed} deltas, ` +
        `got ${anchors.length} and ${deltas.length}.`,
    );
  }
  const e = extentOf(convention);
  const maxX = size.width - e;
  const maxY = size.height - e;
  const minSide = config.minSize * input.scale;
  const order = sortDescending(scores);
  const limit = Math.min(config.preNmsTop, order.length);
  const candidates = new Float64Array(limit * 4);
  const from = new Int32Array(limit);
  const box = new Float64Array(4);
  let count = 0;
  for (let r = 0; r < order.length && count < limit; r++) {
    const i = order[r]!;
    if (!(scores[i]! >= config.minScore)) break;
    decodeBox(anchors, deltas, i, code, box, 0);
    const x1 = Math.min(Math.max(box[0]!, 0), maxX);
    const y1 = Math.min(Math.max(box[1]!, 0), maxY);
    const x2 = Math.min(Math.max(box[2]!, 0), maxX);
    const y2 = Math.min(Math.max(box[3]!, 0), maxY);
    if (!(x2 - x1 + e >= minSide && y2 - y1 + e >= minSide)) continue;
    candidates[4 * count] = x1;
    candidates[4 * count + 1] = y1;
    candidates[4 * count + 2] = x2;
    candidates[4 * count + 3] = y2;
    from[count++] = i;
  }
  const kept = nms(candidates.subarray(0, 4 * count), new Float64Array(count), {
    iouThreshold: config.nmsIou,
    maxOutput: mostProposals(config),
    convention,
    order: Int32Array.from({ length: count }, (_, i) => i),
  }).filter((k, row) => row < config.postNmsTop || scores[from[k]!]! >= config.crowd!.score);
  const out: Proposals = {
    boxes: new Float32Array(kept.length * 4),
    scores: new Float32Array(kept.length),
    indices: new Int32Array(kept.length),
  };
  kept.forEach((k, row) => {
    out.boxes.set(candidates.subarray(4 * k, 4 * k + 4), 4 * row);
    out.scores[row] = scores[from[k]!]!;
    out.indices[row] = from[k]!;
  });
  return out;
}

/** The most proposals that a picture can have. */
export const mostProposals = ({ postNmsTop, crowd }: ProposalConfig): number =>
  Math.max(postNmsTop, crowd?.top ?? 0);
