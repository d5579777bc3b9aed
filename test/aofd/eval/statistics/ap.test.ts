import { expect } from 'chai';
import { boxRows, boxesFrom } from '../../../../src/aofd/boxes/index.js';
import {
  averagePrecision,
  curveOf,
  evaluateAp,
  evaluateViews,
  matchDetections,
} from '../../../../src/aofd/eval/statistics/ap.js';
import {
  countPixels,
  occlusionRatios,
  pixelScores,
} from '../../../../src/aofd/eval/occlusion/pixels.js';
import { ratioError } from '../occlusion/ratio-error.js';
import { evaluateMafa, squareBoxes } from '../../../../src/aofd/eval/mafa/match.js';

/** x, y, w, h rows as continuous corners. */
const corners = (rows: number[][]): Float64Array =>
  boxesFrom(rows.map(([x, y, w, h]) => [x!, y!, x! + w!, y! + h!]));

describe('average precision (docs/spec.md 6.4)', () => {
  const right = [1, 1, 0, 1, 0, 0, 1, 0];
  const curve = curveOf(
    right.map((_, i) => 1 - i / 10),
    right,
    5,
  );

  it('gives the worked example in both modes', () => {
    expect(averagePrecision(curve)).to.be.closeTo(0.6642857, 1e-7);
    expect(averagePrecision(curve, '11-point')).to.be.closeTo(0.6948052, 1e-7);
  });

  it('is 1 for perfection, 0 without detections, NaN without faces', () => {
    expect(averagePrecision(curveOf([0.9, 0.8], [1, 1], 2))).to.equal(1);
    expect(averagePrecision(curveOf([], [], 2))).to.equal(0);
    expect(averagePrecision(curveOf([], [], 2), '11-point')).to.equal(0);
    expect(averagePrecision(curveOf([], [], 0))).to.satisfy(Number.isNaN);
  });
});

describe('matching detections', () => {
  const gt = boxesFrom([
    [0, 0, 10, 10],
    [20, 0, 30, 10],
  ]);

  it('takes a face once, best score first, at the threshold', () => {
    const boxes = boxesFrom([
      [0, 0, 10, 9],
      [0, 0, 10, 10],
      [20, 0, 30, 5],
      [50, 50, 60, 60],
    ]);
    const scores = Float64Array.of(0.5, 0.9, 0.8, 0.7);
    expect([...matchDetections({ boxes, scores, gt }).outcome]).to.deep.equal([0, 1, 1, 0]);
    const above = matchDetections({ boxes, scores, gt }, { comparison: 'above' });
    expect([...above.outcome]).to.deep.equal([0, 1, 0, 0]);
    expect([...above.face]).to.deep.equal([-1, 0, -1, -1]);
  });

  it('differs between the best free face and the best face', () => {
    const near = boxesFrom([
      [0, 0, 10, 10],
      [0, 0, 10, 13],
    ]);
    const image = {
      boxes: boxesFrom([
        [0, 0, 10, 10],
        [0, 0, 10, 11],
      ]),
      scores: Float64Array.of(0.9, 0.8),
      gt: near,
    };
    expect([...matchDetections(image).outcome]).to.deep.equal([1, 1]);
    expect([...matchDetections(image, { choice: 'best' }).outcome]).to.deep.equal([1, 0]);
  });

  it('neither rewards nor punishes ignored faces, any number of times', () => {
    const image = {
      boxes: boxesFrom([
        [20, 0, 30, 10],
        [20, 0, 30, 9],
        [0, 0, 10, 10],
      ]),
      scores: Float64Array.of(0.9, 0.8, 0.7),
      gt,
      ignore: [0, 1],
    };
    for (const choice of ['free', 'best'] as const) {
      const match = matchDetections(image, { choice });
      expect([...match.outcome]).to.deep.equal([-1, -1, 1]);
      expect(match.positives).to.equal(1);
    }
    const result = evaluateAp([image]);
    expect([result.ap, result.recall, result.detections]).to.deep.equal([1, 1, 1]);
  });

  it('views: faces of other groups are ignored', () => {
    const image = {
      boxes: gt,
      scores: Float64Array.of(0.9, 0.8),
      gt,
      groups: ['masked', 'unmasked'],
    };
    const views = evaluateViews([image], { all: null, masked: ['masked'], none: [] });
    expect(views['all']!.positives).to.equal(2);
    expect([views['masked']!.ap, views['masked']!.positives]).to.deep.equal([1, 1]);
    expect(views['none']!.ap).to.satisfy(Number.isNaN);
  });

  it('gives recall and precision at a working point', () => {
    const result = evaluateAp(
      [
        {
          boxes: boxesFrom([...boxRows(gt), [9, 9, 12, 12]]),
          scores: Float64Array.of(0.9, 0.4, 0.6),
          gt,
        },
      ],
      { scoreAt: 0.5 },
    );
    expect([result.recallAt, result.precisionAt, result.recall]).to.deep.equal([0.5, 0.5, 1]);
  });
});

