import { expect } from 'chai';
import { boxRows, boxesFrom, iouMatrix } from '../../../src/aofd/boxes/index.js';
import { selectProposals } from '../../../src/aofd/boxes/proposals.js';
import {
  expandBoxTargets,
  labelAllRois,
  sampleRois,
  takeRois,
} from '../../../src/aofd/boxes/sampler.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';

const paper = presetConfig('paper');
const none = new Float64Array(0);

describe('proposals (docs/spec.md 1.9)', () => {
  const anchors = boxesFrom([
    [0, 0, 63, 63],
    [90, 70, 105, 85],
  ]);
  const deltas = [0.1, -0.05, 0.2, 0.1, 0, 0, 0.1, 0];
  const size = { width: 120, height: 100 };

  it('drops the small box although its score is highest', () => {
    const out = selectProposals(
      { scores: Float32Array.of(0.5, 0.9), anchors, deltas, size, scale: 1.5 },
      paper.proposals.test,
      paper.boxes,
    );
    expect([...out.indices]).to.deep.equal([0]);
    expect(out.scores[0]).to.equal(0.5);
    [0, 0, 77.4849, 64.1655].forEach((v, i) => expect(out.boxes[i]).to.be.closeTo(v, 1e-4));
    const loose = selectProposals(
      { scores: Float32Array.of(0.5, 0.9), anchors, deltas, size, scale: 1 },
      paper.proposals.test,
      paper.boxes,
    );
    expect([...loose.indices]).to.deep.equal([1, 0]);
  });

  it('obeys both limits and ties by index', () => {
    const anchors = boxesFrom(Array.from({ length: 10 }, (_, i) => [i * 20, 0, i * 20 + 17, 17]));
    const deltas = new Float32Array(40);
    const scores = new Float32Array(10).fill(0.5);
    scores[7] = 0.6;
    const config = { preNmsTop: 5, postNmsTop: 3, nmsIou: 0.7, minSize: 16, minScore: 0 };
    const input = { scores, anchors, deltas, size: { width: 400, height: 400 }, scale: 1 };
    const out = selectProposals(input, config, paper.boxes);
    expect([...out.indices]).to.deep.equal([7, 0, 1]);
    const cut = selectProposals(input, { ...config, postNmsTop: 9 }, paper.boxes);
    expect([...cut.indices]).to.deep.equal([7, 0, 1, 2, 3]);
    const confident = selectProposals(input, { ...config, minScore: 0.55 }, paper.boxes);
    expect([...confident.indices]).to.deep.equal([7]);
  });

  it('takes more than the limit where more are likely faces', () => {
    const anchors = boxesFrom(Array.from({ length: 10 }, (_, i) => [i * 20, 0, i * 20 + 17, 17]));
    const scores = Float32Array.from({ length: 10 }, (_, i) => 0.95 - 0.1 * i);
    const limits = { preNmsTop: 10, postNmsTop: 2, nmsIou: 0.7, minSize: 16, minScore: 0 };
    const input = { scores, anchors, deltas: new Float32Array(40), size: { width: 400, height: 400 }, scale: 1 }; // prettier-ignore
    const chosen = (crowd: { score: number; top: number }): number[] => [
      ...selectProposals(input, { ...limits, crowd }, paper.boxes).indices,
    ];
    expect(chosen({ score: 0.6, top: 9 })).to.deep.equal([0, 1, 2, 3]);
    expect(chosen({ score: 0.6, top: 3 })).to.deep.equal([0, 1, 2]);
    // Never fewer than without, even where `top` is below the limit or nothing is likely.
    expect(chosen({ score: 0.99, top: 9 })).to.deep.equal([0, 1]);
    expect(chosen({ score: 0, top: 1 })).to.deep.equal([0, 1]);
  });

  it('drops rows that are not finite and says when sizes differ', () => {
    const out = selectProposals(
      {
        scores: Float32Array.of(0.5, 0.9),
        anchors,
        deltas: [0, 0, 0, 0, NaN, 0, 0, 0],
        size,
        scale: 1,
      },
      paper.proposals.test,
      paper.boxes,
    );
    expect([...out.indices]).to.deep.equal([0]);
    expect(() =>
      selectProposals(
        { scores: Float32Array.of(0.5), anchors, deltas, size, scale: 1 },
        paper.proposals.test,
        paper.boxes,
      ),
    ).to.throw(/1 scores need 4/);
  });
});

