import { encodeBoxes } from './coder.js';
import { bestOverlaps } from './iou.js';
import { takeBoxes } from './boxes.js';
import { boxCount, extentOf } from './types.js';
import type { BoxArray, BoxConvention, ImageSize, UniformSource } from './types.js';

/** Settings of the RPN's training targets (docs/spec.md 1.7). */
export interface AnchorTargetConfig {
  /** IoU at and above which an anchor is a face; 0.7. */
  positiveIou: number;
  /** IoU below which an anchor is background; 0.3. */
  negativeIou: number;
  /** Sampled anchors per image; 256. */
  batchSize: number;
  /** Largest share of positives among the sampled; 0.5. */
  positiveFraction: number;
  /** Pixels an anchor may reach outside the image; 0 in the paper, -1 = any. */
  allowedBorder: number;
  /** The best anchors of each face become positive whatever their IoU (if above 0); true. */
  forceBestAnchor: boolean;
  /** Background anchors that lie this much (overlap / own area) in an ignored box are left out. */
  ignoreOverlap: number;
  /** Default `inclusive`. */
  convention?: BoxConvention;
}

/** The paper's values. */
export const DEFAULT_ANCHOR_TARGETS: AnchorTargetConfig = {
  positiveIou: 0.7,
  negativeIou: 0.3,
  batchSize: 256,
  positiveFraction: 0.5,
  allowedBorder: 0,
  forceBestAnchor: true,
  ignoreOverlap: 0.5,
};

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
 * Labels anchors for RPN training (docs/spec.md 1.7): IoU >= 0.7, or best of a face with IoU above 0
 * (all ties; guard J4) -> 1; IoU < 0.3 -> 0; the rest -1; then random surplus is dropped so that at
 * most `batchSize` remain with at most `positiveFraction` positives.
 *
 * @param anchors [A*4]
 * @param gt faces [G*4], none empty; may have no rows
 * @param rng draws the surplus; null keeps every labelled anchor (no sampling)
 * @param ignore regions [I*4] that are neither face nor background
 */
export function assignAnchors(
  anchors: BoxArray,
  gt: BoxArray,
  size: ImageSize,
  config: AnchorTargetConfig,
  rng: UniformSource | null,
  ignore?: BoxArray,
): AnchorTargets {
  const total = boxCount(anchors);
  const faces = boxCount(gt);
  const convention = config.convention ?? 'inclusive';
  const inside = anchorsInside(anchors, size, config.allowedBorder, convention);
  const boxes = inside.length === total ? anchors : takeBoxes(anchors, inside);
  const { max, argmax, champions } = bestOverlaps(boxes, gt, 'iou', convention);

  const label = new Int8Array(inside.length).fill(-1);
  for (let i = 0; i < inside.length; i++) if (max[i]! < config.negativeIou) label[i] = 0;
  if (ignore && ignore.length > 0) markIgnored(label, boxes, ignore, config, convention);
  if (config.forceBestAnchor) for (const i of champions.flat()) label[i] = 1;
  for (let i = 0; i < inside.length; i++) {
    if (faces > 0 && max[i]! >= config.positiveIou) label[i] = 1;
  }

  let pos = indicesOf(label, 1);
  let neg = indicesOf(label, 0);
  if (rng) {
    pos = sampleIndices(pos, Math.floor(config.batchSize * config.positiveFraction), rng);
    neg = sampleIndices(neg, config.batchSize - pos.length, rng);
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
      gt,
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

/** Per-element weights of the RPN's box loss (docs/spec.md 1.8), [A*4] each. */
export function anchorBoxWeights(result: AnchorTargets): {
  inside: Float32Array;
  outside: Float32Array;
} {
  const inside = new Float32Array(result.targets.length);
  const outside = new Float32Array(result.targets.length);
  const share = 1 / Math.max(1, result.positives.length + result.negatives.length);
  for (const a of result.positives) {
    inside.fill(1, 4 * a, 4 * a + 4);
    outside.fill(share, 4 * a, 4 * a + 4);
  }
  for (const a of result.negatives) outside.fill(share, 4 * a, 4 * a + 4);
  return { inside, outside };
}

/** Positions of `value`, ascending. */
function indicesOf(labels: Int8Array, value: number): Int32Array {
  const out = new Int32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === value) out[count++] = i;
  return out.slice(0, count);
}

/**
 * Draws `count` of `indices` without replacement (partial Fisher-Yates) and returns them in
 * ascending order; all of them where there are no more than `count` (no random number is used).
 */
export function sampleIndices(indices: Int32Array, count: number, rng: UniformSource): Int32Array {
  const limit = Math.max(0, Math.floor(count));
  if (indices.length <= limit) return indices;
  const pool = indices.slice();
  for (let i = 0; i < limit; i++) {
    const j = i + rng.int(pool.length - i);
    const taken = pool[j]!;
    pool[j] = pool[i]!;
    pool[i] = taken;
  }
  return pool.slice(0, limit).sort();
}

function markIgnored(
  label: Int8Array,
  boxes: BoxArray,
  ignore: BoxArray,
  config: AnchorTargetConfig,
  convention: BoxConvention,
): void {
  const { max } = bestOverlaps(boxes, ignore, 'iof', convention);
  for (let i = 0; i < label.length; i++) {
    if (label[i] === 0 && max[i]! >= config.ignoreOverlap) label[i] = -1;
  }
}
