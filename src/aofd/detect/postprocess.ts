/** From the network's numbers to faces (docs/spec.md 1.14, 4.3). Plain arrays, no device. */
import {
  boxIou,
  clipBoxes,
  decodeBoxes,
  faceProbabilities,
  nms,
  takeBoxes,
  type BoxConvention,
} from '../boxes/index.js';
import { headCoderOf, type Config } from '../config/index.js';
import { encodeRunLength, type BinaryMask, type RunLengthMask } from './rle.js';

/** What covers a face. */
export interface FaceOcclusion {
  /** Share of the box's pixels that something covers, 0..1. */
  ratio: number;
  /** Covered pixels of the box in the original picture. */
  mask: BinaryMask;
}

/** A face as JSON documents hold it. */
export interface FaceRecord {
  box: [number, number, number, number];
  score: number;
  occlusion?: { ratio: number; mask?: RunLengthMask };
}

/** One detected face. */
export class DetectedFace {
  constructor(
    /** x1, y1, x2, y2 in pixels of the original picture. */
    readonly box: readonly [number, number, number, number],
    /** Probability of a face, 0..1. */
    readonly score: number,
    /** Null where the network has no segmentation branch. */
    readonly occlusion: FaceOcclusion | null,
  ) {}

  /** Whether at least this share of the face is covered. */
  isOccluded(threshold = 0.25): boolean {
    return (this.occlusion?.ratio ?? 0) >= threshold;
  }

  /** Plain numbers, rounded to what they mean, the mask as run lengths. */
  toJSON(): FaceRecord {
    return this.record(true);
  }

  /** Like `toJSON`, the mask by choice. */
  record(withMask: boolean): FaceRecord {
    const [x1, y1, x2, y2] = this.box;
    const record: FaceRecord = {
      box: [round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2)],
      score: round(this.score, 4),
    };
    if (this.occlusion) {
      record.occlusion = { ratio: round(this.occlusion.ratio, 4) };
      if (withMask) record.occlusion.mask = encodeRunLength(this.occlusion.mask);
    }
    return record;
  }
}

/** Boxes with scores, not yet thinned out. */
export interface Candidates {
  /** [R*4] in original pixels. */
  boxes: Float64Array;
  /** [R] */
  scores: Float64Array;
}

/** Which candidates stay. */
export interface KeepSettings {
  scoreThreshold: number;
  nmsIou: number;
  maxDetections: number;
}

/** Where the network's input came from. */
export interface InputGeometry {
  /** Input pixels per original pixel. */
  scale: number;
  /** Original size. */
  width: number;
  height: number;
  /** The input was mirrored. */
  flip?: boolean;
}

/**
 * The head's output for `count` RoIs as boxes in original pixels (docs/spec.md 1.14): RoIs divided by
 * the scale, columns 4-7 of the box code times the standard deviations, decoded, clipped. With
 * `test.decodeIn: 'input'` the decoded box is divided instead: inclusive RoIs lose no part of a
 * pixel then.
 * @param rois [R*5] image, x1, y1, x2, y2 in input pixels
 */
export function decodeHead(
  rois: ArrayLike<number>,
  logits: ArrayLike<number>,
  deltas: ArrayLike<number>,
  count: number,
  config: Config,
  geometry: InputGeometry,
): Candidates {
  const { scale, width, height, flip = false } = geometry;
  const isInput = config.test.decodeIn === 'input';
  const before = isInput ? 1 : scale;
  const sources = new Float64Array(count * 4);
  const codes = new Float64Array(count * 4);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < 4; j++) {
      sources[4 * r + j] = rois[5 * r + 1 + j]! / before;
      codes[4 * r + j] = deltas[8 * r + 4 + j]!;
    }
  }
  const boxes = decodeBoxes(sources, codes, headCoderOf(config));
  if (isInput) for (let i = 0; i < boxes.length; i++) boxes[i]! /= scale;
  if (flip) {
    // Decoded corners are positions on a line for both conventions (docs/spec.md 1.6).
    for (let o = 0; o < boxes.length; o += 4) {
      const x1 = boxes[o]!;
      boxes[o] = width - boxes[o + 2]!;
      boxes[o + 2] = width - x1;
    }
  }
  clipBoxes(boxes, { width, height }, config.boxes.convention);
  return { boxes, scores: Float64Array.from(faceProbabilities(logits).subarray(0, count)) };
}

/**
 * Threshold, NMS, best `maxDetections` (equal scores with the last stay too), best first. Rows that
 * are not finite or have no area are dropped.
 */
export function keepBest(
  candidates: readonly Candidates[],
  config: Config,
  keep: KeepSettings,
): Candidates {
  const rows: number[] = [];
  const boxes = joined(candidates.map((c) => c.boxes));
  const scores = joined(candidates.map((c) => c.scores));
  for (let i = 0; i < scores.length; i++) {
    const w = boxes[4 * i + 2]! - boxes[4 * i]!;
    const h = boxes[4 * i + 3]! - boxes[4 * i + 1]!;
    if (scores[i]! > keep.scoreThreshold && w > 0 && h > 0) rows.push(i);
  }
  const some = {
    boxes: takeBoxes(boxes, rows),
    scores: Float64Array.from(rows, (i) => scores[i]!),
  };
  let kept = nms(some.boxes, some.scores, {
    iouThreshold: keep.nmsIou,
    convention: config.boxes.convention,
  });
  if (kept.length > keep.maxDetections) {
    const last = some.scores[kept[keep.maxDetections - 1]!]!;
    kept = kept.filter((i) => some.scores[i]! >= last);
  }
  const best = {
    boxes: takeBoxes(some.boxes, kept),
    scores: Float64Array.from(kept, (i) => some.scores[i]!),
  };
  const { boxVoting } = config.test;
  if (boxVoting === 0) return best;
  // Voting may move two boxes onto one face: the lower one goes where they would vote for each other.
  const { convention } = config.boxes;
  const moved = voted(some, kept, boxVoting, convention);
  const apart = nms(moved, best.scores, { iouThreshold: boxVoting, convention });
  return {
    boxes: takeBoxes(moved, apart),
    scores: Float64Array.from(apart, (i) => best.scores[i]!),
  };
}

