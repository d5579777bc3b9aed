/** Results that were computed in advance for the samples: the first thing a visitor sees. */
import { DetectedFace, type FaceRecord } from '../../../src/aofd/detect/faces.js';
import { decodeRunLength } from '../../../src/aofd/detect/rle.js';
import { COVERED_FROM } from './shares.js';

/** A face with the share from which its weights call it covered. */
export type StoredFace = FaceRecord & { coveredShare?: number };

/** samples/faces.json: by the name of the sample. */
export type StoredFaces = Readonly<Record<string, { faces: StoredFace[] }>>;

/** Faces as the detector gives them, from their records. */
export function facesOf(records: readonly StoredFace[]): DetectedFace[] {
  return records.map(({ box, score, occlusion, coveredShare = COVERED_FROM }) => {
    const mask = occlusion?.mask;
    const cover =
      occlusion && mask ? { ratio: occlusion.ratio, mask: decodeRunLength(mask) } : null;
    return new DetectedFace(box, score, cover, coveredShare);
  });
}