describe('MAFA protocol (docs/spec.md 6.2)', () => {
  const images = [
    {
      gt: corners([
        [10, 10, 40, 40],
        [100, 20, 40, 40],
        [200, 50, 20, 20],
      ]),
      types: [1, 2, 3],
      boxes: boxesFrom([
        [12, 6, 49, 53],
        [101, 18, 138, 62],
        [203, 48, 218, 72],
        [300, 10, 330, 50],
      ]),
      scores: Float64Array.of(0.95, 0.9, 0.85, 0.6),
    },
    {
      gt: corners([
        [30, 30, 60, 60],
        [150, 40, 50, 50],
      ]),
      types: [1, 3],
      boxes: boxesFrom([
        [34, 22, 84, 98],
        [36, 30, 90, 96],
        [152, 36, 198, 92],
      ]),
      scores: Float64Array.of(0.8, 0.5, 0.7),
    },
  ];

  it('gives the worked example', () => {
    const result = evaluateMafa(images);
    expect([result.all.ap, result.all.positives]).to.deep.equal([1, 5]);
    expect(result.masked.ap).to.be.closeTo(0.75, 1e-12);
    expect([result.withoutIgnored.ap, result.withoutIgnored.positives]).to.deep.equal([1, 3]);
    const strict = evaluateMafa(images, { ignored: 'false-positive' });
    expect(strict.withoutIgnored.ap).to.be.closeTo(0.916667, 1e-6);
  });

  it('squares in every way of J23', () => {
    const box = boxesFrom([[12, 6, 49, 53]]);
    expect(boxRows(squareBoxes(box, 'max'))).to.deep.equal([[7, 6, 54, 53]]);
    expect(boxRows(squareBoxes(box, 'mean'))).to.deep.equal([[9.5, 8.5, 51.5, 50.5]]);
    const face = corners([[10, 10, 40, 40]]);
    const iou = (rule: 'max' | 'mean' | 'sqrt' | 'width' | 'none'): number => {
      const [a, b] = [squareBoxes(box, rule), face];
      const w = Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!);
      const h = Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!);
      return (w * h) / ((a[2]! - a[0]!) * (a[3]! - a[1]!) + 1600 - w * h);
    };
    const want = { max: 0.7243, mean: 0.907, sqrt: 0.9201, width: 0.8556, none: 0.7961 } as const;
    for (const rule of ['max', 'mean', 'sqrt', 'width', 'none'] as const) {
      expect(iou(rule), rule).to.be.closeTo(want[rule], 1e-4);
    }
  });
});

describe('occluder pixels', () => {
  const size = { width: 4, height: 3 };
  const labels = [1, 1, 0, 0, 1, 0, 0, 255, 0, 0, 1, 1];
  const predicted = [0.9, 0.2, 0.8, 0, 0.6, 0, 0, 1, 0, 0, 1, 0];

  it('counts inside boxes, once, without the unjudged', () => {
    const counts = countPixels(
      predicted,
      labels,
      boxesFrom([
        [0, 0, 2, 1],
        [1, 0, 3, 1],
      ]),
      size,
    );
    expect(counts).to.deep.equal({ hit: 2, falseAlarm: 1, miss: 1, clear: 3 });
    expect(pixelScores(counts)).to.deep.equal({
      iou: 0.5,
      precision: 2 / 3,
      recall: 2 / 3,
      accuracy: 5 / 7,
    });
    const all = countPixels(predicted, labels, null, size);
    expect(all.hit + all.falseAlarm + all.miss + all.clear).to.equal(11);
    expect(() => countPixels([1], labels, null, size)).to.throw(/needs 12 pixels, got 1/);
  });

  it('gives the covered share of each box', () => {
    const boxes = boxesFrom([
      [0, 0, 1, 1],
      [2, 1, 3, 2],
      [9, 9, 12, 12],
    ]);
    const truth = occlusionRatios(labels, boxes, size, { labels });
    expect([...truth.subarray(0, 2)]).to.deep.equal([3 / 4, 2 / 3]);
    expect(truth[2]).to.satisfy(Number.isNaN);
    const got = occlusionRatios(predicted, boxes, size);
    expect([...got.subarray(0, 2)]).to.deep.equal([2 / 4, 2 / 4]);
    const error = ratioError(got, truth);
    expect(error.count).to.equal(2);
    expect(error.meanAbsolute).to.be.closeTo((0.25 + 1 / 6) / 2, 1e-12);
    expect(error.correlation).to.satisfy(Number.isNaN);
    expect(ratioError([0, 1, 2], [1, 2, 3]).correlation).to.be.closeTo(1, 1e-12);
  });
});