describe('RoI sampling (docs/spec.md 1.10)', () => {
  const gt = boxesFrom([
    [40, 30, 99, 105],
    [200, 100, 239, 149],
  ]);
  const image = { faces: gt, ignore: none };
  const rng = new CounterRng(11);
  const proposals = Float32Array.from(
    boxesFrom(
      Array.from({ length: 600 }, (_, i) => {
        const near = i % 3 === 0;
        const x = near ? 40 + rng.range(-12, 12) : rng.range(0, 260);
        const y = near ? 30 + rng.range(-12, 12) : rng.range(0, 160);
        return [x, y, x + 59, y + 75];
      }),
    ),
  );

  it('draws 32 faces and 96 background rows, faces first', () => {
    const out = sampleRois(proposals, image, paper, new CounterRng(5, 'rois'));
    expect(out.positives).to.equal(32);
    expect(out.labels.length).to.equal(128);
    expect([...out.labels.subarray(0, 32)].every((l) => l === 1)).to.equal(true);
    expect([...out.labels.subarray(32)].every((l) => l === 0)).to.equal(true);
    const iou = iouMatrix(out.boxes, gt);
    for (let i = 0; i < 128; i++) {
      const best = Math.max(iou[2 * i]!, iou[2 * i + 1]!);
      expect(out.iou[i]).to.be.closeTo(best, 1e-5);
      if (out.labels[i] === 1) expect(best).to.be.at.least(0.5 - 1e-6);
      else expect(best).to.be.below(0.5 + 1e-6);
    }
    expect(new Set(out.source).size).to.equal(128);
    const again = sampleRois(proposals, image, paper, new CounterRng(5, 'rois'));
    expect([...again.source]).to.deep.equal([...out.source]);
  });

  it('normalises targets by (0.1, 0.1, 0.2, 0.2)', () => {
    const one = sampleRois(
      Float64Array.of(16, 32, 63, 111),
      { faces: boxesFrom([[20, 30, 69, 99]]), ignore: none },
      { ...paper, rois: { ...paper.rois, addGroundTruth: false } },
      new CounterRng(1),
    );
    expect(one.positives).to.equal(1);
    [1.0416667, -0.875, 0.20411, -0.667657].forEach((v, i) =>
      expect(one.targets[i]).to.be.closeTo(v, 1e-6),
    );
    const { targets, inside, outside } = expandBoxTargets(one.labels, one.targets);
    expect([...inside]).to.deep.equal([0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...outside]).to.deep.equal([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(targets[4]).to.equal(one.targets[0]);
  });

  it('makes everything background without faces, and nothing from nothing', () => {
    const noFaces = { faces: none, ignore: none };
    const background = sampleRois(proposals, noFaces, paper, new CounterRng(2));
    const { positives, labels, matched } = background;
    expect([positives, labels.length, matched[0]]).to.deep.equal([0, 128, -1]);
    const empty = sampleRois(new Float32Array(0), noFaces, paper, new CounterRng(2));
    expect(empty.labels.length).to.equal(0);
  });

  it('adds the ground truth and skips ignored regions', () => {
    const region = boxesFrom([[0, 0, 999, 999]]);
    const out = sampleRois(proposals, { faces: gt, ignore: region }, paper, new CounterRng(2));
    expect(out.labels.length).to.equal(32);
    const all = labelAllRois(proposals, image, paper);
    expect(all.labels.length).to.equal(602);
    const rows = [...all.source].map((s, i) => (s >= 600 ? i : -1)).filter((i) => i >= 0);
    const picked = takeRois(all, rows);
    expect(boxRows(picked.boxes)).to.deep.equal(boxRows(gt));
    expect(picked.positives).to.equal(2);
    expect([...picked.targets].every((t) => t === 0)).to.equal(true);
  });
});
