/** Detected faces, as the library hands them out and as JSON documents hold them. */
import type { Config } from '../config/index.js';
import type { GridMap } from './grid-map.js';
import { occlusionIn, type FaceOcclusion } from './occluders.js';
import type { Candidates } from './postprocess.js';
import { encodeRunLength, type RunLengthMask } from './rle.js';

/** A face as JSON documents hold it. */
export interface FaceRecord {
  box: [number, number, number, number];
  score: number;
  occlusion?: { ratio: number; mask?: RunLengthMask };
}

/** One detected face. */
export class DetectedFace {
  readonly #occlusionBy: ((threshold: number) => FaceOcclusion) | null;

  constructor(
    /** x1, y1, x2, y2 in pixels of the original picture. */
    readonly box: readonly [number, number, number, number],
    /** Probability of a face, 0..1. */
    readonly score: number,
    /** Null where the network has no segmentation branch. */
    readonly occlusion: FaceOcclusion | null,
    /** Covered share from which `isOccluded` says yes; `test.coveredShare` of the weights. */
    readonly coveredShare = 0.25,
    occlusionBy: ((threshold: number) => FaceOcclusion) | null = null,
  ) {
    this.#occlusionBy = occlusionBy;
  }

  /**
   * What covers the face by another threshold than the weights' own (`test.occluderThreshold`): a pixel is
   * covered where P(occluder) is above it, 0..1. Null for faces that are not fresh from a detection with a
   * segmentation branch.
   */
  occlusionAt(threshold: number): FaceOcclusion | null {
    return this.#occlusionBy?.(threshold) ?? null;
  }

  /** Whether at least this share of the face is covered. */
  isOccluded(threshold = this.coveredShare): boolean {
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

/**
 * Faces of boxes that stayed, in their order, with what covers each.
 * @param occluders the map for each; null where the network did not segment
 * @param test a pixel is covered where P(occluder) is above `occluderThreshold`
 */
export function detectedFaces(
  { boxes, scores }: Candidates,
  occluders: readonly GridMap[] | null,
  size: { width: number; height: number },
  { occluderThreshold, coveredShare }: Config['test'],
): DetectedFace[] {
  return Array.from(scores, (score, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
    const box = [x1, y1, x2, y2] as const;
    const map = occluders?.[i];
    if (!map) return new DetectedFace(box, score, null, coveredShare);
    const occlusionBy = (threshold: number): FaceOcclusion =>
      occlusionIn(box, map, size, threshold);
    return new DetectedFace(box, score, occlusionBy(occluderThreshold), coveredShare, occlusionBy);
  });
}

function round(value: number, digits: number): number {
  const power = 10 ** digits;
  return Math.round(value * power) / power;
}
