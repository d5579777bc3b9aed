/**
 * From a decoded picture to the network's input (docs/spec.md 1.2), on the host: resize, channel order,
 * mean and standard deviation, padding at the right and below.
 *
 * Detection does all of this here, in float64 and on any thread, so that workers prepare the next
 * pictures while the device computes, and a picture gives the same bits with or without workers.
 * Training does the last part on the device instead (`src/aofd/train/step/input.ts`): augmentation
 * ends in bytes anyhow, and a batch then travels with 3 bytes a pixel, not with 16. Neither can take
 * the other's way without changing results, since bytes are rounded after resizing.
 */
import type { Config } from '../config/index.js';
import { detectionScale, resizeAxis, resizedLength, type ResizeAxis } from '../data/resize.js';
import type { DecodedImage } from '../data/sample.js';

/** One look at a picture. */
export interface Pass {
  /** Multiplies the configured size: 2 looks at the picture at twice the resolution. */
  factor: number;
  /** Mirror left-right. */
  flip: boolean;
}

/** Sizes of the network's input for one look at a picture. */
export interface PassGeometry {
  /** Size with padding. */
  height: number;
  width: number;
  /** Size of the resized picture inside. */
  contentHeight: number;
  contentWidth: number;
  /** Input pixels per original pixel. */
  scale: number;
}

/** The network's input for one look at a picture. */
export interface PreparedPass extends PassGeometry {
  /** Normalised values in the c4 layout of a [1, 3, height, width] map: 4 lanes per pixel. */
  data: Float32Array;
  /** The picture was mirrored left-right. */
  flip: boolean;
}

/** A picture as the network wants it. */
export interface PreparedPicture {
  /** Size of the picture itself. */
  width: number;
  height: number;
  passes: PreparedPass[];
  /** All its pixels, for closer looks (`test.smallFaceSize`, `crowdFaceSize`, `closeMaskSize`); without them there are none. */
  image?: DecodedImage;
  /** Wall time of the preparation in milliseconds. */
  timeMs: number;
}

/**
 * Input pixels per original pixel. With `testShortSide` the paper's rule (short side to the target
 * unless the long side would exceed `maxSize`); without, the long side becomes `maxSize`, small
 * pictures being enlarged too.
 */
export function inputScale(
  width: number,
  height: number,
  input: Config['input'],
  factor = 1,
): number {
  const { testShortSide, maxSize } = input;
  if (testShortSide === null) return (factor * maxSize) / Math.max(width, height);
  return detectionScale(width, height, factor * testShortSide, factor * maxSize);
}

/** Sizes of the input for a look at a picture of `width` x `height` pixels. */
export function passGeometry(
  { width, height }: { width: number; height: number },
  input: Config['input'],
  factor = 1,
): PassGeometry {
  const scale = inputScale(width, height, input, factor);
  const contentWidth = resizedLength(width, scale);
  const contentHeight = resizedLength(height, scale);
  return {
    width: paddedLength(contentWidth, input.padMultiple),
    height: paddedLength(contentHeight, input.padMultiple),
    contentWidth,
    contentHeight,
    scale,
  };
}

/** One input for each pass. */
export function preparePicture(
  image: DecodedImage,
  input: Config['input'],
  passes: readonly Pass[],
): PreparedPicture {
  const start = performance.now();
  const prepared = passes.map((pass) => preparePass(image, input, pass));
  const { width, height } = image;
  return { width, height, passes: prepared, timeMs: performance.now() - start };
}

/**
 * Resizes bilinearly without anti-aliasing (docs/spec.md 1.2), normalises and pads with the mean to a
 * multiple of `padMultiple`. NOTE: where the long side rule applies (not in the paper's), pictures
 * that shrink by more than 2 are first averaged over whole blocks of floor(1 / scale) pixels, since
 * thin structures of large photographs would otherwise break up.
 */
export function preparePass(
  image: DecodedImage,
  input: Config['input'],
  { factor = 1, flip = false }: Partial<Pass> = {},
): PreparedPass {
  const geometry = passGeometry(image, input, factor);
  const { scale, contentWidth, contentHeight, width, height } = geometry;
  const block = input.testShortSide === null ? Math.max(1, Math.floor(1 / scale)) : 1;
  const source = block > 1 ? averageBlocks(image, block) : image;
  const xs = resizeAxis(source.width, scale * block, contentWidth);
  const ys = resizeAxis(source.height, scale * block, contentHeight);
  const data = new Float32Array(width * height * 4);
  const isBgr = input.channelOrder === 'bgr';
  const mean = Float64Array.from(input.mean);
  const factors = Float64Array.from(input.std, (std) => 1 / std);
  // Most lines of the picture are above one output line and below another: each is widened once.
  const lines = [-1, -1];
  const widened = [new Float64Array(3 * contentWidth), new Float64Array(3 * contentWidth)];
  const lineOf = (row: number): Float64Array => {
    const slot = row & 1;
    const line = widened[slot]!;
    if (lines[slot] !== row) widenLine(source.data, row * source.width, xs, line);
    lines[slot] = row;
    return line;
  };
  for (let y = 0; y < contentHeight; y++) {
    const upper = lineOf(ys.low[y]!);
    const lower = lineOf(ys.high[y]!);
    const wy = ys.weight[y]!;
    for (let k = 0; k < 3; k++) {
      const lane = isBgr ? 2 - k : k;
      const m = mean[lane]!;
      const f = factors[lane]!;
      const step = flip ? -4 : 4;
      let out = (y * width + (flip ? contentWidth - 1 : 0)) * 4 + lane;
      for (let at = k; at < upper.length; at += 3, out += step) {
        const value = upper[at]!;
        data[out] = (value + wy * (lower[at]! - value) - m) * f;
      }
    }
  }
  return { ...geometry, data, flip };
}

/** A line of a picture [W, 3], which begins at pixel `start`, at the output's places along x. */
function widenLine(
  pixels: ArrayLike<number>,
  start: number,
  { low, high, weight }: ResizeAxis,
  into: Float64Array,
): void {
  for (let x = 0, to = 0; to < into.length; x++) {
    const left = 3 * (start + low[x]!);
    const right = 3 * (start + high[x]!);
    const share = weight[x]!;
    for (let k = 0; k < 3; k++) {
      const value = pixels[left + k]!;
      into[to++] = value + share * (pixels[right + k]! - value);
    }
  }
}

/** `size` made up to a multiple. */
export function paddedLength(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}

/** Means of block x block pixels; blocks at the right and below may be smaller. */
function averageBlocks(
  image: DecodedImage,
  block: number,
): { width: number; height: number; data: Float32Array } {
  const width = Math.ceil(image.width / block);
  const height = Math.ceil(image.height / block);
  const data = new Float32Array(width * height * 3);
  for (let y = 0; y < image.height; y++) {
    const row = Math.floor(y / block) * width;
    for (let x = 0, from = y * image.width * 3; x < image.width; x++, from += 3) {
      const to = (row + Math.floor(x / block)) * 3;
      data[to]! += image.data[from]!;
      data[to + 1]! += image.data[from + 1]!;
      data[to + 2]! += image.data[from + 2]!;
    }
  }
  for (let y = 0; y < height; y++) {
    const rows = Math.min(block, image.height - y * block);
    for (let x = 0; x < width; x++) {
      const count = rows * Math.min(block, image.width - x * block);
      for (let k = 0; k < 3; k++) data[(y * width + x) * 3 + k]! /= count;
    }
  }
  return { width, height, data };
}
