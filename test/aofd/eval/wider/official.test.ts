import { expect } from 'chai';
import fc from 'fast-check';
import { HEIGHT_BINS } from '../../../../src/aofd/eval/wider/report.js';
import { faceScores } from '../../../../src/aofd/eval/wider/judge.js';
import { recallByGroup, scoreOfPrecision } from '../../../../src/aofd/eval/statistics/groups.js';
import {
  firstThreshold,
  matchWider,
  scoreRange,
  widerCurve,
  widerEvents,
  type WiderImage,
} from '../../../../src/aofd/eval/wider/official.js';

/** x, y, w, h rows as x, y, x + w, y + h. */
const corners = (rows: number[][]): Float64Array =>
  Float64Array.from(rows.flatMap(([x, y, w, h]) => [x!, y!, x! + w!, y! + h!]));

const image = (faces: number[][], found: number[][]): WiderImage => ({
  faces: corners(faces),
  boxes: corners(found),
  scores: Float64Array.from(found, (row) => row[4]!),
});

function apOf(images: WiderImage[], counted: number[][]): number {
  return widerCurve(widerEvents(matchWider(images), counted)).ap;
}

describe('official WIDER FACE algorithm', () => {
  const a = [10, 10, 20, 20];
  const b = [60, 10, 20, 20];
  const far = [200, 200, 20, 20];

  it('normalises scores over the set and reads them at 1 - t/1000', () => {
    const images = [image([a], [[...a, 3]]), image([b], [[...b, -1]]), image([], [[...far, 7]])];
    expect(scoreRange(images)).to.deep.equal({ min: -1, max: 7 });
    const matches = matchWider(images);
    expect(matches.map((match) => match.scores[0])).to.deep.equal([0.5, 0, 1]);
    expect(matches.map((match) => match.threshold[0])).to.deep.equal([499, 999, 0]);
  });

  it('finds the first threshold as the tools compare, for every threshold and beside it', () => {
    for (let t = 1; t <= 1000; t++) {
      const threshold = 1 - t / 1000;
      expect(firstThreshold(threshold), `t = ${t}`).to.equal(t - 1);
      expect(firstThreshold(threshold + 1e-12), `above t = ${t}`).to.equal(t - 1);
      if (t < 1000) expect(firstThreshold(threshold - 1e-12), `below t = ${t}`).to.equal(t);
    }
    expect(firstThreshold(1)).to.equal(0);
    expect(firstThreshold(-0.1)).to.equal(1000);
  });

  it('sorts predictions, as the Matlab tool does and its Python port does not', () => {
    // Unsorted, the weak box would take the face and the strong one would be the false positive.
    const found = [
      [...a, 0.2],
      [11, 10, 20, 20, 0.9],
    ];
    const [match] = matchWider([image([a], found)]);
    expect([...match!.order]).to.deep.equal([1, 0]);
    const events = widerEvents([match!], [[1]]);
    expect([...events.right]).to.deep.equal([1, 0]);
  });

  it('reads corners as inclusive: IoU 0.5 is reached with one pixel more', () => {
    // 9 x 1 in 9 x 2: continuous 0.5; inclusive 10 x 2 in 10 x 3.
    const [match] = matchWider([image([[0, 0, 9, 2]], [[0, 0, 9, 1, 1]])]);
    expect(match!.iou[0]).to.be.closeTo(2 / 3, 1e-15);
    expect(match!.face[0]).to.equal(0);
  });

  it('does not judge predictions on faces that do not count, and counts second hits as wrong', () => {
    const found = [
      [...a, 1],
      [...a, 0.9],
      [...b, 0.8],
      [...b, 0.7],
      [...far, 0],
    ];
    const matches = matchWider([image([a, b], found)]);
    const events = widerEvents(matches, [[1, 0]]);
    expect([...events.right]).to.deep.equal([1, 0, 0]); // a, a again, far
    const curve = widerCurve(events);
    expect([curve.proposals[999], curve.hits[999], curve.positives]).to.deep.equal([3, 1, 1]);
    expect(curve.ap).to.equal(1);
  });

  it('keeps faces of images without predictions, drops predictions of images without faces', () => {
    const images = [
      image([a], [[...a, 1]]),
      image([b], []),
      image(
        [],
        [
          [...far, 0.9],
          [...far, 0.1],
        ],
      ),
    ];
    const curve = widerCurve(widerEvents(matchWider(images), [[1], [1], []]));
    expect([curve.positives, curve.proposals[999]]).to.deep.equal([2, 1]);
    expect(curve.ap).to.equal(0.5);
  });

  it('takes 0/0 precision as 0, gives NaN without faces and 0 without predictions', () => {
    expect(apOf([image([a], [])], [[1]])).to.equal(0);
    expect(apOf([image([a], [[...a, 1]])], [[0]])).to.satisfy(Number.isNaN);
    const images = [
      image(
        [a],
        [
          [...a, 0.5],
          [...far, 0.4],
        ],
      ),
      image([], [[...far, 9]]),
    ];
    const curve = widerCurve(widerEvents(matchWider(images), [[1], []]));
    expect([curve.precision[0], curve.recall[0], curve.ap]).to.deep.equal([0, 0, 1]);
  });

  it('takes one and the same score everywhere as 1', () => {
    expect(apOf([image([a], [[...a, 0.3]])], [[1]])).to.equal(1);
  });

  it('gives a curve worked out by hand', () => {
    const images = [
      image(
        [a, b],
        [
          [...a, 1],
          [...far, 0.75],
          [...b, 0.5],
        ],
      ),
      image(
        [a],
        [
          [...far, 0.25],
          [...a, 0],
        ],
      ),
    ];
    // Hits at proposals 1, 3, 5 of 3 faces: precision 1, 2/3, 3/5.
    expect(apOf(images, [[1, 1], [1]])).to.be.closeTo((1 + 2 / 3 + 3 / 5) / 3, 1e-12);
  });
});

