/** Recall of MAFA's faces by type, cover, orientation and size. */
import { recallByGroup, scoreOfPrecision, type FaceScores } from '../wider/index.js';
import type { JudgedMafa } from './judge.js';
import { MAFA_LABELS, MAFA_TYPES, type MafaLabel } from './set.js';
import type { ReportTable } from '../protocol.js';

/** Precision of the working point at which recall is also given. */
const WORKING_PRECISION = 0.9;

/** Bins of the shorter side in pixels; MAFA calls faces under 32 invalid. */
const SIDE_BINS = [0, 32, 64, 128, 256, Number.POSITIVE_INFINITY];
const SIDE_NAMES = SIDE_BINS.slice(0, -1).map((low, b) =>
  Number.isFinite(SIDE_BINS[b + 1]) ? `${low}-${SIDE_BINS[b + 1]}` : `${low}+`,
);

/** Recall by kind of face; every face counts. */
export function mafaGroupTable(judged: JudgedMafa): ReportTable {
  const { images } = judged.set;
  const { scores, right } = judged.records.all;
  const at = scoreOfPrecision(scores, right, WORKING_PRECISION);
  const found = scoresOfFaces(judged);
  const rows: (string | number | null)[][] = [];
  const add = (
    by: string,
    groups: readonly string[],
    groupOf: (image: number, face: number) => string | null,
  ): void => {
    for (const row of recallByGroup(found, groups, groupOf, at ?? Infinity)) {
      if (row.faces === 0) continue;
      rows.push([by, row.group, row.faces, row.recall, at === null ? null : row.recallAt]);
    }
  };
  add('type', MAFA_TYPES, (i, g) => MAFA_TYPES[images[i]!.types[g]! - 1] ?? null);
  for (const [label, names] of Object.entries(MAFA_LABELS) as [MafaLabel, string[]][]) {
    add(`masked, ${label}`, names, (i, g) => {
      const { types, labels } = images[i]!;
      return types[g] === 1 ? (names[labels[label][g]! - 1] ?? null) : null;
    });
  }
  add('shorter side, px', SIDE_NAMES, (i, g) => sideName(images[i]!.gt, g));
  return {
    title: 'Recall by kind of face',
    columns: ['by', 'group', 'faces', 'recall, any score', 'recall, working point'],
    rows,
    note:
      at === null
        ? `Every face counts. No score gives precision ${WORKING_PRECISION}.`
        : `Every face counts. Working point: score ${at.toPrecision(4)} and above, the lowest ` +
          `with precision ${WORKING_PRECISION}.`,
  };
}

/** Score of the detection that took each face. */
function scoresOfFaces({ images, matches }: JudgedMafa): FaceScores {
  const best = matches.all.map(({ outcome, face }, i) => {
    const { types, scores } = images[i]!;
    const list = new Float64Array(types.length).fill(Number.NEGATIVE_INFINITY);
    outcome.forEach((value, d) => {
      if (value === 1) list[face[d]!] = scores[d]!;
    });
    return list;
  });
  return { best };
}

function sideName(gt: Float64Array, g: number): string {
  const side = Math.min(gt[4 * g + 2]! - gt[4 * g]!, gt[4 * g + 3]! - gt[4 * g + 1]!);
  return SIDE_NAMES[SIDE_BINS.findIndex((_, b) => side < (SIDE_BINS[b + 1] ?? Infinity))]!;
}
