/** Judges what detectors say of covered faces on a set with pixel labels. */
import { boxIou } from '../../boxes/iou.js';
import { DataError } from '../../errors.js';
import type { Detection, DetectionSet } from '../protocol.js';
import { pooledStatistic } from '../statistics/bootstrap.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import {
  coveredAuc,
  occlusionEvidence,
  poolEvidence,
  weightedPixelScores,
  weightedShareErrors,
  type OcclusionEvidence,
} from './figures.js';
import { countPixels, occlusionRatios, pixelScores, type PixelCounts } from './pixels.js';
import { paintRuns } from './runs.js';
import type { MaskedImage, OcclusionSet } from './set.js';

/** One face of the set. */
export interface JudgedFace {
  image: number;
  /** Inclusive corners. */
  box: readonly [number, number, number, number];
  /** Covered share of the true box: real, and by the painted pixels of the detections. */
  truth: number;
  predicted: number;
  /** Covered share that the detection of this face tells of its own box; null if none does. */
  told: number | null;
  /** Whether a detection from the score on has an IoU of 0.5 with it. */
  isFound: boolean;
  /** Pixel IoU of the occluder class in its box; NaN where nothing is covered or called so. */
  iou: number;
  /** IoU of the visible face, see {@link visibleIou}; NaN where the set tells no face region. */
  visibleIou: number;
}

/** A detector's results, judged. */
export interface JudgedOcclusion {
  set: OcclusionSet;
  /** Detections below were left out. */
  score: number;
  /** [I]: pixels inside any true box. */
  counts: readonly PixelCounts[];
  faces: readonly JudgedFace[];
  /** Whether any detection told pixels; else `predicted` is the share told, 0 where none was. */
  hasMasks: boolean;
  evidence: OcclusionEvidence;
}

/** A face counts as covered in the headline where more than this share of its box is. */
export const COVERED_SHARE = 0.1;

/**
 * Judges one detector.
 * @param score detections below are left out
 * @throws DataError when no detection tells anything about what is covered
 */
export function judgeOcclusion(
  set: OcclusionSet,
  detections: DetectionSet,
  score: number,
): JudgedOcclusion {
  const all = [...detections.byImage.values()].flat();
  const hasMasks = all.some((face) => face.mask !== undefined);
  if (!hasMasks && all.length > 0 && all.every((face) => face.occlusion === undefined)) {
    throw new DataError(
      'list-malformed',
      'no detection says what is covered: there are neither masks nor covered shares.',
      {
        where: detections.name,
        fix: 'give documents of aofd detect, COCO results with segmentation, or a csv with an occlusion column',
      },
    );
  }
  const counts: PixelCounts[] = [];
  const faces: JudgedFace[] = [];
  set.images.forEach((image, i) => {
    const found = (detections.byImage.get(image.name) ?? []).filter((face) => face.score >= score);
    const painted = new Uint8Array(image.width * image.height);
    for (const { mask } of found) if (mask) paintRuns(mask, painted, image);
    counts.push(countPixels(painted, image.labels, image.boxes, image));
    faces.push(...judgeFaces(image, i, painted, found, hasMasks));
  });
  return {
    set,
    score,
    counts,
    faces,
    hasMasks,
    evidence: occlusionEvidence(
      counts,
      faces.map((face) => face.image),
      faces.map((face) => face.truth),
      faces.map((face) => face.predicted),
    ),
  };
}

function judgeFaces(
  image: MaskedImage,
  index: number,
  painted: Uint8Array,
  found: readonly Detection[],
  hasMasks: boolean,
): JudgedFace[] {
  const truths = occlusionRatios(image.labels, image.boxes, image);
  const shares = occlusionRatios(painted, image.boxes, image);
  return Array.from(truths, (truth, g) => {
    const box = image.boxes.slice(4 * g, 4 * g + 4);
    const [x1, y1, x2, y2] = box as unknown as [number, number, number, number];
    const best = bestOf(found, [x1, y1, x2 + 1, y2 + 1]);
    const told = best?.occlusion ?? null;
    return {
      image: index,
      box: [x1, y1, x2, y2] as const,
      truth,
      predicted: hasMasks ? shares[g]! : (told ?? 0),
      told,
      isFound: best !== null,
      iou: pixelScores(countPixels(painted, image.labels, box, image)).iou,
      visibleIou: visibleIou(painted, image, box),
    };
  });
}

