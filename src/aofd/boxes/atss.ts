/**
 * Adaptive training sample selection (Zhang et al. 2020): which anchors are faces, without a fixed IoU.
 * A face looks at the anchors of the `candidates` nearest cells of every level; those whose IoU with it is
 * at least the mean plus the standard deviation of all of these are positive. A small face so gets as
 * many anchors as a large one, where a threshold leaves it none.
 */
import type { AnchorSet, FeatureSize } from './anchors.js';
import { takeBoxes } from './boxes.js';
import { encodeBoxes } from './coder.js';
import { bestOverlaps, boxIou } from './iou.js';
import type { Config } from '../config/schema.js';
import { boxCount, extentOf, type BoxArray, type BoxConvention, type ImageFaces } from './types.js';

/** What decides the assignment: `rpn.candidates` nearest cells of each level are looked at; 9 in the paper. */
type AtssConfig = Pick<Config, 'rpn' | 'boxes'>;

/** Where the anchors of a level lie: its map and its stride. */
export interface AtssLevel extends FeatureSize {
  stride: number;
}

/** Labels of all anchors of one image; nothing is sampled. */
export interface DenseTargets {
  /** [A]: 1 face, 0 background, -1 not used. */
  labels: Int32Array;
  /** [A*4]: box code of the face for positives, 0 elsewhere; not normalised. */
  targets: Float32Array;
  /** Indices of the anchors of each kind, ascending. */
  positives: Int32Array;
  negatives: Int32Array;
}

/** The IoU of a face with one anchor. */
interface Candidate {
  anchor: number;
  iou: number;
  isInside: boolean;
}

/**
 * @param anchors of one image, level after level (makeAnchors)
 * @param levels their maps and strides, in the same order
 */
export function assignAtss(
  anchors: AnchorSet,
  levels: readonly AtssLevel[],
  { faces: gt, ignore }: ImageFaces,
  config: AtssConfig,
): DenseTargets {
  const { convention } = config.boxes;
  const labels = new Int32Array(anchors.total);
  const bestIou = new Float64Array(anchors.total);
  const owner = new Int32Array(anchors.total).fill(-1);
  for (let face = 0; face < boxCount(gt); face++) {
    for (const { anchor, iou } of positivesOf(anchors, levels, gt, face, config)) {
      // An anchor that two faces want goes to the one that it overlaps more; the first where equal.
      if (owner[anchor]! >= 0 && iou <= bestIou[anchor]!) continue;
      owner[anchor] = face;
      bestIou[anchor] = iou;
    }
  }
  if (ignore.length > 0) {
    const { max } = bestOverlaps(anchors.boxes, ignore, 'iof', convention);
    for (let a = 0; a < anchors.total; a++) if (max[a]! >= config.rpn.ignoreOverlap) labels[a] = -1;
  }
  const all = Int32Array.from(owner.keys());
  const taken = all.filter((a) => owner[a]! >= 0);
  const targets = new Float32Array(anchors.total * 4);
  const faces = taken.map((a) => owner[a]!);
  const code = encodeBoxes(takeBoxes(anchors.boxes, taken), takeBoxes(gt, faces), { convention });
  taken.forEach((a, row) => {
    labels[a] = 1;
    targets.set(code.subarray(4 * row, 4 * row + 4), 4 * a);
  });
  return { labels, targets, positives: taken, negatives: all.filter((a) => labels[a] === 0) };
}

/** The anchors of one face; at least one where any overlaps it. */
function positivesOf(
  anchors: AnchorSet,
  levels: readonly AtssLevel[],
  gt: BoxArray,
  face: number,
  config: AtssConfig,
): Candidate[] {
  const box = gt.slice(4 * face, 4 * face + 4);
  const extent = extentOf(config.boxes.convention);
  const cx = (box[0]! + box[2]! + extent) / 2;
  const cy = (box[1]! + box[3]! + extent) / 2;
  const all: Candidate[] = [];
  levels.forEach((level, l) => {
    const perCell = anchors.counts[l]! / (level.height * level.width);
    for (const cell of nearestCells(level, cx, cy, config.rpn.candidates)) {
      for (let k = 0; k < perCell; k++) {
        const anchor = anchors.offsets[l]! + cell * perCell + k;
        all.push(candidate(anchors.boxes, anchor, box, config.boxes.convention));
      }
    }
  });
  if (all.length === 0) return [];
  const mean = all.reduce((sum, c) => sum + c.iou, 0) / all.length;
  const variance = all.reduce((sum, c) => sum + (c.iou - mean) ** 2, 0) / all.length;
  const least = mean + Math.sqrt(variance);
  const chosen = all.filter((c) => c.isInside && c.iou >= least && c.iou > 0);
  if (chosen.length > 0) return chosen;
  const best = all.reduce((a, b) => (b.iou > a.iou ? b : a));
  return best.iou > 0 ? [best] : [];
}

/** Flat places (y * W + x) of the cells whose centres are nearest to a point, nearest first. */
function nearestCells(level: AtssLevel, cx: number, cy: number, count: number): number[] {
  const { width, height, stride } = level;
  // The nearest `count` cells lie within this many cells of the one that holds the point.
  const reach = Math.ceil(Math.sqrt(count) / 2) + 1;
  const clamp = (v: number, end: number): number => Math.min(Math.max(v, 0), end - 1);
  const x0 = clamp(Math.floor(cx / stride), width);
  const y0 = clamp(Math.floor(cy / stride), height);
  const found: { cell: number; distance: number }[] = [];
  for (let y = Math.max(0, y0 - reach); y <= Math.min(height - 1, y0 + reach); y++) {
    for (let x = Math.max(0, x0 - reach); x <= Math.min(width - 1, x0 + reach); x++) {
      const distance = ((x + 0.5) * stride - cx) ** 2 + ((y + 0.5) * stride - cy) ** 2;
      found.push({ cell: y * width + x, distance });
    }
  }
  found.sort((a, b) => a.distance - b.distance || a.cell - b.cell);
  return found.slice(0, count).map(({ cell }) => cell);
}

function candidate(
  boxes: Float64Array,
  anchor: number,
  box: BoxArray,
  convention: BoxConvention,
): Candidate {
  const extent = extentOf(convention);
  const mx = (boxes[4 * anchor]! + boxes[4 * anchor + 2]! + extent) / 2;
  const my = (boxes[4 * anchor + 1]! + boxes[4 * anchor + 3]! + extent) / 2;
  const isInside = mx > box[0]! && mx < box[2]! + extent && my > box[1]! && my < box[3]! + extent;
  return { anchor, iou: boxIou(boxes, anchor, box, 0, convention), isInside };
}
