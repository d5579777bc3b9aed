/**
 * Pixel labels of photographs in which a person outlined faces and what covers them. A face's outline is all
 * of it, covered parts too; of a face that has only a box, the middle is face for sure and what surrounds
 * the box is not. What is drawn over a face covers it; its ends beside the face say nothing.
 */
import { dilate, erode } from '../mask-morphology.js';
import {
  BAND,
  ellipseOf,
  forBox,
  INNER_ELLIPSE,
  OUTER_BOX,
  packLabel,
  PORTRAIT_SCALE,
  UNKNOWN_BIT,
  type SegmentationForm,
} from '../region-labels.js';
import { boxHeight, enlargeBox, type FaceBox } from '../sample.js';
import { paintAreaAsync, pixelsOfAsync, type DrawnArea } from './area.js';

const NO_LABEL = 255;

export interface DrawnLabels {
  /** [H, W] of 0 and 1: what covers faces, for sure. */
  covered: Uint8Array;
  /** [H, W] labels in the form asked for, 255 where there is none. */
  labels: Uint8Array;
}

/**
 * Labels within 1.3 times the boxes of faces that are not ignored.
 * @throws DataError for masks that cannot be decoded or have another size
 */
export async function drawnLabelsAsync(
  occluders: readonly DrawnArea[],
  faces: readonly FaceBox[],
  { width, height }: { width: number; height: number },
  form: SegmentationForm,
): Promise<DrawnLabels> {
  const drawn = new Uint8Array(width * height);
  for (const area of occluders) await paintAreaAsync(area, drawn, width, height);
  const region = await regionsOfAsync(faces, width, height);
  const covered = drawn.map((v, at) => (v === 1 && region[at] === 1 ? 1 : 0));
  const labels = new Uint8Array(width * height).fill(NO_LABEL);
  const labelOf = form === 'covered' ? coveredLabel : regionLabel;
  for (const face of faces.filter(isJudged)) {
    forBox(enlargeBox(face.box, PORTRAIT_SCALE, width, height), width, height, (at) => {
      labels[at] = labelOf(drawn[at] === 1, region[at]!);
    });
  }
  for (const face of faces.filter((f) => !isJudged(f))) {
    forBox(face.box, width, height, (at) => {
      if (region[at] !== 1) labels[at] = NO_LABEL;
    });
  }
  return { covered, labels };
}

const isJudged = (face: FaceBox): boolean => !face.ignore && !face.invalid;

function coveredLabel(isDrawn: boolean, region: number): number {
  if (!isDrawn) return 0;
  return region === 1 ? 1 : NO_LABEL;
}

function regionLabel(isDrawn: boolean, region: number): number {
  if (region === UNKNOWN_BIT && !isDrawn) return NO_LABEL;
  return packLabel(region, isDrawn ? 0 : region);
}

/** [H, W]: 1 in a face's region, 0 outside of all, 3 where that is not known. */
async function regionsOfAsync(
  faces: readonly FaceBox[],
  width: number,
  height: number,
): Promise<Uint8Array> {
  const region = new Uint8Array(width * height);
  const mark = (at: number, value: number): void => {
    if (region[at] !== 1) region[at] = value;
  };
  for (const face of faces.filter(isJudged)) {
    if (face.outline) {
      await markOutlineAsync(face.outline, boxHeight(face.box), width, height, mark);
      continue;
    }
    const isInside = ellipseOf(face.box, INNER_ELLIPSE);
    forBox(enlargeBox(face.box, OUTER_BOX, width, height), width, height, (at, x, y) =>
      mark(at, isInside(x, y) ? 1 : UNKNOWN_BIT),
    );
  }
  return region;
}

/** The pixels of an outline, without a band at its edge: nobody draws more exactly than that. */
async function markOutlineAsync(
  outline: DrawnArea,
  faceHeight: number,
  width: number,
  height: number,
  mark: (at: number, value: number) => void,
): Promise<void> {
  const patch = await pixelsOfAsync(outline, width, height);
  if (!patch) return;
  const steps = Math.max(1, Math.round((BAND / 2) * faceHeight));
  // As much room as the band needs, but none beyond the picture: there the face goes on.
  const x0 = Math.max(0, patch.x - steps);
  const y0 = Math.max(0, patch.y - steps);
  const w = Math.min(width, patch.x + patch.width + steps) - x0;
  const h = Math.min(height, patch.y + patch.height + steps) - y0;
  const mask = new Uint8Array(w * h);
  for (let row = 0; row < patch.height; row++) {
    mask.set(
      patch.data.subarray(row * patch.width, (row + 1) * patch.width),
      (patch.y - y0 + row) * w + patch.x - x0,
    );
  }
  const inner = erode(mask, w, h, steps);
  const outer = dilate(mask, w, h, steps);
  for (let at = 0; at < outer.length; at++) {
    if (outer[at] !== 1) continue;
    const place = (y0 + Math.floor(at / w)) * width + x0 + (at % w);
    mark(place, inner[at] === 1 ? 1 : UNKNOWN_BIT);
  }
}
