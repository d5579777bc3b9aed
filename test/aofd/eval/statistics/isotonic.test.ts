import { expect } from 'chai';
import * as fc from 'fast-check';
import { probabilityOf } from '../../../../src/aofd/boxes/index.js';
import { calibrationError, isotonicCurve } from '../../../../src/aofd/eval/statistics/isotonic.js';

describe('isotonicCurve', () => {
  it('pools neighbours that fall, by hand', () => {
    // Blocks of one: .1 wrong, .2 right, .3 wrong, .4 right: the middle two pool to (.25, .5).
    const curve = isotonicCurve([0.3, 0.1, 0.4, 0.2], [0, 0, 1, 1], 4);
    expect(curve.scores).to.deep.equal([0, 0.1, 0.25, 0.4, 1]);
    expect(curve.probabilities[0]).equals(0);
    expect(curve.probabilities[1]).closeTo(0, 2e-4);
    expect(curve.probabilities[2]).equals(0.5);
    expect(curve.probabilities[3]).closeTo(1, 2e-4);
  });

  it('finds a known curve again, and makes wrong probabilities right', () => {
    // A score s is right with probability s².
    const scores = Float64Array.from({ length: 20000 }, (_, i) => (i + 0.5) / 20000);
    const right = Float64Array.from(scores, (s, i) => ((i * 7919) % 10007 < s * s * 10007 ? 1 : 0));
    const curve = isotonicCurve(scores, right);
    for (const s of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      expect(probabilityOf(s, curve)).closeTo(s * s, 0.03);
    }
    const before = calibrationError(scores, right);
    const after = calibrationError(
      scores.map((s) => probabilityOf(s, curve)),
      right,
    );
    expect(before).greaterThan(0.1);
    expect(after).lessThan(0.01);
  });

  it('keeps every order of scores', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
          minLength: 1,
          maxLength: 200,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pairs, a, b) => {
          const curve = isotonicCurve(
            pairs.map(([s]) => s),
            pairs.map(([, r]) => (r ? 1 : 0)),
          );
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const [p, q] = [probabilityOf(low, curve), probabilityOf(high, curve)];
          expect(p).most(q);
          expect(p).within(0, 1);
          // Far enough apart for float64, equal only where the scores are.
          if (high - low > 1e-6) expect(p).lessThan(q);
        },
      ),
    );
  });
});
