/** Pixel measures of the occluder class (segmentation branch) inside face boxes. */
import { gateMask } from '../../boxes/boxes.js';
import { boxCount, type BoxArray, type BoxConvention, type ImageSize } from '../../boxes/types.js';

/** Pixels by prediction and label. */
export interface PixelCounts {
  /** Occluder, found. */
  hit: number;
  /** Clear, but called occluder. */
  falseAlarm: number;
  /** Occluder, missed. */
  miss: number;
  /** Clear, called clear. */
  clear: number;
}

/** Shares derived from {@link PixelCounts}; NaN where nothing could be measured. */
export interface PixelScores {
  /** hit / (hit + false alarm + miss). */
  iou: number;
  precision: number;
  recall: number;
  /** Share of right pixels. */
  accuracy: number;
}

/** No pixels yet. */
export function newPixelCounts(): PixelCounts {
  return { hit: 0, falseAlarm: 0, miss: 0, clear: 0 };
}

/**
 * Counts pixels of one image that lie in any of the boxes, each once.
 *
 * @param predicted [H*W], occluder where `> threshold` (probabilities, or 0 and 1)
 * @param labels [H*W]: 1 occluder, 0 not, 255 not judged
 * @param boxes where to look; null = everywhere
 * @param into counts to add to
 */
export function countPixels(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  boxes: BoxArray | null,
  size: ImageSize,
  into: PixelCounts = newPixelCounts(),
  options: { threshold?: number; convention?: BoxConvention } = {},
): PixelCounts {
  const pixels = size.width * size.height;
  if (predicted.length !== pixels || labels.length !== pixels) {
    throw new RangeError(
      `countPixels: ${size.width}x${size.height} needs ${pixels} pixels, got ${predicted.length} ` +
        `predicted and ${labels.length} labels. Fix: resize both to the same picture.`,
    );
  }
  const threshold = options.threshold ?? 0.5;
  const gate = boxes ? gateMask(boxes, size, options.convention ?? 'inclusive') : null;
  for (let i = 0; i < pixels; i++) {
    if ((gate && gate[i] === 0) || labels[i] === 255) continue;
    const isCalled = predicted[i]! > threshold;
    if (labels[i] === 1) {
      if (isCalled) into.hit++;
      else into.miss++;
    } else if (isCalled) into.falseAlarm++;
    else into.clear++;
  }
  return into;
}

/** IoU, precision, recall and accuracy of accumulated counts. */
export function pixelScores(counts: PixelCounts): PixelScores {
  const { hit, falseAlarm, miss, clear } = counts;
  return {
    iou: hit / (hit + falseAlarm + miss),
    precision: hit / (hit + falseAlarm),
    recall: hit / (hit + miss),
    accuracy: (hit + clear) / (hit + falseAlarm + miss + clear),
  };
}

/**
 * Covered share of each box (docs/spec.md 4.3): pixels inside with `mask > threshold` over pixels
 * inside that are not 255 in `labels` (all of them without labels). NaN for boxes outside.
 */
export function occlusionRatios(
  mask: ArrayLike<number>,
  boxes: BoxArray,
  size: ImageSize,
  options: { threshold?: number; convention?: BoxConvention; labels?: ArrayLike<number> } = {},
): Float64Array {
  const shift = (options.convention ?? 'inclusive') === 'inclusive' ? 0 : 0.5;
  const threshold = options.threshold ?? 0.5;
  return Float64Array.from({ length: boxCount(boxes) }, (_, b) => {
    const x1 = Math.max(0, Math.ceil(boxes[4 * b]! - shift));
    const y1 = Math.max(0, Math.ceil(boxes[4 * b + 1]! - shift));
    const x2 = Math.min(size.width - 1, Math.floor(boxes[4 * b + 2]! - shift));
    const y2 = Math.min(size.height - 1, Math.floor(boxes[4 * b + 3]! - shift));
    let inside = 0;
    let covered = 0;
    for (let y = y1; y <= y2; y++) {
      for (let x = x1; x <= x2; x++) {
        const i = y * size.width + x;
        if (options.labels?.[i] === 255) continue;
        inside++;
        if (mask[i]! > threshold) covered++;
      }
    }
    return covered / inside;
  });
}
