/**
 * Run lengths of a binary mask, as written to JSON.
 *
 * `counts` alternates between runs of 0 and runs of 1, starting with 0 (the first count is 0 when
 * the mask starts with 1), in ROW-major order: left to right, then down. The idea is that of COCO's
 * uncompressed form, which however runs down the columns: transpose before handing it to COCO tools.
 */
export interface RunLengthMask {
  /** Left and top of the masked area, in pixels of the image. */
  x: number;
  y: number;
  /** Size of the masked area in pixels. */
  width: number;
  height: number;
  /** Run lengths; they add up to width * height. */
  counts: number[];
}

/** A mask of more pixels is refused: no picture that is read has as many. */
export const MOST_MASK_PIXELS = 2 ** 27;

/** A binary mask over a part of an image; any value but 0 counts as covered. */
export interface BinaryMask {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Row-major, width * height values. */
  data: Uint8Array;
}

/**
 * Encodes a mask.
 * @throws RangeError when the data does not fit the size, or takes more than `mostRuns` numbers
 */
export function encodeRunLength(mask: BinaryMask, mostRuns = Infinity): RunLengthMask {
  const { x, y, width, height, data } = mask;
  if (data.length !== width * height) {
    throw new RangeError(
      `encodeRunLength: ${data.length} values for a mask of ${width}x${height} (expected ${width * height}).`,
    );
  }
  const counts: number[] = [];
  let isSet = false;
  let run = 0;
  for (const value of data) {
    if ((value !== 0) !== isSet) {
      counts.push(run);
      if (counts.length > mostRuns) {
        throw new RangeError(`the mask has more than ${mostRuns} runs along its rows`);
      }
      run = 0;
      isSet = !isSet;
    }
    run++;
  }
  if (run > 0) counts.push(run);
  return { x, y, width, height, counts };
}

/**
 * Decodes a mask to values 0 and 1.
 * @throws RangeError when counts are negative, not whole, or do not add up to width * height
 */
export function decodeRunLength(rle: RunLengthMask): BinaryMask {
  const { x, y, width, height, counts } = rle;
  let total = 0;
  for (const count of counts) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(
        `decodeRunLength: ${count} is no run length. Fix: use whole numbers >= 0.`,
      );
    }
    total += count;
  }
  if (width * height > MOST_MASK_PIXELS) {
    throw new RangeError(
      `decodeRunLength: a mask of ${width}x${height} has more than ${MOST_MASK_PIXELS} pixels.`,
    );
  }
  if (!(width >= 0 && height >= 0) || total !== width * height) {
    throw new RangeError(
      `decodeRunLength: the counts add up to ${total}, a mask of ${width}x${height} has ${width * height} pixels.`,
    );
  }
  const data = new Uint8Array(total);
  let at = 0;
  counts.forEach((count, i) => {
    if (i % 2 === 1) data.fill(1, at, at + count);
    at += count;
  });
  return { x, y, width, height, data };
}

/** Number of covered pixels, without decoding. */
export function runLengthArea(rle: Pick<RunLengthMask, 'counts'>): number {
  return rle.counts.reduce((sum, count, i) => (i % 2 === 1 ? sum + count : sum), 0);
}
