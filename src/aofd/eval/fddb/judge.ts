/** Matching of a detection set to FDDB, and what became of each detection and face. */
import {
  imageCurve,
  matchPairs,
  pictureOverlaps,
  RIGHT_ABOVE,
  validAt,
  type Ellipse,
  type ImageCurve,
  type Overlaps,
  type RegionRules,
} from './index.js';
import type { DetectedFace, DetectionSet } from '../protocol.js';

/** A picture as it is scored. */
export interface ScoredImage {
  name: string;
  fold: number;
  ellipses: readonly Ellipse[];
  hasPicture: boolean;
  size: { width: number; height: number } | null;
}

export interface ScoreRules extends RegionRules {
  /** Cut regions at the border of the picture, as the official tool does. */
  isClipped: boolean;
}

/** A detector's results, matched. */
export interface Scored {
  curves: ImageCurve[];
  overlaps: Overlaps[];
  /** Detections that are judged, by image. */
  detections: (readonly DetectedFace[])[];
  /** [I] faces of every image; of images that the detector could look at. */
  faces: Float64Array;
  seenFaces: Float64Array;
  /** Images that the detector could not look at, and detections dropped for want of a size. */
  unseen: number;
  dropped: number;
}

/** Matches every image once at each of its own scores. */
export function scoreDetections(
  images: readonly ScoredImage[],
  set: DetectionSet,
  rules: ScoreRules,
  onProgress?: (share: number) => void,
): Scored {
  const scored: Scored = {
    curves: [],
    overlaps: [],
    detections: [],
    faces: Float64Array.from(images, (image) => image.ellipses.length),
    seenFaces: new Float64Array(images.length),
    unseen: 0,
    dropped: 0,
  };
  images.forEach((image, i) => {
    const all = set.byImage.get(image.name);
    const isScorable = image.size !== null || !rules.isClipped;
    if (isScorable && (image.hasPicture || all !== undefined)) {
      scored.seenFaces[i] = image.ellipses.length;
    } else scored.unseen++;
    const detections = isScorable ? (all ?? []) : [];
    scored.dropped += (all?.length ?? 0) - detections.length;
    const { ellipses } = image;
    const canvas = rules.isClipped ? image.size : null;
    const overlaps = pictureOverlaps({ ellipses, detections, canvas }, rules);
    scored.overlaps.push(overlaps);
    scored.detections.push(detections);
    scored.curves.push(
      imageCurve(
        overlaps,
        Float64Array.from(detections, (d) => d.score),
      ),
    );
    if (i % 100 === 99) onProgress?.((i + 1) / images.length);
  });
  return scored;
}

/** What a detection turned out to be at a working point. */
export type Verdict = 'right' | 'second' | 'loose' | 'elsewhere';

/** How verdicts are called. */
export const VERDICTS: Readonly<Record<Verdict, string>> = {
  right: 'right',
  second: 'second box on a face that has one',
  loose: 'on a face, but IoU not above 0.5',
  elsewhere: 'touches no face, or hardly (IoU up to 0.1)',
};

/** A judged detection or a missed face. */
export interface Judged {
  image: number;
  /** Index of the detection, or of the face. */
  index: number;
  /** Greatest IoU with a face, or of the face with a detection. */
  iou: number;
}

/** Outcome of a set at one threshold. */
export interface Outcome {
  verdicts: (Judged & { verdict: Verdict })[];
  missed: Judged[];
}

/** Judges every detection with at least `threshold`, and every face. */
export function judge(scored: Scored, threshold: number): Outcome {
  const outcome: Outcome = { verdicts: [], missed: [] };
  scored.overlaps.forEach((overlaps, image) => {
    const { faces, detections, iou } = overlaps;
    const scores = scored.detections[image]!.map((d) => d.score);
    const valid = validAt(scores, threshold);
    const right = matchPairs(overlaps, valid).filter((pair) => pair.iou > RIGHT_ABOVE);
    const found = new Set(right.map((pair) => pair.face));
    const isRight = new Set(right.map((pair) => pair.detection));
    for (const index of valid) {
      let best = 0;
      for (let f = 0; f < faces; f++) best = Math.max(best, iou[f * detections + index]!);
      const verdict: Verdict = isRight.has(index)
        ? 'right'
        : best > RIGHT_ABOVE
          ? 'second'
          : best > 0.1
            ? 'loose'
            : 'elsewhere';
      outcome.verdicts.push({ image, index, iou: best, verdict });
    }
    for (let index = 0; index < faces; index++) {
      if (found.has(index)) continue;
      let best = 0;
      for (const d of valid) best = Math.max(best, iou[index * detections + d]!);
      outcome.missed.push({ image, index, iou: best });
    }
  });
  return outcome;
}
