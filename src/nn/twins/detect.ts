import { at, nd, nd2, type TwinArray } from './nd.js';
import { hash } from './random.js';

/** 1 for inclusive corners, 0 for continuous ones. */
type Extent = 0 | 1;

/** base [A,4] over an H x W map of cells of `stride` pixels -> [H*W*A, 4]. */
export function gridAnchorsTwin(
  base: TwinArray,
  height: number,
  width: number,
  stride: number,
): TwinArray {
  const [anchors] = nd2(base);
  const y = nd([height * width * anchors, 4]);
  let o = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let a = 0; a < anchors; a++)
        for (let j = 0; j < 4; j++)
          y.data[o++] = at(base, 4 * a + j) + stride * (j % 2 === 0 ? column : row);
  return y;
}

/** Inverse box code: sources [R,4], deltas [R,4] -> [R,4]. */
export function decodeBoxesTwin(
  sources: TwinArray,
  deltas: TwinArray,
  extent: Extent = 1,
  stds: readonly number[] = [1, 1, 1, 1],
  cap = Math.log(1000 / 16),
): TwinArray {
  const y = nd(sources.shape);
  for (let o = 0; o < y.data.length; o += 4) {
    for (let axis = 0; axis < 2; axis++) {
      const low = at(sources, o + axis);
      const size = at(sources, o + axis + 2) - low + extent;
      const centre = low + size / 2 + at(deltas, o + axis) * (stds[axis] as number) * size;
      const grow = Math.min(cap, at(deltas, o + axis + 2) * (stds[axis + 2] as number));
      const half = (Math.exp(grow) * size) / 2;
      y.data[o + axis] = centre - half;
      y.data[o + axis + 2] = centre + half;
    }
  }
  return y;
}

/** Boxes [R,4] limited to an image. */
export function clipBoxesTwin(
  boxes: TwinArray,
  width: number,
  height: number,
  extent: Extent = 1,
): TwinArray {
  const y = nd(boxes.shape);
  for (let i = 0; i < y.data.length; i++) {
    const most = (i % 2 === 0 ? width : height) - extent;
    y.data[i] = Math.min(most, Math.max(0, at(boxes, i)));
  }
  return y;
}

function iou(a: TwinArray, i: number, b: TwinArray, j: number, extent: Extent): number {
  const side = (x: TwinArray, k: number, axis: number): number =>
    at(x, 4 * k + axis + 2) - at(x, 4 * k + axis) + extent;
  let overlap = 1;
  for (let axis = 0; axis < 2; axis++) {
    const low = Math.max(at(a, 4 * i + axis), at(b, 4 * j + axis));
    const high = Math.min(at(a, 4 * i + axis + 2), at(b, 4 * j + axis + 2));
    overlap *= Math.max(0, high - low + extent);
  }
  if (!(overlap > 0)) return 0;
  return overlap / (side(a, i, 0) * side(a, i, 1) + side(b, j, 0) * side(b, j, 1) - overlap);
}

/** a [A,4], b [B,4] -> [A,B]. */
export function iouMatrixTwin(a: TwinArray, b: TwinArray, extent: Extent = 1): TwinArray {
  const [rows] = nd2(a);
  const [cols] = nd2(b);
  const y = nd([rows, cols]);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) y.data[i * cols + j] = iou(a, i, b, j, extent);
  return y;
}

/** Places of scores [N] from the highest; ties by place, NaN last. */
export function sortDescendingTwin(scores: TwinArray): number[] {
  const rank = (i: number): number => {
    const v = at(scores, i);
    return Number.isNaN(v) ? 1 : 0;
  };
  return Array.from(scores.data, (_, i) => i).sort((p, q) => {
    if (rank(p) !== rank(q)) return rank(p) - rank(q);
    if (rank(p) === 1) return p - q;
    const difference = at(scores, q) - at(scores, p);
    return difference > 0 ? 1 : difference < 0 ? -1 : p - q;
  });
}

/** Greedy suppression over boxes [R,4]: kept places, best first. */
export function nmsTwin(
  boxes: TwinArray,
  scores: TwinArray,
  threshold: number,
  maxOutput = Infinity,
  extent: Extent = 1,
): number[] {
  const kept: number[] = [];
  for (const i of sortDescendingTwin(scores)) {
    if (kept.length >= maxOutput) break;
    if (kept.every((k) => !(iou(boxes, k, boxes, i, extent) > threshold))) kept.push(i);
  }
  return kept;
}

/** The k marked places with the smallest random keys. */
export function sampleIndicesTwin(
  marks: readonly number[],
  k: number,
  seed: number,
  stream: number,
): number[] {
  return marks
    .map((mark, i) => ({ mark, i, key: hash(seed, stream, i, 0) >>> 1 }))
    .filter(({ mark }) => mark !== 0)
    .sort((p, q) => p.key - q.key || p.i - q.i)
    .slice(0, k)
    .map(({ i }) => i);
}