describe('recall by kind of face', () => {
  it('counts faces found at any score and at the working score', () => {
    const images = [
      image(
        [
          [0, 0, 10, 10],
          [50, 0, 10, 40],
        ],
        [
          [0, 0, 10, 10, 1],
          [50, 0, 10, 40, 0],
        ],
      ),
      image([[0, 0, 10, 12]], []),
    ];
    const scores = faceScores(matchWider(images));
    const heights = [[10, 40], [12]];
    const heightBin = HEIGHT_BINS.nameOf;
    const grouping = {
      by: 'height',
      groups: HEIGHT_BINS.names,
      groupOf: (i: number, g: number) => heightBin(heights[i]![g]!),
    };
    const rows = recallByGroup(scores, grouping, 0.5);
    expect(rows.filter((row) => row.faces > 0)).to.deep.equal([
      { by: 'height', group: '10-20', faces: 2, recall: 0.5, recallAt: 0.5 },
      { by: 'height', group: '20-50', faces: 1, recall: 1, recallAt: 0 },
    ]);
    expect([0, 9.99, 10, 300, 5000].map(heightBin)).to.deep.equal([
      '0-10',
      '0-10',
      '10-20',
      '300+',
      '300+',
    ]);
  });

  it('finds the lowest score that keeps a precision', () => {
    expect(scoreOfPrecision([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 1], 0.75)).to.equal(0.6);
    expect(scoreOfPrecision([0.9, 0.8, 0.7], [1, 0, 0], 0.9)).to.equal(0.9);
    expect(scoreOfPrecision([0.9, 0.9], [1, 0], 0.9)).to.equal(null);
  });
});

describe('properties of the official algorithm', () => {
  const box = fc.record({
    x: fc.integer({ min: 0, max: 60 }),
    y: fc.integer({ min: 0, max: 60 }),
    w: fc.integer({ min: 4, max: 30 }),
    h: fc.integer({ min: 4, max: 30 }),
  });
  const row = ({ x, y, w, h }: { x: number; y: number; w: number; h: number }): number[] => [
    x,
    y,
    w,
    h,
  ];
  const anyImage = fc
    .record({
      faces: fc.array(fc.tuple(box, fc.boolean()), { maxLength: 4 }),
      near: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 4 }),
      other: fc.array(fc.tuple(box, fc.integer({ min: 1, max: 99 })), { maxLength: 4 }),
    })
    .map(({ faces, near, other }) => {
      const found = [
        ...near.flatMap((score, i) => {
          const face = faces[i]?.[0];
          return face ? [[...row(face), score]] : [];
        }),
        ...other.map(([b, score]) => [...row(b), score]),
      ];
      return {
        image: image(
          faces.map(([face]) => row(face)),
          found,
        ),
        counted: faces.map(([, counts]) => (counts ? 1 : 0)),
      };
    });
  const anySet = fc
    .array(anyImage, { minLength: 1, maxLength: 5 })
    // The range of scores stays fixed, so that changes do not move the normalisation.
    .map((set) => [
      ...set,
      {
        image: image(
          [],
          [
            [0, 0, 5, 5, 0],
            [0, 0, 5, 5, 100],
          ],
        ),
        counted: [] as number[],
      },
    ])
    .filter((set) => set.some(({ counted }) => counted.includes(1)));
  type Sets = { image: WiderImage; counted: number[] }[];
  const ap = (set: Sets): number =>
    apOf(
      set.map((entry) => entry.image),
      set.map((entry) => entry.counted),
    );
  const runs = { numRuns: 60, seed: 7 };

  it('a false box that scores lowest never raises AP', () => {
    fc.assert(
      fc.property(anySet, fc.nat(4), (set, at) => {
        const before = ap(set);
        const target = set[Math.min(at, set.length - 2)]!.image;
        const changed = set.map((entry) =>
          entry.image !== target
            ? entry
            : {
                ...entry,
                image: {
                  ...target,
                  boxes: Float64Array.from([...target.boxes, 500, 500, 520, 520]),
                  scores: Float64Array.from([...target.scores, 0]),
                },
              },
        );
        expect(ap(changed)).to.be.at.most(before + 1e-12);
      }),
      runs,
    );
  });

  it('the order of images changes nothing', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(ap([...set].reverse())).to.be.closeTo(ap(set), 1e-12);
      }),
      runs,
    );
  });

  it('affine changes of all scores change nothing', () => {
    fc.assert(
      fc.property(anySet, fc.constantFrom(0.25, 2, 8), fc.constantFrom(-16, 0, 64), (set, k, c) => {
        const changed = set.map((entry) => ({
          ...entry,
          image: { ...entry.image, scores: entry.image.scores.map((s) => k * s + c) },
        }));
        expect(ap(changed)).to.be.closeTo(ap(set), 1e-12);
      }),
      runs,
    );
  });

  it('weights count images as often as they stand in the set', () => {
    fc.assert(
      fc.property(anySet, fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }), (set, draws) => {
        const weights = set.map((_, i) => (i === set.length - 1 ? 1 : draws[i]!));
        const drawn = set.flatMap((entry, i) => Array<(typeof set)[0]>(weights[i]!).fill(entry));
        const matches = matchWider(set.map((entry) => entry.image));
        const events = widerEvents(
          matches,
          set.map((entry) => entry.counted),
        );
        const weighted = widerCurve(events, weights).ap;
        const plain = ap(drawn);
        if (Number.isNaN(plain)) expect(weighted).to.satisfy(Number.isNaN);
        else expect(weighted).to.be.closeTo(plain, 1e-12);
      }),
      runs,
    );
  });
});
