/**
 * One box convention for every data set: a strong detector (the teacher) has looked at the pictures,
 * and its boxes are brought together with what the set's own labels say. Where both see a face, the
 * label says what it is and the teacher where; where they disagree nothing is learned.
 */
import { boxIou } from '../boxes/iou.js';
import { boxArea, boxCentre, contains, overlapArea, type Box, type FaceBox } from './sample.js';

/** A face as the teacher found it; the box may reach over the picture's border. */
export interface TeacherFace {
  box: Box;
  /** 0..1. */
  score: number;
}

/** What of a teacher is believed. IoU and scores, 0..1. */
export interface TeacherRules {
  /** A label and a teacher's box above this IoU are one face ... */
  matchIou: number;
  /** ... if the teacher's score is at least this. */
  matchScore: number;
  /** From this score, a face that no label overlaps is one the labels forgot. */
  faceScore: number;
  /** Boxes from this score up to the face scores are ignored: perhaps a face. */
  ignoreScore: number;
  /** Sets without labels: from this score the first teacher alone makes a face. */
  aloneScore: number;
  /** From this score with a box of the second teacher of at least `secondScore` over `agreeIou`. */
  agreedScore: number;
  secondScore: number;
  agreeIou: number;
  /** From this score the first teacher makes a face inside of a labelled head. */
  headScore: number;
  /** Boxes of the second teacher from this score are ignored where no face is. */
  secondIgnoreScore: number;
}

export const DEFAULT_TEACHER_RULES: TeacherRules = {
  matchIou: 0.5,
  matchScore: 0.3,
  faceScore: 0.6,
  ignoreScore: 0.15,
  aloneScore: 0.5,
  agreedScore: 0.3,
  secondScore: 0.7,
  agreeIou: 0.4,
  headScore: 0.25,
  secondIgnoreScore: 0.5,
};

/** Boxes whose common area is at least this share of the smaller one are about the same thing. */
const SAME_PLACE = 0.3;

/** A face lies in a head by at least this share, and takes a share of the head's area in this range. */
const IN_HEAD = 0.7;
const SHARE_OF_HEAD = [0.3, 1.1] as const;

/**
 * Faces of a labelled picture. `labels` are in the set's own boxes, already cut by its `trim`.
 * - A label with a teacher's box (IoU above `matchIou`, best pairs first): the teacher's box, the
 *   label's class and flags.
 * - A label without: as it is.
 * - A teacher's box that overlaps no label: a face of unknown cover from `faceScore`, ignored from
 *   `ignoreScore`, else nothing.
 */
export function reconcile(
  labels: readonly FaceBox[],
  teacher: readonly TeacherFace[],
  rules: TeacherRules,
): FaceBox[] {
  const partner = matchBoxes(labels, teacher, rules);
  const taken = new Set(partner.values());
  const faces = labels.map((label, i): FaceBox => {
    const found = partner.get(i);
    return found === undefined ? label : { ...label, box: [...teacher[found]!.box] };
  });
  teacher.forEach(({ box, score }, j) => {
    if (taken.has(j) || score < rules.ignoreScore) return;
    if (labels.some((label) => isSamePlace(label.box, box))) return;
    faces.push({ box: [...box], ignore: score < rules.faceScore, invalid: false });
  });
  return faces;
}

/** Label to teacher, each used once, largest IoU first. */
function matchBoxes(
  labels: readonly FaceBox[],
  teacher: readonly TeacherFace[],
  rules: TeacherRules,
): Map<number, number> {
  const pairs: [iou: number, label: number, found: number][] = [];
  labels.forEach((label, i) => {
    teacher.forEach(({ box, score }, j) => {
      const iou = boxIou(label.box, 0, box, 0);
      if (score >= rules.matchScore && iou > rules.matchIou) pairs.push([iou, i, j]);
    });
  });
  pairs.sort((a, b) => b[0] - a[0]);
  const partner = new Map<number, number>();
  const taken = new Set<number>();
  for (const [, i, j] of pairs) {
    if (partner.has(i) || taken.has(j)) continue;
    partner.set(i, j);
    taken.add(j);
  }
  return partner;
}

/**
 * Faces of a picture whose faces are not labelled. A box of the first teacher is a face when it is sure
 * alone, the second agrees, or it lies in a labelled head as faces do; the other boxes of either are
 * ignored, unless they lie on a face.
 */
export function facesOfTeachers(
  first: readonly TeacherFace[],
  second: readonly TeacherFace[],
  rules: TeacherRules,
  heads: readonly Box[] = [],
): FaceBox[] {
  const isFace = ({ box, score }: TeacherFace): boolean =>
    score >= rules.aloneScore ||
    (score >= rules.headScore && heads.some((head) => isFaceOfHead(box, head))) ||
    (score >= rules.agreedScore &&
      second.some(
        (other) =>
          other.score >= rules.secondScore && boxIou(box, 0, other.box, 0) > rules.agreeIou,
      ));
  const faces: FaceBox[] = first
    .filter(isFace)
    .map(({ box }) => ({ box: [...box], ignore: false, invalid: false }));
  const sure = faces.map((face) => face.box);
  const ignored = [
    ...first.filter((found) => found.score >= rules.ignoreScore && !isFace(found)),
    ...second.filter((found) => found.score >= rules.secondIgnoreScore),
  ].map((found) => found.box);
  for (const box of ignored) {
    const isKnown = faces.some((face) =>
      face.ignore ? boxIou(face.box, 0, box, 0) > rules.agreeIou : isSamePlace(face.box, box),
    );
    if (!isKnown && !sure.includes(box))
      faces.push({ box: [...box], ignore: true, invalid: false });
  }
  return faces;
}

function isFaceOfHead(box: Readonly<Box>, head: Readonly<Box>): boolean {
  const share = boxArea(box) / boxArea(head);
  const [least, most] = SHARE_OF_HEAD;
  return share >= least && share <= most && overlapArea(box, head) >= IN_HEAD * boxArea(box);
}

/**
 * What head boxes without face labels say beside the faces: a head in which no teacher sees anything
 * is a decoy (background worth looking at), one in which there is no face but a doubtful box is
 * ignored.
 */
export function sortHeads(
  heads: readonly Box[],
  faces: readonly FaceBox[],
  teachers: readonly (readonly TeacherFace[])[],
  rules: TeacherRules,
): { decoys: Box[]; ignored: Box[] } {
  const [first = [], second = []] = teachers;
  const doubtful = [
    ...first.filter(({ score }) => score >= rules.ignoreScore),
    ...second.filter(({ score }) => score >= rules.secondIgnoreScore),
  ].map(({ box }) => box);
  const sure = faces.filter((face) => !face.ignore).map((face) => face.box);
  const decoys: Box[] = [];
  const ignored: Box[] = [];
  for (const head of heads) {
    if (sure.some((box) => contains(head, boxCentre(box)))) continue;
    const isDoubtful = doubtful.some((box) => contains(head, boxCentre(box)));
    if (isDoubtful) ignored.push(head);
    // A head behind a face that the labels box apart is no quiet background.
    else if (!sure.some((box) => isSamePlace(head, box))) decoys.push(head);
  }
  return { decoys, ignored };
}

function isSamePlace(a: Readonly<Box>, b: Readonly<Box>): boolean {
  return overlapArea(a, b) >= SAME_PLACE * Math.min(boxArea(a), boxArea(b));
}
