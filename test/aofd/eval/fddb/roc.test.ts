import { expect } from 'chai';
import fc from 'fast-check';
import { assembleRoc, formatRoc, recallAt } from '../../../../src/aofd/eval/fddb/roc.js';
import { bestAssignment } from '../../../../src/aofd/eval/fddb/assignment.js';
import { formatG6 } from '../../../../src/aofd/eval/fddb/number-format.js';
import {
  imageCurve,
  matchPairs,
  type ImageCurve,
  type Overlaps,
} from '../../../../src/aofd/eval/fddb/match.js';
import {
  onCommonScale,
  recallStatistic,
  rocChanges,
} from '../../../../src/aofd/eval/fddb/weighted.js';
import {
  parsePublishedRoc,
  publishedRecallAt,
  thinCurve,
} from '../../../../src/aofd/eval/fddb/published.js';
import { pictureOverlaps } from '../../../../src/aofd/eval/fddb/overlaps.js';

/** The pictures A, B and C of the worked example. */
function example(): { overlaps: Overlaps; curve: ImageCurve }[] {
  const pictures = [
    {
      canvas: { width: 120, height: 100 },
      faces: [
        [30, 20, 0.5, 40, 50],
        [12, 10, -1.2, 95, 30],
      ],
      boxes: [
        [14, 28, 54, 46, 0.9],
        [80, 15, 30, 30, 0.8],
        [20, 30, 50, 44, 0.7],
      ],
    },
    {
      canvas: { width: 80, height: 80 },
      faces: [[35, 30, 1.5707963, 70, 40]],
      boxes: [
        [42, 6, 50, 70, 0.85],
        [0, 0, 10, 10, 0.8],
      ],
    },
    { canvas: { width: 60, height: 60 }, faces: [[10, 8, 0, 30, 30]], boxes: [] },
  ];
  return pictures.map(({ canvas, faces, boxes }) => {
    const ellipses = (faces as [number, number, number, number, number][]).map(
      ([majorRadius, minorRadius, angle, centerX, centerY]) => {
        return { majorRadius, minorRadius, angle, centerX, centerY };
      },
    );
    const rows = boxes as [number, number, number, number, number][];
    const detections = rows.map(([x, y, w, h]) => ({ box: [x, y, x + w, y + h] as const }));
    const overlaps = pictureOverlaps({ ellipses, detections, canvas });
    return {
      overlaps,
      curve: imageCurve(
        overlaps,
        Float64Array.from(rows, (row) => row[4]),
      ),
    };
  });
}

const matrix = (rows: number[][]): Overlaps => ({
  faces: rows.length,
  detections: rows[0]!.length,
  iou: Float64Array.from(rows.flat()),
});

