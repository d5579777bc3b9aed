import { decodeBox } from './coder.js';
import { nms } from './nms.js';
import { sortDescending } from './sort.js';
import { extentOf } from './types.js';
import type { BoxArray, BoxConvention, ImageSize, ScoreArray } from './types.js';

/** Settings of the proposal layer (docs/spec.md 1.9); one set for training, one for testing. */
export interface ProposalConfig {
  /** Highest scores taken into NMS; 12000 / 6000. */
  preNmsTop: number;
  /** Proposals returned at most; 2000 / 300. */
  postNmsTop: number;
  /** NMS threshold; 0.7. */
  nmsIou: number;
  /** Smallest width and height, in pixels of the original image; 16. */
  minSize: number;
  /** Scores below this are not looked at; default none (0 keeps all probabilities). */
  minScore?: number;
  /** Upper cap of dw, dh (J3). */
  maxLogRatio?: number;
  /** Default `inclusive`. */
  convention?: BoxConvention;
}

/** The paper's values. */
export const DEFAULT_PROPOSALS: { train: ProposalConfig; test: ProposalConfig } = {
  train: { preNmsTop: 12000, postNmsTop: 2000, nmsIou: 0.7, minSize: 16 },
  test: { preNmsTop: 6000, postNmsTop: 300, nmsIou: 0.7, minSize: 16 },
};

/** What the proposal layer reads; A anchors of one image. */
export interface ProposalInput {
  /** Face probabilities (or logits: only their order matters) [A]. */
  scores: ScoreArray;
  /** Anchors [A*4] with `deltas`, or decoded `boxes` alone. */
  anchors?: BoxArray;
  /** RPN box code [A*4], not normalised. */
  deltas?: ArrayLike<number>;
  /** Decoded boxes [A*4] (then anchors and deltas are not needed). */
  boxes?: BoxArray;
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
 * minSize * scale, take the best `preNmsTop` by score, NMS, keep `postNmsTop`. Boxes are decoded
 * lazily from the best score on, which gives the same result. No gradient. Rows with a coordinate
 * that is not finite are dropped.
 */
export function selectProposals(input: ProposalInput, config: ProposalConfig): Proposals {
  const { scores, size } = input;
  const convention = config.convention ?? 'inclusive';
  const e = extentOf(convention);
  const maxX = size.width - e;
  const maxY = size.height - e;
  const minSide = config.minSize * input.scale;
  const order = sortDescending(scores);
  const limit = Math.min(config.preNmsTop, order.length);
  const candidates = new Float64Array(limit * 4);
  const from = new Int32Array(limit);
  const decode = decoderOf(input, config);
  const box = new Float64Array(4);
  let count = 0;
  for (let r = 0; r < order.length && count < limit; r++) {
    const i = order[r]!;
    if (config.minScore !== undefined && !(scores[i]! >= config.minScore)) break;
    decode(i, box);
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
    maxOutput: config.postNmsTop,
    convention,
    order: Int32Array.from({ length: count }, (_, i) => i),
  });
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

function decoderOf(
  input: ProposalInput,
  config: ProposalConfig,
): (i: number, out: Float64Array) => void {
  const { anchors, deltas, boxes, scores } = input;
  const needed = scores.length * 4;
  if (boxes) {
    if (boxes.length !== needed) {
      throw new RangeError(`selectProposals: ${boxes.length} box numbers, expected ${needed}.`);
    }
    return (i, out) => out.set(boxes.subarray(4 * i, 4 * i + 4));
  }
  if (!anchors || !deltas || anchors.length !== needed || deltas.length !== needed) {
    throw new RangeError(
      `selectProposals: ${scores.length} scores need ${needed} anchor numbers and ${needed} deltas, ` +
        `got ${anchors?.length ?? 0} and ${deltas?.length ?? 0}.`,
    );
  }
  return (i, out) => decodeBox(anchors, deltas, i, config, out, 0);
}
