import { expect } from 'chai';
import * as fc from 'fast-check';
import { ratioError } from './ratio-error.js';
import {
  coveredAuc,
  coveredCurve,
  coveredPoint,
  occlusionEvidence,
  poolEvidence,
  reliabilityBins,
  weightedPixelScores,
  weightedShareErrors,
} from '../../../../src/aofd/eval/occlusion/figures.js';

const counts = (hit: number, falseAlarm: number, miss: number, clear: number) => ({
  hit,
  falseAlarm,
  miss,
  clear,
});
const none = [0, 1, 2].map(() => counts(0, 0, 0, 0));

const facesArbitrary = fc.array(
  fc.record({
    image: fc.nat(2),
    truth: fc.integer({ min: 0, max: 10 }).map((v) => v / 10),
    predicted: fc.integer({ min: 0, max: 10 }).map((v) => v / 10),
  }),
  { minLength: 1, maxLength: 14 },
);
const evidenceOf = (faces: { image: number; truth: number; predicted: number }[]) =>
  occlusionEvidence(
    none,
    faces.map((face) => face.image),
    faces.map((face) => face.truth),
    faces.map((face) => face.predicted),
  );

describe('figures of occlusion', () => {
  it('add pixels over images, each as often as it counts', () => {
    const evidence = occlusionEvidence([counts(6, 2, 2, 90), counts(0, 10, 0, 0)], [], [], []);
    const one = weightedPixelScores(evidence, [1, 0]);
    expect([one.iou, one.precision, one.recall, one.accuracy]).to.deep.equal([
      0.6, 0.75, 0.75, 0.96,
    ]);
    expect(weightedPixelScores(evidence, [2, 1]).iou).to.be.closeTo(12 / 30, 1e-12);
    expect(weightedPixelScores(evidence, [0, 0]).iou).to.satisfy(Number.isNaN);
  });

  it('measure errors of shares as the plain form does, repeated images included', () => {
    fc.assert(
      fc.property(
        facesArbitrary,
        fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
        (faces, weights) => {
          const repeated = faces.flatMap((face) =>
            Array.from({ length: weights[face.image]! }, () => face),
          );
          const expected = ratioError(
            repeated.map((face) => face.predicted),
            repeated.map((face) => face.truth),
          );
          const got = weightedShareErrors(evidenceOf(faces), weights);
          if (repeated.length === 0) {
            expect(got.bias).to.satisfy(Number.isNaN);
            return;
          }
          expect(got.bias).to.be.closeTo(expected.bias, 1e-9);
          expect(got.meanAbsolute).to.be.closeTo(expected.meanAbsolute, 1e-9);
          if (!Number.isNaN(expected.correlation) && !Number.isNaN(got.correlation)) {
            expect(got.correlation).to.be.closeTo(expected.correlation, 1e-6);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('rank covered faces above clear ones: the ROC area is the share of ordered pairs', () => {
    fc.assert(
      fc.property(facesArbitrary, (faces) => {
        let pairs = 0;
        let ordered = 0;
        for (const a of faces.filter((face) => face.truth > 0.4)) {
          for (const b of faces.filter((face) => face.truth <= 0.4)) {
            pairs++;
            ordered += a.predicted > b.predicted ? 1 : a.predicted === b.predicted ? 0.5 : 0;
          }
        }
        const auc = coveredAuc(evidenceOf(faces), 0.4, [1, 1, 1]);
        if (pairs === 0) expect(auc).to.satisfy(Number.isNaN);
        else expect(auc).to.be.closeTo(ordered / pairs, 1e-12);
        // Monotone changes of the prediction change nothing.
        const bent = faces.map((face) => ({ ...face, predicted: face.predicted ** 3 }));
        expect(coveredAuc(evidenceOf(bent), 0.4, [1, 1, 1])).to.deep.equal(auc);
      }),
      { numRuns: 200 },
    );
  });

  it('give the ROC area as the area under the curve of working points', () => {
    const evidence = evidenceOf([
      { image: 0, truth: 0.5, predicted: 0.9 },
      { image: 0, truth: 0.0, predicted: 0.6 },
      { image: 1, truth: 0.3, predicted: 0.6 },
      { image: 2, truth: 0.1, predicted: 0.2 },
    ]);
    const curve = coveredCurve(evidence, 0.2);
    expect(curve.map((p) => [p.falsePositive, p.truePositive])).to.deep.equal([
      [0, 0],
      [0, 0.5],
      [0.5, 1],
      [1, 1],
    ]);
    expect(coveredAuc(evidence, 0.2, [1, 1, 1])).to.equal(0.5 * 0.75 + 0.5);
    const point = coveredPoint(evidence, 0.2, 0.5, [1, 2, 1]);
    expect(point.precision).to.be.closeTo(3 / 4, 1e-12);
    expect(point.accuracy).to.be.closeTo(4 / 5, 1e-12);
  });

  it('sort faces into bins of the prediction, the last with its upper end', () => {
    const evidence = evidenceOf([
      { image: 0, truth: 0.2, predicted: 0 },
      { image: 0, truth: 0.4, predicted: 0.5 },
      { image: 1, truth: 1, predicted: 1 },
    ]);
    const bins = reliabilityBins(evidence, [0, 0.5, 1]);
    expect(bins.map((bin) => bin.faces)).to.deep.equal([1, 2]);
    expect(bins[1]!.predicted).to.equal(0.75);
    expect(bins[1]!.truth).to.equal(0.7);
  });

  it('pool two detectors so that either is found again', () => {
    const a = occlusionEvidence([counts(1, 2, 3, 4)], [0], [0.5], [0.25]);
    const b = occlusionEvidence([counts(4, 3, 2, 1)], [0], [0.5], [0.75]);
    const pooled = poolEvidence(a, b);
    expect(weightedPixelScores(pooled, [1, 0])).to.deep.equal(weightedPixelScores(a, [1]));
    expect(weightedPixelScores(pooled, [0, 1])).to.deep.equal(weightedPixelScores(b, [1]));
    expect(weightedShareErrors(pooled, [0, 1]).bias).to.equal(0.25);
    expect(weightedShareErrors(pooled, [1, 1]).meanAbsolute).to.equal(0.25);
  });

  it('refuse lists of different lengths', () => {
    expect(() => occlusionEvidence([], [0], [0.5], [])).to.throw(RangeError, '0 predicted');
  });
});
