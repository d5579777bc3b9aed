import { expect } from 'chai';
import fc from 'fast-check';
import { bestAssignment } from '../../../../src/aofd/eval/fddb/assignment.js';
import {
  imageCurve,
  matchPairs,
  RIGHT_ABOVE,
  type Overlaps,
} from '../../../../src/aofd/eval/fddb/match.js';

const crowd = (rows: readonly (readonly number[])[]): Overlaps => ({
  faces: rows.length,
  detections: rows[0]!.length,
  iou: Float64Array.from(rows.flat()),
});

/** Pictures with the detection that each face gets: by the tool itself (compiled), and at best. */
const CROWDS = [
  {
    iou: [
      [0.15, 0.3, 0.95],
      [0.05, 0.3, 0.6],
    ],
    official: [0, 1],
    optimal: [2, 1],
  },
  {
    iou: [
      [0.1, 0.65, 0.25, 0],
      [0.4, 0.25, 0.9, 0],
      [0, 0.55, 0.85, 0.1],
    ],
    official: [1, 0, 3],
    optimal: [1, 0, 2],
  },
  {
    iou: [
      [0.25, 0.2, 0.75, 0.1],
      [0, 0.75, 0.8, 0],
      [0.05, 0.55, 0.05, 0.2],
    ],
    official: [0, 1, 3],
    optimal: [2, 1, 3],
  },
  {
    iou: [
      [0.1, 0.7, 0.65, 0.2, 0.25],
      [0.85, 0, 0.55, 0.2, 0.3],
      [0.7, 0, 0, 0.05, 0],
      [1, 0, 0.85, 0, 0],
    ],
    official: [1, 4, 3, 0],
    optimal: [1, 4, 0, 2],
  },
  // Both find the greatest sum, for which the first face gives up its best detection.
  {
    iou: [
      [0.9, 0.45],
      [0.48, 0],
    ],
    official: [1, 0],
    optimal: [1, 0],
  },
];

describe("FDDB, the official tool's matching (docs/spec.md 6.1)", () => {
  CROWDS.forEach(({ iou, official, optimal }, i) => {
    const all = iou[0]!.map((_, d) => d);
    for (const [solver, expected] of Object.entries({ official, optimal })) {
      it(`pairs crowd ${i + 1} as ${solver}`, () => {
        const pairs = matchPairs(crowd(iou), all, solver as 'official' | 'optimal');
        expect(pairs.map((pair) => pair.detection)).to.deep.equal(expected);
      });
    }

    it(`pairs crowd ${i + 1} alike with faces and detections exchanged`, () => {
      const exchanged = all.map((d) => iou.map((row) => row[d]!));
      const faces = iou.map((_, f) => f);
      const pairs = matchPairs(crowd(exchanged), faces, 'official');
      const byDetection = [...pairs].sort((a, b) => a.detection - b.detection);
      expect(byDetection.map((pair) => pair.face)).to.deep.equal(official);
    });
  });

  it('loses hits that the best matching has, at the scores where the crowd is complete', () => {
    const picture = crowd(CROWDS[0]!.iou);
    const scores = Float64Array.from([0.7, 0.9, 0.8]);
    expect([...imageCurve(picture, scores, 'official').hits]).to.deep.equal([0, 1, 0]);
    expect([...imageCurve(picture, scores).hits]).to.deep.equal([1, 1, 0]);
  });

  it('never exceeds the best sum, and reaches it where every face has a detection of its own', () => {
    const iou = fc.integer({ min: 1, max: 1000 }).map((v) => v / 1000);
    const sum = (w: readonly number[], columns: number, chosen: Int32Array): number =>
      chosen.reduce((total, c, r) => total + (c < 0 ? 0 : w[r * columns + c]!), 0);
    const problem = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
      .chain(([rows, columns]) =>
        fc.tuple(
          fc.constant([rows, columns] as const),
          fc.array(iou, { minLength: rows * columns, maxLength: rows * columns }),
        ),
      );
    fc.assert(
      fc.property(problem, ([[rows, columns], w]) => {
        const chosen = bestAssignment(w, rows, columns, 'official');
        const taken = [...chosen].filter((c) => c >= 0);
        expect(new Set(taken).size).to.equal(taken.length);
        expect(taken.length).to.equal(Math.min(rows, columns));
        const best = sum(w, columns, bestAssignment(w, rows, columns));
        expect(sum(w, columns, chosen)).to.be.at.most(best + 1e-12);
        // Faces far apart: what is not on the diagonal hardly overlaps.
        const apart = w.map((v, i) =>
          Math.floor(i / columns) === i % columns ? RIGHT_ABOVE + v / 2 : 0,
        );
        const alone = bestAssignment(apart, rows, columns, 'official');
        const expected = Math.min(rows, columns);
        expect(sum(apart, columns, alone)).to.be.closeTo(
          sum(apart, columns, bestAssignment(apart, rows, columns)),
          1e-12,
        );
        expect([...alone].filter((c, r) => c === r)).to.have.length(expected);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
