/**
 * Image resizing on the CPU, exactly as the detector's preprocessing defines it (docs/spec.md 1.2):
 * output size round-half-even(n s), source coordinate (i + 0.5) / s - 0.5 (1 / s, not n_in / n_out),
 * clamped to the picture, no anti-aliasing when shrinking.
 */
import { roundHalfEven } from '../boxes/anchors.js';
import { DataError } from '../errors.js';
import type { DecodedImage } from './sample.js';

export { roundHalfEven };

/** Size of one axis after scaling, at least 1. */
export const resizedLength = (n: number, scale: number): number =>
  Math.max(1, roundHalfEven(n * scale));

/**
 * Scale that brings the short side to `target`, unless the long side would exceed `maxSize`
 * (docs/spec.md 1.2, step 3).
 */
export function detectionScale(
  width: number,
  height: number,
  target: number,
  maxSize: number,
): number {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const scale = target / short;
  return roundHalfEven(scale * long) > maxSize ? maxSize / long : scale;
}

/** Per output element: low and high source index and the weight of high. */
export interface ResizeAxis {
  low: Int32Array;
  high: Int32Array;
  weight: Float64Array;
}

/** Sampling positions of one axis of `n` elements scaled by `scale`, for `count` outputs. */
export function resizeAxis(n: number, scale: number, count = resizedLength(n, scale)): ResizeAxis {
  checkScale(n, scale);
  const axis: ResizeAxis = {
    low: new Int32Array(count),
    high: new Int32Array(count),
    weight: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const position = Math.min(n - 1, Math.max(0, (i + 0.5) / scale - 0.5));
    const low = Math.floor(position);
    axis.low[i] = low;
    axis.high[i] = Math.min(n - 1, low + 1);
    axis.weight[i] = position - low;
  }
  return axis;
}

/** Bilinear resize of interleaved values [H, W, C] to float32 [H', W', C]. */
export function resizeBilinear(
  data: ArrayLike<number>,
  width: number,
  height: number,
  channels: number,
  scale: number,
): { width: number; height: number; data: Float32Array } {
  const xs = resizeAxis(width, scale);
  const ys = resizeAxis(height, scale);
  const outW = xs.low.length;
  const outH = ys.low.length;
  const out = new Float32Array(outW * outH * channels);
  for (let y = 0; y < outH; y++) {
    const top = (ys.low[y] as number) * width;
    const bottom = (ys.high[y] as number) * width;
    const wy = ys.weight[y] as number;
    for (let x = 0; x < outW; x++) {
      const left = xs.low[x] as number;
      const right = xs.high[x] as number;
      const wx = xs.weight[x] as number;
      for (let c = 0; c < channels; c++) {
        const a = data[(top + left) * channels + c] as number;
        const b = data[(top + right) * channels + c] as number;
        const d = data[(bottom + left) * channels + c] as number;
        const e = data[(bottom + right) * channels + c] as number;
        const upper = a + wx * (b - a);
        const lower = d + wx * (e - d);
        out[(y * outW + x) * channels + c] = upper + wy * (lower - upper);
      }
    }
  }
  return { width: outW, height: outH, data: out };
}

/** Bilinear resize of an 8-bit picture, rounded to nearest. */
export function resizeImage(image: DecodedImage, scale: number): DecodedImage {
  const { width, height, data } = resizeBilinear(image.data, image.width, image.height, 3, scale);
  return { width, height, data: Uint8Array.from(data, (v) => Math.floor(v + 0.5)) };
}

/**
 * Nearest resize of a label map [H, W] to exactly `outWidth` x `outHeight` (docs/spec.md 4.3: the
 * picture's scale and its resized size): output i reads floor((i + 0.5) / scale).
 */
export function resizeLabels(
  labels: Uint8Array,
  width: number,
  height: number,
  scale: number,
  outWidth = resizedLength(width, scale),
  outHeight = resizedLength(height, scale),
): Uint8Array {
  checkScale(width, scale);
  const out = new Uint8Array(outWidth * outHeight);
  for (let y = 0; y < outHeight; y++) {
    const row = width * Math.min(height - 1, Math.floor((y + 0.5) / scale));
    for (let x = 0; x < outWidth; x++) {
      const column = Math.min(width - 1, Math.floor((x + 0.5) / scale));
      out[y * outWidth + x] = labels[row + column] as number;
    }
  }
  return out;
}

/**
 * Shrinks by area: each output pixel is the exact mean of the source area under it. For
 * augmentation and thumbnails; evaluation uses {@link resizeImage}.
 */
export function resizeArea(image: DecodedImage, outWidth: number, outHeight: number): DecodedImage {
  const { width, height, data } = image;
  if (outWidth > width || outHeight > height || outWidth < 1 || outHeight < 1) {
    throw new DataError(
      'option-invalid',
      `cannot shrink ${width}x${height} to ${outWidth}x${outHeight}.`,
      { where: 'resizeArea', fix: 'ask for a size of at least 1x1 and at most the picture' },
    );
  }
  const rows = new Float64Array(3 * outWidth * height);
  for (let x = 0; x < outWidth; x++) {
    forShares(x, width / outWidth, width, (i, share) => {
      for (let y = 0; y < height; y++) {
        for (let c = 0; c < 3; c++) {
          rows[3 * (y * outWidth + x) + c]! += share * (data[3 * (y * width + i) + c] as number);
        }
      }
    });
  }
  const sums = new Float64Array(3 * outWidth * outHeight);
  const stride = 3 * outWidth;
  for (let y = 0; y < outHeight; y++) {
    forShares(y, height / outHeight, height, (i, share) => {
      for (let k = 0; k < stride; k++) {
        sums[y * stride + k]! += share * (rows[i * stride + k] as number);
      }
    });
  }
  const out = Uint8Array.from(sums, (v) => Math.floor(v + 0.5));
  return { width: outWidth, height: outHeight, data: out };
}

/** Calls back with each source index under output `i` and its share (shares sum to 1). */
function forShares(
  i: number,
  ratio: number,
  limit: number,
  use: (index: number, share: number) => void,
): void {
  const from = i * ratio;
  const to = Math.min(limit, (i + 1) * ratio);
  for (let k = Math.floor(from); k < Math.min(limit, Math.ceil(to)); k++) {
    const share = (Math.min(k + 1, to) - Math.max(k, from)) / (to - from);
    if (share > 0) use(k, share);
  }
}

function checkScale(n: number, scale: number): void {
  if (!(scale > 0 && Number.isFinite(scale)) || !(n > 0)) {
    throw new DataError('option-invalid', `scale ${scale} of ${n} elements.`, {
      where: 'resize',
      fix: 'use a positive finite scale and a picture that is not empty',
    });
  }
}