describe('FDDB matching and ROC (docs/spec.md 6.1)', () => {
  it('gives the worked example', () => {
    const [a, b] = example();
    const rounded = (o: Overlaps): number[] => Array.from(o.iou, (v) => Number(v.toFixed(6)));
    expect(rounded(a!.overlaps)).to.deep.equal([0.739579, 0, 0.696137, 0, 0.424558, 0]);
    expect(rounded(b!.overlaps)).to.deep.equal([0.845004, 0]);
    const roc = assembleRoc(example().map(({ curve }) => curve));
    expect(formatRoc(roc, 'discrete')).to.equal(
      '0.5 3 0.7\n0.5 2 0.8\n0.5 0 0.85\n0.25 0 0.9\n0 0 1.79769e+308\n',
    );
    expect(formatRoc(roc, 'continuous')).to.equal(
      '0.502285 3\n0.502285 2\n0.396146 0\n0.184895 0\n0 0\n',
    );
    expect(recallAt(roc, 'discrete', 1000)).to.deep.equal({
      recall: 0.5,
      threshold: 0.85,
      falsePositives: 0,
      isEnd: true,
    });
    expect(recallAt(roc, 'continuous', 2).recall).to.be.closeTo(0.502285, 1e-6);
    expect(recallAt(roc, 'discrete', 3).isEnd).to.equal(false);
  });

  it('is not greedy: a face gives up its best detection for a greater sum', () => {
    const none = matchPairs(
      matrix([
        [0.9, 0.45],
        [0.48, 0],
      ]),
      [0, 1],
    );
    expect(none.map((pair) => pair.iou)).to.deep.equal([0.45, 0.48]);
    const two = imageCurve(
      matrix([
        [0.6, 0.55],
        [0.58, 0],
      ]),
      Float64Array.from([0.9, 0.8]),
    );
    expect([...two.hits]).to.deep.equal([2, 1]);
    const lost = imageCurve(
      matrix([
        [0.9, 0.45],
        [0.48, 0],
      ]),
      Float64Array.from([0.9, 0.8]),
    );
    expect([...lost.hits]).to.deep.equal([0, 1]);
    expect([...lost.wrong]).to.deep.equal([2, 0]);
  });

  it('assigns as trying everything would', () => {
    const best = (w: readonly number[], rows: number, columns: number): number => {
      const walk = (row: number, used: number): number => {
        if (row === rows) return 0;
        let most = walk(row + 1, used);
        for (let c = 0; c < columns; c++) {
          if (used & (1 << c)) continue;
          most = Math.max(most, w[row * columns + c]! + walk(row + 1, used | (1 << c)));
        }
        return most;
      };
      return walk(0, 0);
    };
    const size = fc.integer({ min: 1, max: 5 });
    const weight = fc.integer({ min: 0, max: 20 }).map((v) => v / 20);
    const problem = fc.tuple(size, size).chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        w: fc.array(weight, { minLength: rows * columns, maxLength: rows * columns }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ rows, columns, w }) => {
        const chosen = bestAssignment(w, rows, columns);
        const taken = [...chosen].filter((c) => c >= 0);
        expect(new Set(taken).size).to.equal(taken.length);
        expect(taken.length).to.equal(Math.min(rows, columns));
        let sum = 0;
        chosen.forEach((c, r) => (sum += c < 0 ? 0 : w[r * columns + c]!));
        expect(sum).to.be.closeTo(best(w, rows, columns), 1e-9);
      }),
      { numRuns: 150 },
    );
  });

  it('prints like a C++ stream', () => {
    const cases: [number, string][] = [
      [0, '0'],
      [1, '1'],
      [0.65, '0.65'],
      [845, '845'],
      [0.95919551, '0.959196'],
      [0.000386772, '0.000386772'],
      [0.0000123456789, '1.23457e-05'],
      [0.00009999999, '0.0001'],
      [999999.5, '1e+06'],
      [1234567, '1.23457e+06'],
      [-0.992262, '-0.992262'],
      [139.306, '139.306'],
      [Number.MAX_VALUE, '1.79769e+308'],
      // Exact ties go to the even digit.
      [123456.5, '123456'],
      [123457.5, '123458'],
      [0.5 + 2 ** -20, '0.500001'],
    ];
    for (const [value, text] of cases) expect(formatG6(value)).to.equal(text);
  });

  it('reads published files whatever their form', () => {
    const usual = parsePublishedRoc('0.9 30 0.1\r\n0.8 10 0.5\r\n0.85 20 0.3\r\n0.1 0 1\r\n\x1a')!;
    expect(usual.points).to.deep.equal([
      ...[
        [0, 0.1],
        [10, 0.8],
        [20, 0.85],
        [30, 0.9],
      ],
    ]);
    const swapped = parsePublishedRoc('10 0.8\n30 0.9\n')!;
    expect(swapped.isSwapped).to.equal(true);
    expect(publishedRecallAt(swapped.points, 29)).to.equal(0.8);
    expect(publishedRecallAt(swapped.points, 9)).to.equal(null);
    expect(parsePublishedRoc('no rows\n')).to.equal(null);
    const many = Array.from({ length: 1000 }, (_, i) => [i, i / 1000] as const);
    const thin = thinCurve(many, 500, 20);
    expect(thin).to.have.length(20);
    expect([thin[0], thin.at(-1)]).to.deep.equal([
      [0, 0],
      [500, 0.5],
    ]);
  });
});

