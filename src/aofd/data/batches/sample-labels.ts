/** Pixel labels of a decoded sample: from its files, from its boxes, and from what was painted over it. */
import { coverLabels, detectionRegionLabels, type SegmentationForm } from '../region-labels.js';
import type { FaceBox } from '../sample.js';
import { detectionLabels, portraitLabels } from '../seg-labels.js';
import type { DecodedSample } from './image-cache.js';

/** What was painted over a picture. */
export interface PaintedOver {
  /** [H, W], 1 where something was painted; null where nothing was. */
  mask: Uint8Array | null;
  /** Indices of the painted faces. */
  faces: ReadonlySet<number>;
}

export interface SampleLabelOptions {
  /** The form in which the sample was decoded (image-cache.ts); 'covered' unless set. */
  segmentationForm?: SegmentationForm;
  /** Whether the core of worn masks is guessed from boxes. */
  weakMaskLabels?: boolean;
}

/** Labels [H, W] of the whole picture, after painting; null where nothing is known. */
export function sampleLabels(
  { image, mask, labels: known }: DecodedSample,
  faces: readonly FaceBox[],
  painted: PaintedOver,
  { segmentationForm = 'covered', weakMaskLabels = false }: SampleLabelOptions,
): Uint8Array | null {
  const { width, height } = image;
  const isRegion = segmentationForm === 'region-visible';
  if (mask && !isRegion) return portraitLabels(mask, faces, width, height);
  if (mask && known) {
    if (!painted.mask) return known;
    const labels = known.slice();
    coverLabels(labels, painted.mask);
    return labels;
  }
  const label = isRegion ? detectionRegionLabels : detectionLabels;
  const labels = label(painted.mask, faces, painted.faces, width, height, weakMaskLabels);
  // Classes from a file say more than boxes, but not about what was painted over them.
  if (!labels || !known) return labels ?? known;
  for (let at = 0; at < known.length; at++) {
    if (known[at] !== 255 && painted.mask?.[at] !== 1) labels[at] = known[at]!;
  }
  return labels;
}
