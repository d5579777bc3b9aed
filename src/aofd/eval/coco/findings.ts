/** Detections and faces to look at. */
import { boxIou } from '../../boxes/iou.js';
import type { DetectionSet, Finding } from '../protocol.js';
import type { JudgedView } from './faces.js';
import type { LabelledImage, LabelledSet } from './set.js';

/** Findings of each kind at most. */
const FINDINGS = 100;

/**
 * The highest-scored false boxes, and the faces that no box from `score` on took, large ones first.
 * @param view the one of all faces
 */
export function findingsOf(
  set: LabelledSet,
  detections: DetectionSet,
  view: JudgedView,
  score: number,
): Finding[] {
  const wrong: (Finding & { score: number })[] = [];
  const missed: { finding: Finding; height: number }[] = [];
  set.images.forEach((image, i) => {
    const faces = detections.byImage.get(image.name) ?? [];
    const found = new Set<number>();
    faces.forEach((face, d) => {
      const outcome = view.outcome[i]![d]!;
      if (outcome === 1 && face.score >= score) found.add(view.face[i]![d]!);
      if (outcome !== 0) return;
      wrong.push({
        kind: 'false-positive',
        image: image.name,
        box: face.box,
        score: face.score,
        label: `score ${face.score.toFixed(3)}; ${bestFace(set, image, face.box)}`,
      });
    });
    image.truths.forEach((truth, g) => {
      if (truth.isIgnored || found.has(g)) return;
      const [x, y, w, h] = truth.box;
      const box = [x, y, x + w, y + h] as const;
      const label = `${categoryName(set, truth.category)}, ${Math.round(h)} px high; ${bestBox(faces, box)}`;
      missed.push({ finding: { kind: 'missed', image: image.name, box, label }, height: h });
    });
  });
  wrong.sort((a, b) => b.score - a.score);
  missed.sort((a, b) => b.height - a.height);
  return [...wrong.slice(0, FINDINGS), ...missed.slice(0, FINDINGS).map(({ finding }) => finding)];
}

function bestFace(set: LabelledSet, image: LabelledImage, box: readonly number[]): string {
  let best = 0;
  let category = 0;
  for (const truth of image.truths) {
    const [x, y, w, h] = truth.box;
    const iou = boxIou(box, 0, [x, y, x + w, y + h], 0, 'continuous');
    if (iou > best) [best, category] = [iou, truth.category];
  }
  return best > 0
    ? `IoU ${best.toFixed(2)} with a face (${categoryName(set, category)})`
    : 'touches no labelled face';
}

function bestBox(
  faces: readonly { box: readonly number[]; score: number }[],
  box: readonly number[],
): string {
  let best = 0;
  let score = 0;
  for (const face of faces) {
    const iou = boxIou(face.box, 0, box, 0, 'continuous');
    if (iou > best) [best, score] = [iou, face.score];
  }
  return best > 0
    ? `best box IoU ${best.toFixed(2)}, score ${score.toFixed(3)}`
    : 'no box touches it';
}

function categoryName(set: LabelledSet, category: number): string {
  return set.categories.get(category) ?? 'face';
}
