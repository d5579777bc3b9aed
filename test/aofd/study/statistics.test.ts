import { expect } from 'chai';
import { CounterRng } from '../../../src/nn/index.js';
import { maskShape } from '../../../src/aofd/study/mask-shape.js';
import { combineSeeds, type SeedFigure } from '../../../src/aofd/study/statistics/combine.js';
import { studentQuantile } from '../../../src/aofd/study/statistics/student.js';

describe('statistics of studies', () => {
  it('quantiles of Student’s t are those of the tables', () => {
    const table: [level: number, freedom: number, t: number][] = [
      [0.95, 1, 12.7062],
      [0.95, 2, 4.3027],
      [0.95, 2.5, 3.5746],
      [0.99, 3, 5.8409],
      [0.95, 10, 2.2281],
      [0.9, 30, 1.6973],
      [0.95, 100, 1.984],
      [0.95, Infinity, 1.96],
    ];
    // The printed digits; the last row is of the normal distribution, where freedom is capped.
    for (const [level, freedom, t] of table) {
      expect(studentQuantile(level, freedom), `${freedom}`).to.be.closeTo(t, 2e-4);
    }
    expect(() => studentQuantile(0.95, 0)).to.throw(RangeError);
  });

  /** A figure whose resamples are `value` plus the given noise. */
  const figure = (seed: number, value: number, noise: number[]): SeedFigure => ({
    seed,
    value,
    samples: Float64Array.from(noise, (v) => value + v),
  });
  const zeros = new Array<number>(60).fill(0);

  it('pairs by seed and by resample: what both share cancels', () => {
    const noise = Array.from({ length: 200 }, (_, i) => 0.1 * Math.sin(i));
    const result = combineSeeds(
      [figure(2, 0.8, noise)],
      [figure(1, 0, zeros), figure(2, 0.7, noise)],
      {
        level: 0.95,
      },
    );
    expect(result?.seeds.map(({ seed }) => seed)).to.deep.equal([2]);
    expect(result?.difference).to.be.closeTo(0.1, 1e-12);
    expect(result?.errorOfPictures).to.be.closeTo(0, 1e-12);
    expect(result?.verdict).to.equal('agrees');
  });

  it('seeds alone give the t interval of their differences', () => {
    const better = [0.75, 0.8, 0.85].map((value, i) => figure(i, value, zeros));
    const worse = [0.7, 0.7, 0.7].map((value, i) => figure(i, value, zeros));
    const result = combineSeeds(better, worse, { level: 0.95 });
    // Differences .05, .1, .15: mean .1, error .05 / sqrt(3), t of 2 degrees 4.3027.
    expect(result?.difference).to.be.closeTo(0.1, 1e-12);
    expect(result?.interval.low).to.be.closeTo(0.1 - (4.3027 * 0.05) / Math.sqrt(3), 1e-5);
    expect(result?.verdict).to.equal('not resolved');
  });

  it('adds the reaches of seeds and pictures as the sides of a right angle', () => {
    // Resamples 0.02 above and below in turn: their deviation is .02 sqrt(100 / 99) = .0201008.
    const noise = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0.02 : -0.02));
    const better = [0.75, 0.8, 0.85].map((value, i) => figure(i, value, noise));
    const worse = [0.7, 0.7, 0.7].map((value, i) =>
      figure(i, value, new Array<number>(100).fill(0)),
    );
    const result = combineSeeds(better, worse, { level: 0.95 })!;
    expect(result.errorOfPictures).to.be.closeTo(0.0201008, 1e-7);
    expect(result.errorOfSeeds).to.be.closeTo(0.0288675, 1e-7);
    // sqrt((4.302653 * .0288675)^2 + (1.959964 * .0201008)^2) = 0.130305; t and z are good to 1e-4.
    expect(result.interval.high - 0.1).to.be.closeTo(0.130305, 1e-5);
    expect(0.1 - result.interval.low).to.be.closeTo(0.130305, 1e-5);
    // Each seed alone: the middle 95 % of values of which half are .02 above.
    expect(result.seeds[0]?.interval.low).to.be.closeTo(0.03, 1e-12);
    expect(result.seeds[0]?.interval.high).to.be.closeTo(0.07, 1e-12);
  });

  it('turns errors round, and says when the paper is contradicted', () => {
    const better = [0.21, 0.2, 0.19].map((value, i) => figure(i, value, zeros));
    const worse = [0.11, 0.1, 0.1].map((value, i) => figure(i, value, zeros));
    const verdict = (isLowerBetter: boolean): string | undefined =>
      combineSeeds(better, worse, { level: 0.95, isLowerBetter })?.verdict;
    expect(verdict(false)).to.equal('agrees');
    expect(verdict(true)).to.equal('disagrees');
    expect(combineSeeds([], worse, { level: 0.95 })).to.equal(null);
    const broken = [figure(0, Number.NaN, zeros)];
    expect(combineSeeds(broken, worse, { level: 0.95 })).to.equal(null);
  });

  it('intervals hold the true difference at least as often as they say', () => {
    const rng = new CounterRng(11, 'test/coverage');
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    // How far pictures shift all seeds alike, and how far a seed shifts its own difference.
    const worlds = [
      { seeds: 2, ofPictures: 0.01, ofSeeds: 0.04 },
      { seeds: 3, ofPictures: 0.01, ofSeeds: 0.04 },
      { seeds: 3, ofPictures: 0.02, ofSeeds: 0.02 },
      { seeds: 3, ofPictures: 0.02, ofSeeds: 0 },
      { seeds: 5, ofPictures: 0.01, ofSeeds: 0.03 },
    ];
    const trials = 2000;
    for (const { seeds, ofPictures, ofSeeds } of worlds) {
      const list = Array.from({ length: seeds }, (_, seed) => seed);
      const worse = list.map((seed) => figure(seed, 0, zeros));
      let held = 0;
      for (let trial = 0; trial < trials; trial++) {
        const shift = ofPictures * normal();
        const noise = zeros.map(() => ofPictures * normal());
        const better = list.map((seed) => figure(seed, 0.1 + shift + ofSeeds * normal(), noise));
        const { low, high } = combineSeeds(better, worse, { level: 0.95 })!.interval;
        if (low <= 0.1 && high >= 0.1) held++;
      }
      // Three standard errors of a share of 2000 are .015; Welch and Satterthwaite's interval holds the
      // truth in .88 of the first world's trials, .91 of the second's.
      const world = JSON.stringify({ seeds, ofPictures, ofSeeds });
      expect(held / trials, world).to.be.at.least(0.935);
    }
  });

  it('counts pieces and edges of masks', () => {
    const grid = (rows: string[]): number[] => [...rows.join('')].map((c) => (c === '#' ? 0 : 1));
    expect(maskShape(grid(['##..', '##..', '....', '....']), 4)).to.deep.equal({
      pieces: 1,
      edge: 8,
    });
    expect(maskShape(grid(['#...', '.#..', '....', '...#']), 4)).to.deep.equal({
      pieces: 2,
      edge: 12,
    });
    expect(maskShape(grid(['####', '#..#', '#..#', '####']), 4)).to.deep.equal({
      pieces: 1,
      edge: 24,
    });
    expect(maskShape(grid(['....', '....', '....', '....']), 4)).to.deep.equal({
      pieces: 0,
      edge: 0,
    });
  });
});
