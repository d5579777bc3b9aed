/** Brings the labels of a set and the teachers' lists together, picture by picture. */
import { DataError } from '../../errors.js';
import {
  facesOfTeachers,
  reconcile,
  sortHeads,
  type TeacherFace,
  type TeacherRules,
} from '../reconcile.js';
import { boxArea, note, type FaceBox, type LoadReport } from '../sample.js';
import type { TeacherList } from './teacher-list.js';
import type { HeadSample } from './voc.js';

/** How a set's own boxes are to be read. */
export type LabelKind = 'faces' | 'none' | 'portrait';

export interface TeachOptions {
  /** The first decides; the second confirms faces in sets without labels. */
  lists: readonly TeacherList[];
  rules: TeacherRules;
  /** What the set labels: faces; nothing (or heads); nothing, but one portrait face is known to be there. */
  labels: LabelKind;
  report: LoadReport;
}

/** Samples with the teachers' boxes; pictures that the first list lacks keep their labels or go. */
export function teachSamples(samples: readonly HeadSample[], options: TeachOptions): HeadSample[] {
  const { lists, labels, report } = options;
  let missing = 0;
  const taught = samples.flatMap((sample) => {
    const made = teachSample(sample, options);
    if (!made) missing++;
    return made ? [made] : labels === 'faces' ? [sample] : [];
  });
  if (missing > 0) {
    const fate = labels === 'faces' ? 'they keep the boxes of their labels' : 'left out';
    note(report, `${missing} pictures have no face in ${lists[0]?.file} or are not in it: ${fate}`);
  }
  return taught;
}

function teachSample(sample: HeadSample, options: TeachOptions): HeadSample | null {
  const { lists, rules, labels } = options;
  const { width, height } = sample;
  if (width === undefined || height === undefined) {
    throw new DataError(
      'list-malformed',
      'its size is not known, so that boxes of a teacher list cannot be placed.',
      { where: sample.file, fix: 'remove "teachers" from this source' },
    );
  }
  const [first, second] = lists.map((list) => list.facesOf(sample.file, { width, height }));
  if (!first) return null;
  const faces =
    labels === 'faces'
      ? reconcile(sample.faces, first, rules)
      : facesOfTeachers(first, second ?? [], rules, sample.heads);
  if (labels === 'portrait') {
    const face = largest(first.filter(({ score }) => score >= rules.matchScore));
    return face ? { ...sample, faces: [face] } : null;
  }
  const { heads, ...rest } = sample;
  if (!heads) return { ...rest, faces };
  const { decoys, ignored } = sortHeads(heads, faces, [first, second ?? []], rules);
  const regions = ignored.map((box): FaceBox => ({ box, ignore: true, invalid: false }));
  return { ...rest, faces: [...faces, ...regions], ...(decoys.length > 0 ? { decoys } : {}) };
}

/** The face of a portrait is known to be there: the largest box, also of a teacher that is not sure. */
function largest(found: readonly TeacherFace[]): FaceBox | null {
  const areas = found.map(({ box }) => boxArea(box));
  const face = found[areas.indexOf(Math.max(...areas))];
  return face ? { box: [...face.box], ignore: false, invalid: false } : null;
}
