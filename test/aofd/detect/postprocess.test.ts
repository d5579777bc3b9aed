import { expect } from 'chai';
import { CounterRng } from '../../../src/nn/index.js';
import { faceProbabilities } from '../../../src/aofd/boxes/index.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { DetectedFace } from '../../../src/aofd/detect/faces.js';
import { occluderMap, occluderPicture, occlusionIn } from '../../../src/aofd/detect/occluders.js';
import { decodeHead, keepBest, mixedScores } from '../../../src/aofd/detect/postprocess.js';
import { decodeRunLength } from '../../../src/aofd/detect/rle.js';

const config = presetConfig('paper');
const size = { width: 200, height: 150 };

describe('postprocessing', () => {
  it('decodes the head in original pixels (docs/spec.md 1.6, 1.14)', () => {
    // RoI and code of the worked example; columns 0-3 belong to the background.
    const code = [9, 9, 9, 9, 1.0416667, -0.875, 0.20411, -0.667657];
    const got = decodeHead([0, 16, 32, 63, 111], [0, 2], code, 1, config, { scale: 1, ...size });
    [20, 30, 70, 100].forEach((v, i) => expect(got.boxes[i]).to.be.closeTo(v, 1e-4));
    expect(got.scores[0]).to.be.closeTo(1 / (1 + Math.exp(-2)), 1e-6);
    // Zero code at scale 2: half the RoI, one more at the right and below, clipped to the picture.
    const half = decodeHead([0, 20, 20, 59, 399], [0, 0], new Float32Array(8), 1, config, {
      scale: 2,
      ...size,
    });
    expect([...half.boxes]).to.deep.equal([10, 10, 30.5, 149]);
    const mirrored = decodeHead([0, 20, 20, 59, 99], [0, 0], new Float32Array(8), 1, config, {
      scale: 2,
      ...size,
      flip: true,
    });
    expect([mirrored.boxes[0], mirrored.boxes[2]]).to.deep.equal([169.5, 190]);
    // In input pixels: a RoI of 16 pixels is 64 of a picture four times as large, edges included.
    const large = decodeHead(
      [0, 8, 16, 23, 31],
      [0, 0],
      new Float32Array(8),
      1,
      presetConfig('lite'),
      { scale: 0.25, ...size },
    );
    expect([...large.boxes]).to.deep.equal([32, 64, 96, 128]);
  });

  it('mixes the scores of head and RPN by a weighted geometric mean', () => {
    const head = Float64Array.of(0.9, 0.25, 0);
    const proposal = Float32Array.of(0.4, 1, 0.5);
    expect(mixedScores(head, proposal, 0)).to.equal(head);
    const half = mixedScores(head, proposal, 0.5);
    [0.6, 0.5, 0].forEach((v, i) => expect(half[i]).to.be.closeTo(v, 1e-7));
    const third = mixedScores(head, proposal, 1 / 3);
    expect(third[0]).to.be.closeTo(Math.cbrt(0.9 * 0.9 * 0.4), 1e-7);
    expect(mixedScores(head, proposal, 1)[1]).to.equal(1);
  });

  it('keeps the best boxes, ties with the last included, and drops bad rows', () => {
    const boxes = Float64Array.from([
      ...[0, 0, 50, 50, 2, 2, 52, 52, 100, 0, 150, 50, 100, 60, 150, 110],
      ...[0, 80, 40, 120, NaN, 0, 1, 1, 60, 60, 60, 90],
    ]);
    const scores = Float64Array.from([0.6, 0.9, 0.8, 0.8, 0.04, 0.99, 0.99]);
    const keep = { score: 0.05, nmsIou: 0.3, maxDetections: 2 };
    const got = keepBest([{ boxes, scores }], config, keep);
    expect([...got.scores]).to.deep.equal([0.9, 0.8, 0.8]);
    expect([...got.boxes.subarray(0, 4)]).to.deep.equal([2, 2, 52, 52]);
    // Candidates of two passes are joined.
    const twice = keepBest(
      [
        { boxes: boxes.slice(0, 4), scores: scores.slice(0, 1) },
        { boxes: boxes.slice(8, 12), scores: scores.slice(2, 3) },
      ],
      config,
      keep,
    );
    expect([...twice.scores]).to.deep.equal([0.8, 0.6]);
    const none = keepBest(
      [{ boxes: new Float64Array(0), scores: new Float64Array(0) }],
      config,
      keep,
    );
    expect(none.scores.length).to.equal(0);
  });

  it('moves a kept box to the mean of its voters where the config asks for it', () => {
    const voting = presetConfig('paper');
    voting.test.boxVoting = 0.5;
    const candidates = {
      boxes: Float64Array.of(0, 0, 19, 19, 4, 0, 23, 19, 60, 60, 79, 79),
      scores: Float64Array.of(0.9, 0.3, 0.6),
    };
    const keep = { score: 0.05, nmsIou: 0.5, maxDetections: 10 };
    const got = keepBest([candidates], voting, keep);
    // (0.9 * 0 + 0.3 * 4) / 1.2 = 1: the first box moves by a quarter of the way, the last stays.
    expect([...got.scores]).to.deep.equal([0.9, 0.6]);
    [1, 0, 20, 19, 60, 60, 79, 79].forEach((v, i) => expect(got.boxes[i]).to.be.closeTo(v, 1e-9));
    expect([...keepBest([candidates], config, keep).boxes.subarray(0, 4)]).to.deep.equal([
      0, 0, 19, 19,
    ]);
  });

  it('measures what covers a box', () => {
    // 5 x 5 cells of 8 pixels; occluder logits high in the right three columns.
    const logits = new Float32Array(2 * 25);
    for (let i = 0; i < 25; i++) logits[25 + i] = i % 5 >= 2 ? 4 : -4;
    const map = occluderMap(logits, { height: 5, width: 5, scale: 1 / 8 });
    const whole = { width: 40, height: 40 };
    const { ratio, mask } = occlusionIn([0, 0, 39, 39], map, whole, 0.5);
    // The boundary lies where the interpolated logit is 0: between the centres 12 and 20, at 16.
    expect(mask.width).to.equal(40);
    expect([...mask.data.subarray(0, 40)].indexOf(1)).to.equal(16);
    expect(ratio).to.equal(24 / 40);
    const part = occlusionIn([10.4, 5.2, 25.7, 12.1], map, whole, 0.5);
    expect(part.mask).to.include({ x: 11, y: 6, width: 15, height: 7 });
    expect(part.ratio).to.equal(10 / 15);
    // A higher threshold moves the boundary inwards.
    expect(occlusionIn([0, 0, 39, 39], map, whole, 0.9).ratio).to.be.lessThan(ratio);
    const gate = new Uint8Array(1600).fill(1, 0, 40);
    const picture = occluderPicture(map, whole, gate);
    expect(picture[39]).to.be.greaterThan(240);
    expect(picture[79]).to.equal(0);
  });

  it('calls covered what is in the face region and no visible face', () => {
    const cases: [region: number, visible: number][] = [
      [0, 0],
      [4, -3],
      [4, 3],
      [-5, -2],
      [-80, -90],
      [200, 150],
      [90, -700],
    ];
    for (const [f, v] of cases) {
      const map = occluderMap([f, v], { height: 1, width: 1, scale: 1 }, 'region-visible');
      const p = 1 / ((1 + Math.exp(-f)) * (1 + Math.exp(v)));
      expect(1 / (1 + Math.exp(-map.values[0]!))).closeTo(p, 1e-6);
      expect(Number.isFinite(map.values[0])).equals(true);
    }
  });

  it('gives plain records with run lengths', () => {
    const mask = { x: 1, y: 2, width: 2, height: 2, data: Uint8Array.from([0, 1, 1, 0]) };
    const face = new DetectedFace([1.23456, 2, 3, 4], 0.987654, { ratio: 0.5, mask });
    const record = JSON.parse(JSON.stringify(face)) as ReturnType<DetectedFace['toJSON']>;
    expect(record.box).to.deep.equal([1.23, 2, 3, 4]);
    expect(record.score).to.equal(0.9877);
    expect(record.occlusion?.mask?.counts).to.deep.equal([1, 2, 1]);
    expect(decodeRunLength(record.occlusion!.mask!)).to.deep.equal(mask);
    expect(face.record(false).occlusion).to.deep.equal({ ratio: 0.5 });
    expect(face.isOccluded()).to.equal(true);
    expect(face.isOccluded(0.6)).to.equal(false);
    expect(new DetectedFace([0, 0, 1, 1], 1, null).isOccluded()).to.equal(false);
  });

  it('passes scores of the best through the calibration of the weights, and votes without it', () => {
    const plain = presetConfig('lite');
    plain.test.boxVoting = 0.5;
    const calibrated = structuredClone(plain);
    calibrated.test.calibration = { scores: [0, 0.5, 1], probabilities: [0, 0.002, 1] };
    const candidates = {
      boxes: Float64Array.from([0, 0, 20, 20, 2, 0, 22, 20, 40, 40, 60, 60]),
      scores: Float64Array.from([0.75, 0.5, 0.4]),
    };
    const keep = { score: 0.3, nmsIou: 0.4, maxDetections: 10 };
    const raw = keepBest([candidates], plain, keep);
    expect([...raw.scores]).to.deep.equal([0.75, 0.4]);
    const got = keepBest([candidates], calibrated, keep);
    expect(got.scores).to.have.length(1); // .4 means .0016
    expect(got.scores[0]).closeTo(0.501, 1e-9);
    expect([...got.boxes]).to.deep.equal([...raw.boxes.subarray(0, 4)]);
    expect(got.boxes[0]).closeTo((2 * 0.5) / 1.25, 1e-9);
  });

  it('turns pairs of logits into probabilities', () => {
    const got = faceProbabilities([0, 0, 500, -500, -500, 500]);
    expect([...got]).to.deep.equal([0.5, 0, 1]);
  });

  it('a face has the same box whatever the least score is: voting looks below it', () => {
    const rng = new CounterRng(5, 'test/voting');
    for (let round = 0; round < 20; round++) {
      const count = 60;
      const boxes = Float64Array.from({ length: count * 4 });
      const scores = Float64Array.from({ length: count }, () => rng.next() ** 2);
      for (let i = 0; i < count; i++) {
        const [x, y] = [20 * rng.int(4) + 6 * rng.next(), 20 * rng.int(4) + 6 * rng.next()];
        boxes.set([x, y, x + 18 + 4 * rng.next(), y + 18 + 4 * rng.next()], 4 * i);
      }
      const config = presetConfig('lite');
      config.test.boxVoting = 0.6;
      const at = (score: number): string[] => {
        const keep = { score, nmsIou: 0.4, maxDetections: 300 };
        const best = keepBest([{ boxes, scores }], config, keep);
        return [...best.scores].map(
          (s, i) => `${s} ${best.boxes.slice(4 * i, 4 * i + 4).join(' ')}`,
        );
      };
      const all = at(0.01);
      for (const score of [0.02, 0.1, 0.5]) {
        const expected = all.filter((line) => Number(line.split(' ')[0]) > score);
        expect(at(score), `round ${round}, ${score}`).to.deep.equal(expected);
      }
    }
  });
});
