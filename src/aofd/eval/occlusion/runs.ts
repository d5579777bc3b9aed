/** Covered pixels as run lengths: checked, painted, and read from COCO's forms. */
import { encodeRunLength, MOST_MASK_PIXELS, type RunLengthMask } from '../../detect/rle.js';

/** Alternating columns make a run of every pixel of a row; masks of faces have some hundred. */
const MOST_RUNS = 2 ** 20;

/** @throws RangeError when sizes or runs are not whole, negative, too large, or do not fill the rectangle */
export function checkRuns(mask: RunLengthMask): void {
  const { x, y, width, height, counts } = mask;
  if (
    ![x, y, width, height].every(Number.isSafeInteger) ||
    width < 0 ||
    height < 0 ||
    !counts.every((run) => Number.isSafeInteger(run) && run >= 0)
  ) {
    throw new RangeError('a mask needs whole x, y, width, height and run lengths of 0 or more');
  }
  if (width * height > MOST_MASK_PIXELS) {
    throw new RangeError(
      `a mask of ${width}x${height} has more than ${MOST_MASK_PIXELS} pixels, the most that are read`,
    );
  }
  const total = counts.reduce((sum, run) => sum + run, 0);
  if (total !== width * height) {
    throw new RangeError(
      `the runs of a mask of ${width}x${height} add up to ${total}, expected ${width * height}`,
    );
  }
}

/** Sets the covered pixels of a face in a picture of [height*width]; what lies outside is cut. */
export function paintRuns(
  mask: RunLengthMask,
  into: Uint8Array,
  picture: { width: number; height: number },
): void {
  const { x, y, width, height } = mask;
  if (width === 0 || height === 0) return;
  // Only the rows inside of the picture are walked.
  const first = Math.max(0, -y) * width;
  const behind = Math.min(height, picture.height - y) * width;
  let next = 0;
  mask.counts.forEach((run, i) => {
    const end = Math.min(behind, next + run);
    let at = Math.max(first, next);
    next += run;
    if (i % 2 === 0) return;
    while (at < end) {
      const row = Math.floor(at / width);
      const left = at - row * width;
      const right = Math.min(width, left + end - at);
      at += right - left;
      const from = Math.min(picture.width, Math.max(0, x + left));
      const to = Math.min(picture.width, Math.max(0, x + right));
      into.fill(1, (y + row) * picture.width + from, (y + row) * picture.width + to);
    }
  });
}

/** Runs of 1 down the columns of a picture, cut at the columns' ends. */
function* columnRuns(
  counts: readonly number[],
  height: number,
): Generator<readonly [column: number, from: number, to: number]> {
  let at = 0;
  for (const [i, count] of counts.entries()) {
    const end = at + count;
    while (i % 2 === 1 && at < end) {
      const column = Math.floor(at / height);
      const from = at - column * height;
      const to = Math.min(height, from + end - at);
      yield [column, from, to];
      at += to - from;
    }
    at = end;
  }
}

/**
 * COCO's mask of a whole picture, whose runs go down the columns, as rows inside its bounding box.
 * @param size height, width, as COCO writes them
 * @throws RangeError when the counts do not fill the picture, or make too large a mask
 */
export function runsOfCoco(
  counts: readonly number[],
  size: readonly [height: number, width: number],
): RunLengthMask {
  const [height, width] = size;
  checkRuns({ x: 0, y: 0, width: height, height: width, counts: [...counts] });
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (const [x, from, to] of columnRuns(counts, height)) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, from);
    bottom = Math.max(bottom, to - 1);
  }
  if (right < 0) return { x: 0, y: 0, width: 0, height: 0, counts: [] };
  const [w, h] = [right - left + 1, bottom - top + 1];
  const data = new Uint8Array(w * h);
  for (const [x, from, to] of columnRuns(counts, height)) {
    for (let y = from; y < to; y++) data[(y - top) * w + x - left] = 1;
  }
  return encodeRunLength({ x: left, y: top, width: w, height: h, data }, MOST_RUNS);
}
