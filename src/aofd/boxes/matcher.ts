import type { Config } from '../config/schema.js';
import { takeBoxes } from './boxes.js';
import { encodeBoxes } from './coder.js';
import { bestOverlaps } from './iou.js';
import { indicesOf, sampleIndices } from './subset.js';
import {
  boxCount,
  extentOf,
  type BoxArray,
  type BoxConvention,
  type ImageFaces,
  type ImageSize,
  type UniformSource,
} from './types.js';

/** Targets of A anchors of one image. */
export interface AnchorTargets {
  /** [A]: 1 face, 0 background, -1 not used. */
  labels: Int32Array;
  /** [A*4]: box code of the matched face for positives, 0 elsewhere; not normalised. */
  targets: Float32Array;
  /** [A]: the matched face of positives, -1 elsewhere. */
  matched: Int32Array;
  /** [A]: largest IoU with a face; 0 for anchors that were left out as outside. */
  maxIou: Float64Array;
  /** Indices of positives and negatives after sampling, ascending. */
  positives: Int32Array;
  negatives: Int32Array;
}

/**
 * Labels anchors for RPN training (docs/spec.md 1.7): IoU >= `rpn.positiveIou`, or best of a face with
 * IoU above 0 (all ties; guard J4) -> 1; IoU < `rpn.negativeIou` -> 0; the rest -1; then random surplus
 * is dropped so that at most `rpn.batchSize` remain with at most `rpn.positiveFraction` positives.
 *
 * @param anchors [A*4]
 * @param rng draws the surplus; null keeps every labelled anchor (no sampling)
 */
export function assignAnchors(
  anchors: BoxArray,
  { faces, ignore }: ImageFaces,
  size: ImageSize,
  { rpn, boxes: { convention } }: Pick<Config, 'rpn' | 'boxes'>,
  rng: UniformSource | null,
): AnchorTargets {
  const total = boxCount(anchors);
  const inside = anchorsInside(anchors, size, rpn.allowedBorder, convention);
  const boxes = inside.length === total ? anchors : takeBoxes(anchors, inside);
  const { max, argmax, champions } = bestOverlaps(boxes, faces, 'iou', convention);

  const label = new Int8Array(inside.length).fill(-1);
  for (let i = 0; i < inside.length; i++) if (max[i]! < rpn.negativeIou) label[i] = 0;
  if (ignore.length > 0) {
    const covered = bestOverlaps(boxes, ignore, 'iof', convention).max;
    for (let i = 0; i < label.length; i++) {
      if (label[i] === 0 && covered[i]! >= rpn.ignoreOverlap) label[i] = -1;
    }
  }
  if (rpn.forceBestAnchor) for (const i of champions.flat()) label[i] = 1;
  for (let i = 0; i < inside.length; i++) {
    if (faces.length > 0 && max[i]! >= rpn.positiveIou) label[i] = 1;
  }

  let pos = indicesOf(label, 1);
  let neg = indicesOf(label, 0);
  if (rng) {
    pos = sampleIndices(pos, Math.floor(rpn.batchSize * rpn.positiveFraction), rng);
    neg = sampleIndices(neg, rpn.batchSize - pos.length, rng);
  }
  const labels = new Int32Array(total).fill(-1);
  const matched = new Int32Array(total).fill(-1);
  const targets = new Float32Array(total * 4);
  const maxIou = new Float64Array(total);
  for (let i = 0; i < inside.length; i++) maxIou[inside[i]!] = max[i]!;
  for (const i of neg) labels[inside[i]!] = 0;
  const code = encodeBoxes(
    takeBoxes(boxes, pos),
    takeBoxes(
      faces,
      pos.map((i) => argmax[i]!),
    ),
    { convention },
  );
  pos.forEach((i, row) => {
    const a = inside[i]!;
    labels[a] = 1;
    matched[a] = argmax[i]!;
    targets.set(code.subarray(4 * row, 4 * row + 4), 4 * a);
  });
  return {
    labels,
    targets,
    matched,
    maxIou,
    positives: pos.map((i) => inside[i]!),
    negatives: neg.map((i) => inside[i]!),
  };
}

/** Indices of the anchors that reach at most `border` pixels outside; all of them for -1. */
export function anchorsInside(
  anchors: BoxArray,
  size: ImageSize,
  border: number,
  convention: BoxConvention = 'inclusive',
): Int32Array {
  const total = boxCount(anchors);
  const out = new Int32Array(total);
  // Inclusive corners: x2 < W; continuous corners: x2 <= W.
  const isContinuous = extentOf(convention) === 0;
  let count = 0;
  for (let i = 0; i < total; i++) {
    const x2 = anchors[4 * i + 2]!;
    const y2 = anchors[4 * i + 3]!;
    const maxX = size.width + border;
    const maxY = size.height + border;
    if (
      border < 0 ||
      (anchors[4 * i]! >= -border &&
        anchors[4 * i + 1]! >= -border &&
        (x2 < maxX || (isContinuous && x2 === maxX)) &&
        (y2 < maxY || (isContinuous && y2 === maxY)))
    ) {
      out[count++] = i;
    }
  }
  return out.slice(0, count);
}
