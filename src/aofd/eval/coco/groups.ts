/** Faces in groups: how many of each height are found at a working point, and how many are called covered. */
import type { DetectionSet, ReportTable } from '../protocol.js';
import { numberOrNull } from '../report/model.js';
import { recallByGroup, sizeBins, type FaceScores } from '../statistics/groups.js';
import { scoreAtFalsePositives } from './faces.js';
import type { JudgedCoco } from './judge.js';

/** Lower ends of the heights that are told apart, px. */
const HEIGHTS = [0, 8, 16, 32, 64, 128, 256];
/** False boxes per picture at the working points. */
const WORKING_POINTS = [0.1, 1];
/** Shares above which a face counts as called covered. */
const TOLD_SHARES = [0.05, 0.1, 0.25, 0.5];

/** Score of the right box of each face that counts in the view of all faces; NaN for ignored faces. */
function faceScores(judged: JudgedCoco): FaceScores {
  const view = judged.views[0]!;
  return judged.set.images.map(({ truths }, i) => {
    const best = Float64Array.from(truths, ({ isIgnored }) => (isIgnored ? Number.NaN : -Infinity));
    view.outcome[i]!.forEach((outcome, d) => {
      const face = view.face[i]![d]!;
      if (outcome === 1) best[face] = judged.prepared.images[i]!.scores[d]!;
    });
    return best;
  });
}

/** Recall by the height of faces, at scores that give so many false boxes per picture. */
export function recallByHeightTable(judged: JudgedCoco): ReportTable {
  const { set, views, choices } = judged;
  const ones = new Float64Array(set.images.length).fill(1);
  const bins = sizeBins(HEIGHTS);
  const scores = faceScores(judged);
  const recalls = WORKING_POINTS.map((perImage) =>
    recallByGroup(
      scores,
      {
        by: 'height',
        groups: bins.names,
        groupOf: (image, face) => {
          const { box, isIgnored } = set.images[image]!.truths[face]!;
          return isIgnored ? null : bins.nameOf(box[3]);
        },
      },
      scoreAtFalsePositives(views[0]!.records, ones, perImage),
    ),
  );
  return {
    title: `Recall by height at IoU ${choices.iou}`,
    columns: [
      'height, px',
      'faces',
      ...WORKING_POINTS.map((n) => `recall at ${n} false boxes per picture`),
      'recall, every box',
    ],
    rows: bins.names.map((name, b) => [
      name,
      recalls[0]![b]!.faces,
      ...recalls.map((groups) => numberOrNull(groups[b]!.recallAt)),
      numberOrNull(recalls[0]![b]!.recall),
    ]),
    note: 'False boxes of every size count towards the working point.',
  };
}

/**
 * By category: share of the faces found from the working score on whose detection says that more than so
 * much of them is covered. Null where detections tell no shares.
 */
export function toldCoverTable(judged: JudgedCoco, detections: DetectionSet): ReportTable | null {
  const { set, views, choices } = judged;
  const told = new Map<number, number[]>();
  set.images.forEach((image, i) => {
    const found = detections.byImage.get(image.name) ?? [];
    found.forEach(({ score, occlusion }, d) => {
      if (views[0]!.outcome[i]![d] !== 1 || score < choices.score || occlusion === undefined)
        return;
      const { category } = image.truths[views[0]!.face[i]![d]!]!;
      told.set(category, [...(told.get(category) ?? []), occlusion]);
    });
  });
  if (told.size === 0) return null;
  return {
    title: `Faces called covered, of those found at score ${choices.score}`,
    columns: ['category', 'faces', 'mean share', ...TOLD_SHARES.map((s) => `more than ${s}`)],
    rows: [...set.categories]
      .filter(([id]) => told.has(id))
      .map(([id, name]) => {
        const shares = told.get(id)!;
        return [
          name,
          shares.length,
          shares.reduce((sum, v) => sum + v, 0) / shares.length,
          ...TOLD_SHARES.map((least) => shares.filter((v) => v > least).length / shares.length),
        ];
      }),
    note: 'For uncovered faces these are false alarms.',
  };
}
