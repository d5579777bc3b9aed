import { expect } from 'chai';
import * as fc from 'fast-check';
import { averagePrecision, curveOf } from '../../../../src/aofd/eval/statistics/ap.js';
import {
  bootstrapInterval,
  bootstrapValues,
  drawImages,
  pairedBootstrap,
  permutationTest,
} from '../../../../src/aofd/eval/statistics/bootstrap.js';
import {
  poolRecords,
  scoredRecords,
  type ScoredRecord,
} from '../../../../src/aofd/eval/statistics/records.js';
import { sortedQuantile } from '../../../../src/aofd/eval/statistics/quantile.js';
import { weightedAp, weightedRecall } from '../../../../src/aofd/eval/statistics/weighted-ap.js';
import { KeyedRng, gaussian } from '../../../../src/aofd/data/rng.js';

const meanOf =
  (values: ArrayLike<number>) =>
  (weights: Float64Array): number => {
    let sum = 0;
    let count = 0;
    weights.forEach((weight, i) => {
      sum += weight * values[i]!;
      count += weight;
    });
    return sum / count;
  };

const pooledMean =
  (a: ArrayLike<number>, b: ArrayLike<number>) =>
  (weightsA: Float64Array, weightsB: Float64Array): number => {
    let sum = 0;
    weightsA.forEach((weight, i) => (sum += weight * a[i]! + weightsB[i]! * b[i]!));
    return sum / weightsA.length;
  };

const normals = (count: number, ...seed: [number, ...number[]]): Float64Array => {
  const rng = new KeyedRng(...seed);
  return Float64Array.from({ length: count }, () => gaussian(rng));
};

describe('bootstrap over images', () => {
  it('draws as many images as there are, the same ones for the same seed', () => {
    const [a, b, c] = [0, 0, 1].map((seed) => {
      const weights = new Float64Array(50);
      drawImages(weights, seed, 3);
      return [...weights];
    });
    expect(a!.reduce((x, y) => x + y)).to.equal(50);
    expect(a).to.deep.equal(b);
    expect(a).to.not.deep.equal(c);
  });

  it('gives an interval of no width for a constant and leaves out samples without a figure', () => {
    const options = { samples: 50, level: 0.9, seed: 2 };
    expect(bootstrapInterval(() => 3, 10, options)).to.deep.equal({ low: 3, high: 3, level: 0.9 });
    const some = bootstrapInterval((w) => (w[0]! > 0 ? 1 : Number.NaN), 10, options);
    expect(some.low).to.equal(1);
    expect(bootstrapInterval(() => Number.NaN, 10, options).low).to.satisfy(Number.isNaN);
  });

  it('has the spread that theory gives for a mean', () => {
    const values = normals(200, 5);
    const samples = bootstrapValues(meanOf(values), 200, { samples: 2000, seed: 1 });
    const mean = samples.reduce((x, y) => x + y) / samples.length;
    const deviation = Math.sqrt(samples.reduce((x, y) => x + (y - mean) ** 2, 0) / samples.length);
    const own = meanOf(values)(new Float64Array(200).fill(1));
    const spread = Math.sqrt(values.reduce((x, y) => x + (y - own) ** 2, 0) / 200 / 200);
    expect(mean).to.be.closeTo(own, 0.01);
    expect(deviation / spread).to.be.closeTo(1, 0.05);
  });

  it('covers the true mean about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const values = normals(60, 7, trial);
      const { low, high } = bootstrapInterval(meanOf(values), 60, {
        samples: 200,
        level: 0.9,
        seed: trial,
      });
      if (low <= 0 && 0 <= high) covered++;
    }
    // 3 standard deviations of the count are 5 %; percentile ends of 60 values are a little tight.
    expect(covered / 300).to.be.within(0.84, 0.95);
  });

  it('interpolates quantiles', () => {
    expect(sortedQuantile([1, 2, 3, 4], 0)).to.equal(1);
    expect(sortedQuantile([1, 2, 3, 4], 0.5)).to.equal(2.5);
    expect(sortedQuantile([1, 2, 3, 4], 1)).to.equal(4);
  });

  it('refuses to work without images or samples', () => {
    expect(() => bootstrapInterval(() => 1, 0, { samples: 10 })).to.throw(RangeError, '0 images');
    expect(() => bootstrapInterval(() => 1, 3, { samples: 0 })).to.throw(RangeError, 'Fix');
  });
});