/**
 * Box voting (Gidaris and Komodakis, ICCV 2015): each kept box moves to the mean, weighted by score,
 * of all candidates whose overlap with it is at least `minIou`. Scores stay.
 */
function voted(
  candidates: Candidates,
  kept: ArrayLike<number>,
  minIou: number,
  convention: BoxConvention,
): Float64Array {
  const { boxes, scores } = candidates;
  const out = new Float64Array(kept.length * 4);
  for (let k = 0; k < kept.length; k++) {
    const own = kept[k]!;
    let weight = 0;
    for (let j = 0; j < scores.length; j++) {
      if (j !== own && boxIou(boxes, own, boxes, j, convention) < minIou) continue;
      weight += scores[j]!;
      for (let c = 0; c < 4; c++) out[4 * k + c]! += scores[j]! * boxes[4 * j + c]!;
    }
    for (let c = 0; c < 4; c++) out[4 * k + c]! /= weight;
  }
  return out;
}

/** Occluder logits minus the others', on the grid of the segmentation branch. */
export interface OccluderMap {
  /** [h*w] */
  logits: Float32Array;
  height: number;
  width: number;
  /** Cells per original pixel: input scale / stride. */
  scale: number;
}

/** From [2, h, w] logits. */
export function occluderMap(
  logits: ArrayLike<number>,
  height: number,
  width: number,
  scale: number,
): OccluderMap {
  const cells = height * width;
  const out = new Float32Array(cells);
  for (let i = 0; i < cells; i++) out[i] = logits[cells + i]! - logits[i]!;
  return { logits: out, height, width, scale };
}

/**
 * What covers a box (docs/spec.md 4.3): the map is interpolated bilinearly (half-pixel centres, edge
 * clamp) at each pixel of the un-enlarged box; covered where P(occluder) > threshold.
 */
export function occlusionIn(
  box: readonly [number, number, number, number],
  map: OccluderMap,
  size: { width: number; height: number },
  threshold: number,
): FaceOcclusion {
  const x = Math.min(size.width - 1, Math.max(0, Math.ceil(box[0])));
  const y = Math.min(size.height - 1, Math.max(0, Math.ceil(box[1])));
  const width = Math.max(1, Math.min(size.width - 1, Math.floor(box[2])) - x + 1);
  const height = Math.max(1, Math.min(size.height - 1, Math.floor(box[3])) - y + 1);
  const data = new Uint8Array(width * height);
  const cut = Math.log(threshold / (1 - threshold));
  let covered = 0;
  forEachLogit(map, x, y, width, height, (at, logit) => {
    if (logit <= cut) return;
    data[at] = 1;
    covered++;
  });
  return { ratio: covered / data.length, mask: { x, y, width, height, data } };
}

/**
 * Probability of an occluder for every pixel of the picture, 0 outside of the boxes enlarged by
 * `gates` (docs/spec.md 4.3). Values 0..255, row-major.
 */
export function occluderPicture(
  map: OccluderMap,
  size: { width: number; height: number },
  gate: Uint8Array | null,
): Uint8Array {
  const out = new Uint8Array(size.width * size.height);
  forEachLogit(map, 0, 0, size.width, size.height, (at, logit) => {
    if (!gate || gate[at]) out[at] = Math.round(255 / (1 + Math.exp(-logit)));
  });
  return out;
}

/** Visits the pixels of a window, row by row, with the interpolated logit. */
function forEachLogit(
  map: OccluderMap,
  x0: number,
  y0: number,
  width: number,
  height: number,
  visit: (at: number, logit: number) => void,
): void {
  const place = (pixel: number, cells: number): number =>
    Math.min(cells - 1, Math.max(0, (pixel + 0.5) * map.scale - 0.5));
  const left = new Int32Array(width);
  const right = new Int32Array(width);
  const weight = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    const at = place(x0 + i, map.width);
    left[i] = Math.floor(at);
    right[i] = Math.min(map.width - 1, left[i]! + 1);
    weight[i] = at - left[i]!;
  }
  const values = map.logits;
  for (let j = 0; j < height; j++) {
    const at = place(y0 + j, map.height);
    const low = Math.floor(at);
    const top = low * map.width;
    const bottom = Math.min(map.height - 1, low + 1) * map.width;
    const wy = at - low;
    for (let i = 0; i < width; i++) {
      const l = left[i]!;
      const r = right[i]!;
      const upper = values[top + l]! + weight[i]! * (values[top + r]! - values[top + l]!);
      const lower = values[bottom + l]! + weight[i]! * (values[bottom + r]! - values[bottom + l]!);
      visit(j * width + i, upper + wy * (lower - upper));
    }
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0] as Float64Array;
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function round(value: number, digits: number): number {
  const power = 10 ** digits;
  return Math.round(value * power) / power;
}
