import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  COCO_IOUS,
  COCO_RANGES,
  type CocoDetection,
  type CocoImage,
  type CocoTruth,
} from '../../../../src/aofd/eval/coco/set.js';
import {
  cocoCells,
  meanAp,
  meanRecall,
  summarizeCoco,
} from '../../../../src/aofd/eval/coco/records.js';
import { cocoOverlaps, judgedDetections, matchCoco } from '../../../../src/aofd/eval/coco/match.js';
import { boxIou } from '../../../../src/aofd/boxes/iou.js';
import { slowCell, type SlowDetection, type SlowObject } from './slow.js';
import { syntheticSet } from './synthetic.js';

const truth = (
  box: [number, number, number, number],
  more: Partial<CocoTruth> = {},
): CocoTruth => ({
  box,
  area: box[2] * box[3],
  category: 1,
  isCrowd: false,
  isIgnored: false,
  ...more,
});
const found = (
  box: [number, number, number, number],
  score: number,
  category = 1,
): CocoDetection => ({ box, score, category });

const ALL = COCO_RANGES[0]!;
const match = (
  truths: CocoTruth[],
  detections: CocoDetection[],
  threshold = 0.5,
  range = ALL,
): { outcome: number[]; taken: number[] } => {
  const judged = judgedDetections(detections, 100);
  const result = matchCoco(judged, truths, cocoOverlaps(judged, truths), range, [threshold]);
  return { outcome: [...result.outcome], taken: [...result.taken] };
};

/**
 * What pycocotools 2.0 prints as `stats` for {@link syntheticSet} (113 objects, 443 detections), with
 * categories and without.
 */
const REFERENCE = {
  perCategory: [
    0.3145110272445296, 0.4544168126253419, 0.3366410402130054, 0.3559456684043573,
    0.31085986115723063, 0.3993603563653068, 0.2550997899159663, 0.6157790616246499,
    0.6251540616246499, 0.6791666666666667, 0.5774669774669773, 0.5986904761904762,
  ],
  agnostic: [
    0.36623148678909107, 0.5338897143067969, 0.4013175116071954, 0.40579853975641644,
    0.35281854183031847, 0.438576570584863, 0.12376237623762379, 0.5683168316831684,
    0.6514851485148515, 0.6900000000000001, 0.6222222222222222, 0.632,
  ],
};