/**
 * IoU of the visible face, as RealOcc reports it, inside one box: the face region without what covers it,
 * against the region without what was called covered. NaN without a region.
 */
function visibleIou(
  painted: Uint8Array,
  { labels, region, width }: MaskedImage,
  box: ArrayLike<number>,
): number {
  if (!region) return Number.NaN;
  let [both, either] = [0, 0];
  for (let y = Math.ceil(box[1]!); y <= box[3]!; y++) {
    for (let x = Math.ceil(box[0]!); x <= box[2]!; x++) {
      const at = y * width + x;
      if (region[at] !== 1) continue;
      if (labels[at] !== 1 && painted[at] !== 1) both++;
      if (labels[at] !== 1 || painted[at] !== 1) either++;
    }
  }
  return both / either;
}

/** The detection that fits a face best, if its IoU is at least 0.5 (continuous corners). */
function bestOf(found: readonly Detection[], box: readonly number[]): Detection | null {
  let best: Detection | null = null;
  let bestIou = 0.5;
  for (const face of found) {
    const iou = boxIou(face.box, 0, box, 0, 'continuous');
    if (iou < bestIou || (best !== null && iou === bestIou)) continue;
    best = face;
    bestIou = iou;
  }
  return best;
}

/** A figure of some evidence. */
interface EvidenceFigure {
  key: string;
  label: string;
  figure: (evidence: OcclusionEvidence, weights: Float64Array) => number;
}

const PIXEL_FIGURES: readonly EvidenceFigure[] = [
  {
    key: 'occluder-iou',
    label: 'pixel IoU of the occluder class inside true boxes',
    figure: (evidence, weights) => weightedPixelScores(evidence, weights).iou,
  },
  {
    key: 'occluder-precision',
    label: 'pixel precision of the occluder class',
    figure: (evidence, weights) => weightedPixelScores(evidence, weights).precision,
  },
  {
    key: 'occluder-recall',
    label: 'pixel recall of the occluder class',
    figure: (evidence, weights) => weightedPixelScores(evidence, weights).recall,
  },
];

const SHARE_FIGURES: readonly EvidenceFigure[] = [
  {
    key: 'share-error',
    label: 'mean absolute error of the covered share',
    figure: (evidence, weights) => weightedShareErrors(evidence, weights).meanAbsolute,
  },
  {
    key: 'share-bias',
    label: 'bias of the covered share (predicted minus true)',
    figure: (evidence, weights) => weightedShareErrors(evidence, weights).bias,
  },
  {
    key: 'share-correlation',
    label: 'correlation of the covered share',
    figure: (evidence, weights) => weightedShareErrors(evidence, weights).correlation,
  },
  {
    key: 'covered-auc',
    label: `area under the ROC of "more than ${COVERED_SHARE} covered"`,
    figure: (evidence, weights) => coveredAuc(evidence, COVERED_SHARE, weights),
  },
];

/** The headline figures of a detector; those of pixels only where it tells pixels. */
export function occlusionMeasures({ evidence, hasMasks, faces }: JudgedOcclusion): Measure[] {
  const measures = [...(hasMasks ? PIXEL_FIGURES : []), ...SHARE_FIGURES].map(
    ({ key, label, figure }): Measure => ({
      key,
      label,
      statistic: (weights) => figure(evidence, weights),
    }),
  );
  const known = faces.filter((face) => !Number.isNaN(face.visibleIou));
  if (!hasMasks || known.length === 0) return measures;
  const mean = (weights: ArrayLike<number>): number => {
    let [sum, total] = [0, 0];
    for (const { image, visibleIou: iou } of known) {
      sum += weights[image]! * iou;
      total += weights[image]!;
    }
    return sum / total;
  };
  return [
    ...measures,
    { key: 'visible-iou', label: 'mean IoU of the visible face', statistic: mean },
  ];
}

/** The figures that both detectors have, ready to be compared. */
export function pairedOcclusionMeasures(a: JudgedOcclusion, b: JudgedOcclusion): PairedMeasure[] {
  const evidence = poolEvidence(a.evidence, b.evidence);
  return [...(a.hasMasks && b.hasMasks ? PIXEL_FIGURES : []), ...SHARE_FIGURES].map(
    ({ key, label, figure }) => ({
      key,
      label,
      a: (weights) => figure(a.evidence, weights),
      b: (weights) => figure(b.evidence, weights),
      pooled: pooledStatistic(a.counts.length, (weights) => figure(evidence, weights)),
    }),
  );
}
