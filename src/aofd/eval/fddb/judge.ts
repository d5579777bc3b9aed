/** A detector's results on FDDB, matched once, and what became of each detection and face. */
import {
  imageCurve,
  matchPairs,
  RIGHT_ABOVE,
  validAt,
  type ImageCurve,
  type Overlaps,
} from './match.js';
import { NnError } from '../../../nn/errors.js';
import { pictureOverlaps } from './overlaps.js';
import type { Detection, DetectionSet } from '../protocol.js';
import { pooledStatistic } from '../statistics/bootstrap.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import type { RocKind } from './roc.js';
import { onCommonScale, recallStatistic, rocChanges } from './weighted.js';
import type { FddbSet } from './set.js';

/** A detector's results, matched. */
export interface JudgedFddb {
  set: FddbSet;
  curves: ImageCurve[];
  overlaps: Overlaps[];
  /** Detections that are judged, by image. */
  detections: (readonly Detection[])[];
  /** [I] faces of every image; of images that the detector could look at. */
  faces: Float64Array;
  seenFaces: Float64Array;
  /** Images that the detector could not look at, and detections dropped for want of a size. */
  unseen: number;
  dropped: number;
}

/**
 * Matches every image once at each of its own scores.
 * @throws NnError naming the picture where the official solver fails
 */
export function judgeFddb(
  set: FddbSet,
  found: DetectionSet,
  onProgress?: (share: number) => void,
): JudgedFddb {
  const { images, rules } = set;
  const scored: JudgedFddb = {
    set,
    curves: [],
    overlaps: [],
    detections: [],
    faces: Float64Array.from(images, (image) => image.ellipses.length),
    seenFaces: new Float64Array(images.length),
    unseen: 0,
    dropped: 0,
  };
  images.forEach((image, i) => {
    const all = found.byImage.get(image.name);
    const isScorable = image.size !== null || !rules.isClipped;
    if (isScorable && (image.file !== null || all !== undefined)) {
      scored.seenFaces[i] = image.ellipses.length;
    } else scored.unseen++;
    const detections = isScorable ? (all ?? []) : [];
    scored.dropped += (all?.length ?? 0) - detections.length;
    const { ellipses } = image;
    const canvas = rules.isClipped ? image.size : null;
    const overlaps = pictureOverlaps({ ellipses, detections, canvas }, rules);
    scored.overlaps.push(overlaps);
    scored.detections.push(detections);
    const scores = Float64Array.from(detections, (d) => d.score);
    scored.curves.push(named(image.name, () => imageCurve(overlaps, scores, rules.solver)));
    if (i % 100 === 99) onProgress?.((i + 1) / images.length);
  });
  return scored;
}

/** Runs `work`; what goes wrong says in which picture. */
function named<T>(picture: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NnError)) throw error;
    const { code, reason, fix } = error;
    throw new NnError(code, reason, { where: picture, fix, cause: error });
  }
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
export interface JudgedItem {
  image: number;
  /** Index of the detection, or of the face. */
  index: number;
  /** Greatest IoU with a face, or of the face with a detection. */
  iou: number;
}

/** Outcome of a set at one threshold. */
export interface Outcome {
  verdicts: (JudgedItem & { verdict: Verdict })[];
  missed: JudgedItem[];
}

/** Judges every detection with at least `threshold`, and every face. */
export function outcomeAt(scored: JudgedFddb, threshold: number): Outcome {
  const outcome: Outcome = { verdicts: [], missed: [] };
  scored.overlaps.forEach((overlaps, image) => {
    const { faces, detections, iou } = overlaps;
    const scores = scored.detections[image]!.map((d) => d.score);
    const valid = validAt(scores, threshold);
    const pairs = matchPairs(overlaps, valid, scored.set.rules.solver);
    const right = pairs.filter((pair) => pair.iou > RIGHT_ABOVE);
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

/** Discrete and continuous, in the order of figures and plots. */
export const ROC_KINDS: readonly RocKind[] = ['discrete', 'continuous'];

/** Numbers of false positives at which recall is read. */
export const LIMITS = [50, 100, 200, 500, 1000, 2000] as const;

/** The lowest threshold with at most so many false positives is the working point. */
export const WORKING_LIMIT = 1000;

/** Keys of figures. */
export const keyOf = (kind: RocKind, limit: number, isSeenOnly = false): string =>
  `${kind}-recall@${limit}${isSeenOnly ? '-present' : ''}`;

const labelOf = (kind: RocKind, limit: number, isSeenOnly = false): string =>
  `${kind} recall at ${limit} false positives` +
  (isSeenOnly ? ', faces of present pictures only' : '');

/** Every figure, of all faces and, where pictures are missing, of those of present pictures. */
export function fddbMeasures(judged: JudgedFddb): Measure[] {
  const changes = rocChanges(judged.curves);
  return (judged.unseen > 0 ? [false, true] : [false]).flatMap((isSeenOnly) =>
    ROC_KINDS.flatMap((kind) =>
      LIMITS.map((limit) => {
        const faces = isSeenOnly ? judged.seenFaces : judged.faces;
        return {
          key: keyOf(kind, limit, isSeenOnly),
          label: labelOf(kind, limit, isSeenOnly),
          statistic: recallStatistic(changes, faces, kind, limit),
        };
      }),
    ),
  );
}

/**
 * Figures of two detectors. For the permutation test, which mixes them picture by picture, the scores
 * of both are put on the scale of their false positives.
 */
export function pairedFddbMeasures(a: JudgedFddb, b: JudgedFddb): PairedMeasure[] {
  const [changesA, changesB] = [rocChanges(a.curves), rocChanges(b.curves)];
  const pool = rocChanges([a, b].flatMap(({ curves }) => onCommonScale(curves)));
  const poolFaces = Float64Array.from([...a.faces, ...a.faces]);
  return [WORKING_LIMIT, ...LIMITS.filter((limit) => limit !== WORKING_LIMIT)].flatMap((limit) =>
    ROC_KINDS.map((kind) => ({
      key: keyOf(kind, limit),
      label: labelOf(kind, limit),
      a: recallStatistic(changesA, a.faces, kind, limit),
      b: recallStatistic(changesB, b.faces, kind, limit),
      pooled: pooledStatistic(a.faces.length, recallStatistic(pool, poolFaces, kind, limit)),
    })),
  );
}
