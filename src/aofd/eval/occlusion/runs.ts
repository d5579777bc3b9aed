/** Covered pixels as run lengths: checked, painted, and read from COCO's forms. */
import { encodeRunLength, type RunLengthMask } from '../../detect/rle.js';

/** @throws RangeError when sizes or runs are not whole, negative, or do not fill the rectangle */
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
  let at = 0;
  mask.counts.forEach((run, i) => {
    const end = at + run;
    if (i % 2 === 0) {
      at = end;
      return;
    }
    while (at < end) {
      const row = Math.floor(at / width);
      const left = at - row * width;
      const right = Math.min(width, left + end - at);
      at += right - left;
      if (y + row < 0 || y + row >= picture.height) continue;
      const from = Math.min(picture.width, Math.max(0, x + left));
      const to = Math.min(picture.width, Math.max(0, x + right));
      into.fill(1, (y + row) * picture.width + from, (y + row) * picture.width + to);
    }
  });
}

/**
 * COCO's mask of a whole picture, whose runs go down the columns, as rows inside its bounding box.
 * @param size height, width, as COCO writes them
 * @throws RangeError when the counts do not fill the picture
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
  const data = new Uint8Array(width * height);
  let at = 0;
  counts.forEach((count, i) => {
    for (let k = at; i % 2 === 1 && k < at + count; k++) {
      const x = Math.floor(k / height);
      const y = k - x * height;
      data[y * width + x] = 1;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    at += count;
  });
  if (right < 0) return { x: 0, y: 0, width: 0, height: 0, counts: [] };
  const inner = new Uint8Array((right - left + 1) * (bottom - top + 1));
  for (let y = top; y <= bottom; y++) {
    inner.set(
      data.subarray(y * width + left, y * width + right + 1),
      (y - top) * (right - left + 1),
    );
  }
  return encodeRunLength({
    x: left,
    y: top,
    width: right - left + 1,
    height: bottom - top + 1,
    data: inner,
  });
}
