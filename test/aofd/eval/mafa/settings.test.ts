import { expect } from 'chai';
import fc from 'fast-check';
import { averagePrecision, prCurve, type ApMode } from '../../../../src/aofd/eval/statistics/ap.js';
import {
  evaluateMafa,
  mafaMatching,
  mafaSensitivity,
  mafaView,
  MAFA_SETTINGS,
  SQUARE_RULES,
  type MafaImage,
  type MafaSetting,
} from '../../../../src/aofd/eval/mafa/match.js';
import { EXAMPLE } from './example.js';

const ap = (
  images: readonly MafaImage[],
  setting: MafaSetting,
  iou = 0.5,
  mode: ApMode = 'all-point',
): number => averagePrecision(prCurve(mafaView(images, setting), mafaMatching(iou)), mode);

describe('MAFA settings (docs/spec.md 6.2)', () => {
  it('give the worked example, with both readings of ignored faces', () => {
    const values = MAFA_SETTINGS.map((setting) => ap(EXAMPLE, setting));
    expect(values[0]).to.equal(1);
    expect(values[1]).to.be.closeTo(0.75, 1e-12);
    expect(values[2]).to.equal(1);
    expect(values[3]).to.be.closeTo(0.916667, 1e-6);
  });

  it('agree with evaluateMafa', () => {
    const skip = evaluateMafa(EXAMPLE);
    const wrong = evaluateMafa(EXAMPLE, { ignored: 'false-positive' });
    expect([
      skip.all.ap,
      skip.masked.ap,
      skip.withoutIgnored.ap,
      wrong.withoutIgnored.ap,
    ]).to.deep.equal(MAFA_SETTINGS.map((setting) => ap(EXAMPLE, setting)));
  });

  it('tabulate every choice, each equal to its own evaluation', () => {
    const rows = mafaSensitivity(EXAMPLE);
    expect(rows).to.have.length(SQUARE_RULES.length * 2 * 2);
    for (const { square, iou, ap: mode, values } of rows) {
      for (const ignored of ['skip', 'false-positive'] as const) {
        const result = evaluateMafa(EXAMPLE, { square, iou, ap: mode, ignored });
        const key = ignored === 'skip' ? 'without-ignored' : 'without-ignored-strict';
        expect(values.all).to.equal(result.all.ap);
        expect(values.masked).to.equal(result.masked.ap);
        expect(values[key]).to.equal(result.withoutIgnored.ap);
      }
    }
    // The second detection on a masked face of image b is wrong under every rule but is last.
    const plain = rows.find((row) => row.square === 'none' && row.iou === 0.5)!;
    expect(plain.values.all).to.equal(1);
  });

  it('a lower IoU finds what the higher one misses', () => {
    const images: MafaImage[] = [
      {
        gt: Float64Array.of(0, 0, 100, 100),
        types: [1],
        boxes: Float64Array.of(0, 0, 69, 69), // IoU 0.4761
        scores: Float64Array.of(1),
      },
    ];
    expect([ap(images, 'all', 0.5), ap(images, 'all', 0.45)]).to.deep.equal([0, 1]);
  });
});

describe('properties of the MAFA settings', () => {
  const box = fc
    .tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 30 }))
    .map(([x, y, w, h]) => [x, y, x + w, y + h]);
  const anyImage: fc.Arbitrary<MafaImage> = fc
    .record({
      faces: fc.array(fc.tuple(box, fc.constantFrom(1, 2, 3)), { maxLength: 4 }),
      // A rank of its own for each score: ties would depend on the order of images.
      found: fc.array(fc.tuple(box, fc.double({ min: 0.01, max: 1, noNaN: true })), {
        maxLength: 5,
      }),
    })
    .map(({ faces, found }) => ({
      gt: Float64Array.from(faces.flatMap(([corners]) => corners)),
      types: faces.map(([, type]) => type),
      boxes: Float64Array.from([
        ...found.flatMap(([corners]) => corners),
        ...faces.flatMap(([corners]) => corners.map((value) => value + 1)),
      ]),
      scores: Float64Array.from([
        ...found.map(([, score]) => score),
        ...faces.map((_, i) => 0.3 + i / 7 + faces.length / 97),
      ]),
    }));
  const anySet = fc.array(anyImage, { minLength: 1, maxLength: 4 }).filter((set) => {
    const scores = set.flatMap((image) => [...image.scores]);
    return (
      set.some(({ types }) => Array.from(types).includes(1)) &&
      new Set(scores).size === scores.length
    );
  });
  const runs = { numRuns: 60, seed: 11 };
  const all = (set: readonly MafaImage[]): number[] => MAFA_SETTINGS.map((s) => ap(set, s));

  const close = (got: number[], expected: number[]): void =>
    got.forEach((value, s) => expect(value, MAFA_SETTINGS[s]).to.be.closeTo(expected[s]!, 1e-12));

  it('a false box that scores lowest never raises AP', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const [first, ...rest] = set;
        const changed = {
          ...first!,
          boxes: Float64Array.from([...first!.boxes, 900, 900, 920, 920]),
          scores: Float64Array.from([...first!.scores, 0]),
        };
        const before = all(set);
        all([changed, ...rest]).forEach((value, s) =>
          expect(value).to.be.at.most(before[s]! + 1e-12),
        );
      }),
      runs,
    );
  });

  it('the order of images and monotone changes of scores change nothing', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const before = all(set);
        close(all([...set].reverse()), before);
        close(
          all(set.map((image) => ({ ...image, scores: image.scores.map((s) => s ** 3 - 5) }))),
          before,
        );
      }),
      runs,
    );
  });

  it('both readings of ignored faces count the same faces, and agree where none is ignored', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const [skip, strict] = [ap(set, 'without-ignored'), ap(set, 'without-ignored-strict')];
        const counts = (['without-ignored', 'without-ignored-strict'] as const).map(
          (setting) => prCurve(mafaView(set, setting), mafaMatching()).positives,
        );
        expect(counts[0]).to.equal(counts[1]);
        // A detection whose best face is ignored may, without that face, take its second best.
        const isDisjoint = set.every(({ types }) => !Array.from(types).includes(3));
        if (isDisjoint) expect(skip).to.equal(strict);
        else expect(skip).to.be.within(0, 1);
      }),
      runs,
    );
  });
});
