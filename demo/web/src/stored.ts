/** Results that were computed in advance for the samples: the first thing a visitor sees. */
import { DetectedFace, type FaceRecord } from '../../../src/aofd/detect/faces.js';
import { decodeRunLength } from '../../../src/aofd/detect/rle.js';

/** samples/faces.json: by the name of the sample. */
export type StoredFaces = Readonly<Record<string, { faces: FaceRecord[] }>>;

/** Faces as the detector gives them, from their records. */
export function facesOf(records: readonly FaceRecord[]): DetectedFace[] {
  return records.map(({ box, score, occlusion }) => {
    const mask = occlusion?.mask;
    const cover =
      occlusion && mask ? { ratio: occlusion.ratio, mask: decodeRunLength(mask) } : null;
    return new DetectedFace(box, score, cover);
  });
}
