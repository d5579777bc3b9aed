import { expect } from 'chai';
import {
  DEFAULT_TEACHER_RULES,
  facesOfTeachers,
  reconcile,
  sortHeads,
  type TeacherFace,
} from '../../../src/aofd/data/reconcile.js';
import { clipFace, newLoadReport, type Box } from '../../../src/aofd/data/sample.js';
import { face } from '../../helpers/pictures.js';

const rules = DEFAULT_TEACHER_RULES;
const seen = (box: Box, score: number): TeacherFace => ({ box, score });

describe('data/reconcile', () => {
  it("takes the teacher's box and the label's class where both see a face", () => {
    const label = face([10, 10, 49, 49], { attributes: { cover: 'masked' } });
    const faces = reconcile([label], [seen([12, 4, 47, 49], 0.3)], rules);
    expect(faces).to.deep.equal([{ ...label, box: [12, 4, 47, 49] }]);
  });

  it('keeps the label where the teacher is unsure or elsewhere', () => {
    const label = face([10, 10, 49, 49]);
    // IoU 1 at too low a score; then a box of IoU under .5 in the same place: neither counts.
    expect(reconcile([label], [seen([10, 10, 49, 49], 0.29)], rules)).to.deep.equal([label]);
    expect(reconcile([label], [seen([20, 20, 39, 39], 0.9)], rules)).to.deep.equal([label]);
  });

  it('adds forgotten faces, ignores doubtful ones, and uses every box once', () => {
    const labels = [face([0, 0, 9, 9]), face([1, 0, 10, 9])];
    const teacher = [
      seen([1, 0, 10, 9], 0.9),
      seen([50, 50, 69, 69], 0.6),
      seen([80, 80, 99, 99], 0.59),
      seen([30, 0, 39, 9], 0.14),
    ];
    const faces = reconcile(labels, teacher, rules);
    expect(faces.map((f) => [f.box[0], f.ignore])).to.deep.equal([
      [0, false],
      [1, false],
      [50, false],
      [80, true],
    ]);
  });

  it('lets two teachers decide where there are no labels', () => {
    const first = [
      seen([0, 0, 19, 19], 0.5),
      seen([40, 0, 59, 19], 0.3), // seconded
      seen([80, 0, 99, 19], 0.3), // not: the second is too unsure
      seen([120, 0, 139, 19], 0.15),
      seen([160, 0, 179, 19], 0.14),
    ];
    const second = [
      seen([1, 0, 20, 19], 0.9),
      seen([42, 0, 61, 19], 0.7),
      seen([80, 0, 99, 19], 0.69),
      seen([200, 0, 219, 19], 0.5),
      seen([240, 0, 259, 19], 0.49),
    ];
    const faces = facesOfTeachers(first, second, rules);
    expect(faces.map((f) => [f.box[0], f.ignore])).to.deep.equal([
      [0, false],
      [40, false],
      [80, true],
      [120, true],
      [200, true],
    ]);
  });

  it('takes doubtful boxes for faces where they lie in a labelled head as faces do', () => {
    const heads: Box[] = [
      [0, 0, 39, 39],
      [50, 0, 89, 39],
      [100, 0, 139, 39],
    ];
    const first = [
      seen([5, 5, 34, 38], 0.25),
      seen([60, 10, 69, 19], 0.25), // a sixteenth of the head
      seen([120, 5, 149, 38], 0.25), // two thirds in it
      seen([200, 5, 229, 38], 0.25), // in none
    ];
    const ignored = (given: readonly Box[]): boolean[] =>
      facesOfTeachers(first, [], rules, given).map(({ ignore }) => ignore);
    expect(ignored(heads)).to.deep.equal([false, true, true, true]);
    expect(ignored([])).to.deep.equal([true, true, true, true]);
    const unsure = [seen([5, 5, 34, 38], 0.24)];
    expect(facesOfTeachers(unsure, [], rules, heads)[0]?.ignore).to.equal(true);
  });

  it('sorts heads into decoys, doubtful regions and those with a face', () => {
    const heads: Box[] = [
      [0, 0, 39, 39],
      [50, 0, 89, 39],
      [100, 0, 139, 39],
    ];
    const teacher = [seen([10, 10, 29, 34], 0.8), seen([60, 10, 79, 34], 0.2)];
    const faces = facesOfTeachers(teacher, [], rules);
    const sorted = sortHeads(heads, faces, [teacher], rules);
    expect(sorted).to.deep.equal({ decoys: [heads[2]], ignored: [heads[1]] });
    const second = [seen([110, 10, 120, 30], 0.5)];
    expect(sortHeads(heads, faces, [teacher, second], rules).decoys).to.deep.equal([]);
  });

  it('cuts boxes at the border and keeps the whole', () => {
    const report = newLoadReport();
    const size = { width: 100, height: 80 };
    const cut = clipFace(face([-5, 10, 20, 90]), size, report);
    expect(cut).to.deep.equal(face([0, 10, 20, 79], { whole: [-5, 10, 20, 90] }));
    expect(clipFace(face([-9, 0, -1, 9]), size, report)).to.equal(null);
    expect(clipFace(face([0, 0, 9, 9]), size, report)).to.deep.equal(face([0, 0, 9, 9]));
    expect(report).to.include({ clipped: 1, dropped: 1 });
  });
});
