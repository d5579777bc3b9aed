import { expect } from 'chai';
import { probabilityOf } from '../../../../src/aofd/boxes/index.js';
import {
  bestThreshold,
  coveredShareFor,
  fitScores,
} from '../../../../src/aofd/eval/calibration/fit.js';

describe('calibration', () => {
  it('measures its error on folds that the curve has not seen', () => {
    // Scores of 0.9 that are right half of the time.
    const scores = Float64Array.from({ length: 1000 }, (_, i) => 0.9 + (i % 10) * 0.005);
    const right = Uint8Array.from({ length: 1000 }, (_, i) => ((i * 7) % 13 < 6 ? 1 : 0));
    const fit = fitScores({ scores, right });
    expect(fit.errorBefore).greaterThan(0.4);
    expect(fit.errorAfter).lessThan(0.06);
    expect(probabilityOf(0.92, fit.curve)).closeTo(6 / 13, 0.1);
  });

  it('takes the threshold of the lowest error among those of about the largest IoU', () => {
    const trial = (threshold: number, iou: number, shareError: number) => ({
      threshold,
      iou,
      shareError,
    });
    const trials = [trial(0.3, 0.5, 0.04), trial(0.4, 0.6, 0.05), trial(0.5, 0.6, 0.03)];
    expect(bestThreshold(trials).threshold).equals(0.5);
    expect(bestThreshold([...trials, trial(0.6, 0.595, 0.02)]).threshold).equals(0.6);
    expect(bestThreshold([...trials, trial(0.6, 0.585, 0.02)]).threshold).equals(0.5);
    expect(bestThreshold([trial(0.8, NaN, 0), ...trials]).threshold).equals(0.5);
    expect(bestThreshold([trial(0.7, NaN, 0.1), trial(0.8, NaN, 0)]).threshold).equals(0.8);
    expect(() => bestThreshold([])).to.throw(RangeError);
  });

  it('finds the share that few uncovered faces reach', () => {
    const shares = Array.from({ length: 101 }, (_, i) => i / 1000); // 0 to .1
    expect(coveredShareFor(shares, 0.02)).equals(0.1); // .099 and .1 would be too many with .098
    expect(shares.filter((s) => s >= 0.1).length / shares.length).most(0.02);
    expect(coveredShareFor([0, 0, 0], 0.02)).equals(0.01);
    // A share that is reached counts: at .3 exactly it would be one of twenty.
    const one = [...Array.from({ length: 19 }, () => 0), 0.3];
    expect(coveredShareFor(one, 0.02)).equals(0.31);
    expect(coveredShareFor(one, 0.05)).equals(0.01);
    expect(coveredShareFor([1], 0.02)).equals(1);
    expect(() => coveredShareFor([], 0.02)).to.throw(RangeError);
  });
});