describe('paired comparison', () => {
  it('sees through what two detectors have in common', () => {
    const common = normals(100, 11);
    const noise = normals(100, 12);
    const a = common.map((x, i) => 10 * x + 0.1 + 0.05 * noise[i]!);
    const b = common.map((x) => 10 * x);
    const { difference, interval } = pairedBootstrap(meanOf(a), meanOf(b), 100, {
      samples: 500,
      seed: 1,
    });
    expect(difference).to.be.closeTo(0.1, 0.02);
    expect(interval.low).to.be.greaterThan(0.05);
    expect(permutationTest(pooledMean(a, b), 100, { samples: 500, seed: 1 })).to.be.lessThan(0.01);
  });

  it('gives p = 1 for the same detector twice', () => {
    const a = normals(20, 3);
    expect(permutationTest(pooledMean(a, a), 20, { samples: 100 })).to.equal(1);
  });

  it('gives the exact p of a small case', () => {
    // Differences 1, 1, 1, 1: of 16 sign patterns two reach |4|, so p is near 1/8.
    const p = permutationTest(pooledMean([1, 1, 1, 1], [0, 0, 0, 0]), 4, {
      samples: 4000,
      seed: 2,
    });
    expect(p).to.be.closeTo(1 / 8, 0.02);
  });

  it('gives uniform p where nothing differs', () => {
    const ps = Array.from({ length: 300 }, (_, trial) =>
      permutationTest(pooledMean(normals(25, 21, trial), normals(25, 22, trial)), 25, {
        samples: 99,
        seed: trial,
      }),
    );
    for (const level of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      const share = ps.filter((p) => p <= level).length / ps.length;
      expect(share, `p <= ${level}`).to.be.closeTo(level, 0.085);
    }
  });
});

describe('AP of weighted images', () => {
  const images = 6;
  const recordsArbitrary = fc.record({
    list: fc.array(
      fc.record({
        score: fc.integer({ min: 0, max: 8 }).map((v) => v / 8),
        image: fc.nat(images - 1),
        right: fc.boolean(),
      }),
      { maxLength: 25 },
    ),
    spare: fc.array(fc.nat(3), { minLength: images, maxLength: images }),
    weights: fc.array(fc.nat(3), { minLength: images, maxLength: images }),
  });
  const positivesOf = (list: readonly ScoredRecord[], spare: readonly number[]): number[] =>
    spare.map((n, i) => n + list.filter((r) => r.image === i && r.right).length);

  it('equals AP of the plain set, and of the set with images repeated', () => {
    fc.assert(
      fc.property(recordsArbitrary, ({ list, spare, weights }) => {
        const positives = positivesOf(list, spare);
        const records = scoredRecords(list, positives);
        for (const w of [weights, positives.map(() => 1)]) {
          // Records in their sorted order, each as often as its image: the set written out.
          const repeated = [...records.image].flatMap((image, r) =>
            Array.from({ length: w[image]! }, () => r),
          );
          const total = positives.reduce((sum, n, i) => sum + n * w[i]!, 0);
          const curve = curveOf(
            repeated.map((_, i) => -i),
            repeated.map((r) => records.right[r]!),
            total,
          );
          for (const mode of ['all-point', '11-point'] as const) {
            const expected = averagePrecision(curve, mode);
            const got = weightedAp(records, w, mode);
            if (Number.isNaN(expected)) expect(got).to.satisfy(Number.isNaN);
            else expect(got).to.be.closeTo(expected, 1e-12);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("takes COCO's 101 points", () => {
    // Recall .5 at precision 1, then 1 at 2/3: points 0...50 and 51...100.
    const records = scoredRecords(
      [
        { score: 0.9, image: 0, right: true },
        { score: 0.8, image: 0, right: false },
        { score: 0.7, image: 1, right: true },
      ],
      [1, 1],
    );
    expect(weightedAp(records, [1, 1], '101-point')).to.be.closeTo(
      (51 + (50 * 2) / 3) / 101,
      1e-12,
    );
    expect(weightedRecall(records, [1, 3])).to.equal(1);
    expect(weightedAp(records, [0, 0])).to.satisfy(Number.isNaN);
  });

  it('pools two detectors: either alone is found again, whatever its scale of scores', () => {
    fc.assert(
      fc.property(recordsArbitrary, recordsArbitrary, (first, second) => {
        const ones = new Float64Array(images).fill(1);
        const positives = positivesOf([...first.list, ...second.list], first.spare);
        const a = scoredRecords(first.list, positives);
        const b = scoredRecords(
          second.list.map((r) => ({ ...r, score: 100 * r.score - 7 })),
          positives,
        );
        const pooled = poolRecords(a, b);
        const only = (which: 0 | 1): Float64Array =>
          Float64Array.from({ length: 2 * images }, (_, i) =>
            i < images === (which === 0) ? 1 : 0,
          );
        const same = (x: number, y: number): void => {
          if (Number.isNaN(x)) expect(y).to.satisfy(Number.isNaN);
          else expect(y).to.be.closeTo(x, 1e-12);
        };
        same(weightedAp(a, ones), weightedAp(pooled, only(0)));
        same(weightedAp(b, ones), weightedAp(pooled, only(1)));
        const falling = [...pooled.scores].every((s, i, all) => i === 0 || s <= all[i - 1]!);
        expect(falling).to.equal(true);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses NaN scores and unknown images', () => {
    expect(() => scoredRecords([{ score: Number.NaN, image: 0, right: true }], [1])).to.throw(
      'NaN',
    );
    expect(() => scoredRecords([{ score: 1, image: 1, right: true }], [1])).to.throw('image 1');
  });
});
