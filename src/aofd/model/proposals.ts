/** From the RPN's numbers to proposals, in training and in detection alike. */
import type { AnchorSet } from '../boxes/anchors.js';
import { faceProbabilities } from '../boxes/face-probabilities.js';
import { selectProposals, type Proposals } from '../boxes/proposals.js';
import type { ImageSize } from '../boxes/types.js';
import type { BoxesConfig, ProposalConfig } from '../config/schema.js';
import { rowsOfImage, type RpnOutput } from './rpn.js';

/** An RPN output on the host. */
export interface RpnValues {
  /** [M*2] background and face logits. */
  logits: Float32Array;
  /** [M*4] box code, not normalised. */
  deltas: Float32Array;
  /** Anchors per image of each level. */
  counts: readonly number[];
}

/** One image of a batch, as the network sees it. */
export interface ProposedImage {
  /** Its number in the batch. */
  index: number;
  /** The part of the network's input that shows the picture: all but padding. */
  size: ImageSize;
  /** Input pixels per original pixel. */
  scale: number;
}

/** Starts reading an RPN output back; both copies are recorded before this returns. */
export async function readRpnAsync(rpn: RpnOutput): Promise<RpnValues> {
  const [logits, deltas] = await Promise.all([
    rpn.classLogits.readAsync('rpn scores'),
    rpn.boxDeltas.readAsync('rpn boxes'),
  ]);
  return { logits: logits as Float32Array, deltas: deltas as Float32Array, counts: rpn.counts };
}

/**
 * Proposals of one image (docs/spec.md 1.9), from best to worst.
 *
 * @param anchors those of the network's input, padding included
 * @param config `proposals.train` or `proposals.test`, @param code how boxes are read and coded
 */
export function proposeRois(
  { logits, deltas, counts }: RpnValues,
  { index, size, scale }: ProposedImage,
  anchors: AnchorSet,
  config: ProposalConfig,
  code: BoxesConfig,
): Proposals {
  const input = {
    scores: faceProbabilities(rowsOfImage(logits, counts, index, 2)),
    anchors: anchors.boxes,
    deltas: rowsOfImage(deltas, counts, index, 4),
    size,
    scale,
  };
  return selectProposals(input, config, code);
}
