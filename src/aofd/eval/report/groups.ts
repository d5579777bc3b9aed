/** The table of recall by kind of face. */
import type { ReportTable } from '../protocol.js';
import {
  recallByGroup,
  scoreOfPrecision,
  type FaceScores,
  type Grouping,
} from '../statistics/groups.js';

/** Precision of the working point at which recall is also given. */
const WORKING_PRECISION = 0.9;

/** What the note below the table says besides the working point. */
export interface GroupNote {
  /** How faces were matched. */
  matching: string;
  /** Score in a detector's own scale; default: as it stands in the judged detections. */
  scoreOf?: (score: number) => number;
  /** What the precision of the working point is taken over; default nothing. */
  over?: string;
  /** Appended. */
  more?: string;
}

/**
 * Recall of every group that has faces, at any score and at the lowest score with precision 0.9.
 * @param judged scores of the judged detections, and 1 for right ones
 */
export function groupTable(
  faces: FaceScores,
  judged: { scores: ArrayLike<number>; right: ArrayLike<number> },
  groupings: readonly Grouping[],
  { matching, scoreOf = (score) => score, over = '', more = '' }: GroupNote,
): ReportTable {
  const working = scoreOfPrecision(judged.scores, judged.right, WORKING_PRECISION);
  const point =
    working === null
      ? `No score gives precision ${WORKING_PRECISION}.`
      : `Working point: score ${scoreOf(working).toPrecision(4)} and above, the lowest with ` +
        `precision ${WORKING_PRECISION}${over}.`;
  return {
    title: 'Recall by kind of face',
    columns: ['by', 'group', 'faces', 'recall, any score', 'recall, working point'],
    rows: groupings
      .flatMap((grouping) => recallByGroup(faces, grouping, working ?? Infinity))
      .filter((row) => row.faces > 0)
      .map((row) => [
        row.by,
        row.group,
        row.faces,
        row.recall,
        working === null ? null : row.recallAt,
      ]),
    note: `${matching} ${point}${more}`,
  };
}