/** Pictures with faces and scored detections of random overlap. */
const pictures = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 5 })).chain(([faces, count]) =>
    fc.record({
      faces: fc.constant(faces),
      scores: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: count, maxLength: count }),
      iou: fc.array(fc.integer({ min: -8, max: 19 }), {
        minLength: faces * count,
        maxLength: faces * count,
      }),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

interface Picture {
  faces: number;
  scores: number[];
  iou: number[];
}

const curveOf = ({ faces, scores, iou }: Picture): ImageCurve =>
  imageCurve(
    {
      faces,
      detections: scores.length,
      iou: Float64Array.from(iou, (v) => Math.max(0, v) / 20),
    },
    Float64Array.from(scores, (v) => v / 10),
  );

describe('FDDB ROC properties', () => {
  it('weights of 1 give the assembled curve, and double weights the doubled set', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 0, max: 12 }), (set, limit) => {
        const curves = set.map(curveOf);
        const faces = curves.map((curve) => curve.faces);
        for (const kind of ['discrete', 'continuous'] as const) {
          const statistic = recallStatistic(rocChanges(curves), faces, kind, limit);
          const { recall } = recallAt(assembleRoc(curves), kind, limit);
          expect(statistic(faces.map(() => 1))).to.be.closeTo(recall, 1e-12);
          const weights = faces.map((_, i) => i % 3);
          const repeated = curves.flatMap((curve, i) =>
            weights.slice(i, i + 1).flatMap((w) => Array.from({ length: w }, () => curve)),
          );
          if (repeated.length === 0) expect(statistic(weights)).to.be.NaN;
          else {
            const drawn = recallAt(assembleRoc(repeated), kind, limit).recall;
            expect(statistic(weights)).to.be.closeTo(drawn, 1e-12);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('a false box with a lower score never raises recall', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 0, max: 12 }), (set, limit) => {
        const [first, ...rest] = set as [Picture, ...Picture[]];
        const more: Picture = {
          faces: first.faces,
          scores: [...first.scores, 0],
          iou: Array.from({ length: first.faces }, (_, f) => [
            ...first.iou.slice(f * first.scores.length, (f + 1) * first.scores.length),
            0,
          ]).flat(),
        };
        const before = assembleRoc(set.map(curveOf));
        const after = assembleRoc([more, ...rest].map(curveOf));
        for (const kind of ['discrete', 'continuous'] as const) {
          expect(recallAt(after, kind, limit).recall).to.be.at.most(
            recallAt(before, kind, limit).recall + 1e-12,
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('pictures in another order change nothing', () => {
    fc.assert(
      fc.property(pictures, (set) => {
        const forward = assembleRoc(set.map(curveOf));
        const backward = assembleRoc([...set].reverse().map(curveOf));
        expect(backward.thresholds).to.deep.equal(forward.thresholds);
        expect(backward.hits).to.deep.equal(forward.hits);
        expect(backward.wrong).to.deep.equal(forward.wrong);
        forward.overlap.forEach((v, i) => expect(backward.overlap[i]).to.be.closeTo(v, 1e-9));
      }),
      { numRuns: 60 },
    );
  });

  it('a rising transform of the scores changes the thresholds alone', () => {
    fc.assert(
      fc.property(pictures, (set) => {
        const plain = assembleRoc(set.map(curveOf));
        const other = assembleRoc(
          set.map((p) => curveOf({ ...p, scores: p.scores.map((s) => s ** 3 - 400) })),
        );
        expect(formatRoc(other, 'continuous')).to.equal(formatRoc(plain, 'continuous'));
        expect(other.hits).to.deep.equal(plain.hits);
        const common = assembleRoc(onCommonScale(set.map(curveOf)));
        for (const limit of [0, 1, 3, 10]) {
          expect(recallAt(common, 'discrete', limit).recall).to.equal(
            recallAt(plain, 'discrete', limit).recall,
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});