describe('COCO measure', () => {
  it('equals the reference evaluator in all twelve figures', () => {
    const images = syntheticSet();
    expect(images.flatMap((image) => image.truths)).to.have.length(113);
    expect(images.flatMap((image) => image.detections)).to.have.length(443);
    for (const [categories, stats] of [
      [[1, 2, 3], REFERENCE.perCategory],
      [null, REFERENCE.agnostic],
    ] as const) {
      Object.entries(summarizeCoco(cocoCells(images, { categories }))).forEach(([key, value], i) =>
        expect(value, key).to.be.closeTo(stats[i]!, 1e-12),
      );
    }
  });

  it('has thresholds with the rounding of the reference', () => {
    expect(COCO_IOUS[0]).to.equal(0.5);
    expect(COCO_IOUS[5]).to.equal(0.75);
    expect(COCO_IOUS[9]).to.equal(0.95);
    expect(COCO_IOUS[8]! - 0.9).to.be.closeTo(0, 1e-15);
  });

  it('equals a slow second implementation on arbitrary sets, ignored objects included', () => {
    const whole = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
    const boxArbitrary = fc
      .tuple(whole(4), whole(4), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
      .map((box) => box.map((v) => v * 9));
    const setArbitrary = fc.record({
      objects: fc.array(
        fc.record({
          image: whole(2),
          category: fc.constant(1),
          box: boxArbitrary,
          area: fc.integer({ min: 100, max: 4000 }),
          crowd: fc.integer({ min: 0, max: 9 }).map((v) => v === 0),
          ignore: fc.integer({ min: 0, max: 5 }).map((v) => v === 0),
        }),
        { maxLength: 9 },
      ),
      detections: fc.array(
        fc.record({
          image: whole(2),
          category: fc.constant(1),
          box: boxArbitrary,
          score: whole(6),
        }),
        { maxLength: 14 },
      ),
    });
    fc.assert(
      fc.property(setArbitrary, ({ objects, detections }) => {
        const images = fromSlow(3, objects, detections);
        const cells = cocoCells(images, {
          categories: null,
          thresholds: [0.5, 0.75],
          maxDetections: [1, 3],
        });
        for (const cell of cells) {
          const range = COCO_RANGES.find(({ name }) => name === cell.range)!;
          [0.5, 0.75].forEach((threshold, t) => {
            const expected = slowCell(
              3,
              objects,
              detections,
              threshold,
              [range.low, range.high],
              cell.maxDetections,
            );
            const ones = new Float64Array(3).fill(1);
            const got = meanAp([cell.records[t]!], ones);
            if (expected === null) expect(got).to.satisfy(Number.isNaN);
            else {
              expect(got).to.be.closeTo(expected.ap, 1e-12);
              expect(meanRecall([cell.records[t]!], ones)).to.be.closeTo(expected.ar, 1e-12);
            }
          });
        }
      }),
      { numRuns: 150 },
    );
  });
});

function fromSlow(count: number, objects: SlowObject[], detections: SlowDetection[]): CocoImage[] {
  const boxOf = (box: number[]): [number, number, number, number] =>
    box as [number, number, number, number];
  return Array.from({ length: count }, (_, image) => ({
    truths: objects
      .filter((object) => object.image === image)
      .map((object) =>
        truth(boxOf(object.box), {
          area: object.area,
          isCrowd: object.crowd,
          isIgnored: object.crowd || object.ignore,
        }),
      ),
    detections: detections
      .filter((d) => d.image === image)
      .map((d) => found(boxOf(d.box), d.score)),
  }));
}

describe('COCO matching, by hand', () => {
  it('counts a threshold that is just reached', () => {
    // 10x10 and 10x5 inside it: IoU 0.5 exactly.
    expect(match([truth([0, 0, 10, 10])], [found([0, 0, 10, 5], 1)]).outcome).to.deep.equal([1]);
  });

  it('gives an object to the better score, the second detection is wrong', () => {
    const detections = [found([0, 0, 10, 10], 0.5), found([0, 0, 10, 9], 0.9)];
    expect(match([truth([0, 0, 10, 10])], detections).outcome).to.deep.equal([1, 0]);
  });

  it('takes the later of two objects at equal IoU', () => {
    const truths = [truth([0, 0, 10, 10]), truth([0, 0, 10, 10])];
    const detections = [found([0, 0, 10, 10], 1), found([0, 0, 10, 10], 0.5)];
    expect(match(truths, detections).taken).to.deep.equal([1, 0]);
  });

  it('prefers a counting object to an ignored one that fits better', () => {
    const truths = [truth([0, 0, 10, 10], { isIgnored: true }), truth([0, 0, 10, 7])];
    expect(match(truths, [found([0, 0, 10, 10], 1)])).to.deep.equal({ outcome: [1], taken: [1] });
  });

  it('lets an ignored object take one detection, a crowd any number', () => {
    const detections = [found([0, 0, 10, 10], 0.9), found([0, 0, 10, 10], 0.8)];
    const once = match([truth([0, 0, 10, 10], { isIgnored: true })], detections);
    expect(once.outcome).to.deep.equal([-1, 0]);
    const crowd = truth([0, 0, 100, 100], { isIgnored: true, isCrowd: true });
    // IoU would be 0.01; a crowd is measured by the detection's own area.
    expect(match([crowd], detections).outcome).to.deep.equal([-1, -1]);
  });

  it('does not judge what lies outside the range of sizes, unless it takes a counting object', () => {
    const small = COCO_RANGES[1]!;
    const truths = [truth([0, 0, 32, 32]), truth([200, 0, 40, 40])];
    const detections = [
      found([0, 0, 40, 30], 0.9), // 1200 px, takes the small object
      found([200, 0, 40, 40], 0.8), // takes the object outside the range
      found([400, 0, 50, 50], 0.7), // outside the range, takes nothing
      found([400, 0, 10, 10], 0.6), // wrong
    ];
    expect(match(truths, detections, 0.5, small).outcome).to.deep.equal([1, -1, -1, 0]);
  });

  it('judges the highest scores up to the limit', () => {
    const detections = [3, 1, 2].map((score) => found([0, 0, 1, 1], score));
    expect(judgedDetections(detections, 2).map((d) => d.score)).to.deep.equal([3, 2]);
  });

  it('leaves categories without objects out of the mean', () => {
    const images: CocoImage[] = [
      { truths: [truth([0, 0, 40, 40])], detections: [found([0, 0, 40, 40], 1)] },
      { truths: [], detections: [found([0, 0, 40, 40], 1, 2)] },
    ];
    const summary = summarizeCoco(cocoCells(images, { categories: [1, 2] }));
    expect(summary.ap).to.be.closeTo(1, 1e-12);
    expect(summary.apSmall).to.satisfy(Number.isNaN);
    expect(summary.ar100).to.equal(1);
  });
});

describe('COCO measure, properties', () => {
  const images = syntheticSet(12).map((image, i) => ({
    truths: image.truths,
    // Scores that never tie: equal scores of two images are decided by their order.
    detections: image.detections.map((d, k) => ({ ...d, score: d.score + i * 1e-6 + k * 1e-9 })),
  }));
  const summaryOf = (set: readonly CocoImage[]): number[] =>
    Object.values(summarizeCoco(cocoCells(set, { categories: [1, 2, 3] }))) as number[];
  const base = summaryOf(images);
  const expectSame = (values: number[]): void =>
    values.forEach((value, i) => expect(value).to.be.closeTo(base[i]!, 1e-12));

  it('does not depend on the order of pictures', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...images.keys()], { minLength: images.length }), (order) =>
        expectSame(summaryOf(order.map((i) => images[i]!))),
      ),
      { numRuns: 8 },
    );
  });

  it('depends on the order of scores alone', () => {
    for (const change of [(s: number) => Math.exp(3 * s), (s: number) => 100 * s - 1e3]) {
      expectSame(
        summaryOf(
          images.map(({ truths, detections }) => ({
            truths,
            detections: detections.map((d) => ({ ...d, score: change(d.score) })),
          })),
        ),
      );
    }
  });

  it('never rises by a false box of a lower score', () => {
    fc.assert(
      fc.property(fc.nat(images.length - 1), fc.integer({ min: 1, max: 3 }), (at, category) => {
        const worse = images.map((image, i) =>
          i === at
            ? {
                ...image,
                detections: [...image.detections, found([5000, 5000, 50, 50], -1, category)],
              }
            : image,
        );
        summaryOf(worse).forEach((value, i) => expect(value).to.be.at.most(base[i]! + 1e-12));
      }),
      { numRuns: 15 },
    );
  });

  it('measures overlap alike from both sides, as the box code does', () => {
    const box = fc.tuple(
      ...([0, 1, 2, 3] as const).map((i) => fc.integer({ min: i < 2 ? 0 : 1, max: 30 })),
    ) as unknown as fc.Arbitrary<[number, number, number, number]>;
    fc.assert(
      fc.property(box, box, (a, b) => {
        const ab = cocoOverlaps([found(a, 1)], [truth(b)])[0]!;
        expect(cocoOverlaps([found(b, 1)], [truth(a)])[0]).to.equal(ab);
        const corners = ([x, y, w, h]: number[]): number[] => [x!, y!, x! + w!, y! + h!];
        expect(ab).to.be.closeTo(boxIou(corners(a), 0, corners(b), 0, 'continuous'), 1e-15);
      }),
      { numRuns: 200 },
    );
  });
});
