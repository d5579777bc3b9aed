import { expect } from 'chai';
import { makeAnchors } from '../../../src/aofd/boxes/anchors.js';
import { boxRows, boxesFrom } from '../../../src/aofd/boxes/index.js';
import { anchorsInside, assignAnchors } from '../../../src/aofd/boxes/matcher.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';

const paper = presetConfig('paper');
const size = { width: 160, height: 128 };
const anchors = makeAnchors(paper.model.levels, [{ height: 8, width: 10 }]).boxes;
const gt = boxesFrom([
  [40, 30, 99, 105],
  [118, 8, 137, 31],
]);

const nothing = new Float64Array(0);
const image = { faces: gt, ignore: nothing };

describe('RPN targets (docs/spec.md 1.7)', () => {
  const result = assignAnchors(anchors, image, size, paper, null);

  it('uses the 80 anchors inside the image', () => {
    const inside = anchorsInside(anchors, size, 0);
    expect(inside.length).to.equal(80);
    expect(inside[0]).to.equal(252);
    const byAnchor = [0, 4, 8].map((a) => [...inside].filter((i) => i % 12 === a).length);
    expect(byAnchor).to.deep.equal([32, 24, 24]);
  });

  it('labels as in the worked example', () => {
    expect([...result.positives]).to.deep.equal([324, 336, 528, 532, 536]);
    expect(result.negatives.length).to.equal(44);
    expect(result.labels.filter((l) => l === -1).length).to.equal(960 - 49);
    expect(result.maxIou[536]).to.be.closeTo(0.8390411, 1e-7);
    expect(result.maxIou[324]).to.equal(0.125);
    expect(result.maxIou[336]).to.equal(0.125);
    expect(result.maxIou[528]).to.be.closeTo(0.732673, 1e-6);
    expect(result.maxIou[532]).to.be.closeTo(0.797342, 1e-6);
    expect([...result.positives].map((i) => result.matched[i])).to.deep.equal([1, 1, 0, 0, 0]);
  });

  it('gives the targets of the worked example', () => {
    const want: Record<number, number[]> = {
      324: [0.166667, -0.25, -0.875469, -1.203973],
      336: [-0.166667, -0.25, -0.875469, -1.203973],
      528: [-0.041667, -0.05, 0.223144, -0.051293],
      532: [-0.03125, -0.0625, -0.064539, 0.17185],
      536: [-0.035714, -0.055556, 0.068993, 0.054067],
    };
    const rows = boxRows(result.targets);
    for (const [index, values] of Object.entries(want)) {
      values.forEach((v, j) => expect(rows[Number(index)]![j]).to.be.closeTo(v, 2e-6));
    }
  });

  it('labels no anchor positive for a face that touches none (J4)', () => {
    const lonely = boxesFrom([[0, 0, 3, 3]]);
    const inside = assignAnchors(anchors, { ...image, faces: lonely }, size, paper, null);
    expect(inside.positives.every((i) => inside.maxIou[i]! > 0)).to.equal(true);
    const far = boxesFrom([[400, 400, 420, 420]]);
    const none = assignAnchors(anchors, { ...image, faces: far }, size, paper, null);
    expect(none.positives.length).to.equal(0);
    expect(none.negatives.length).to.equal(80);
  });

  it('makes everything background without faces', () => {
    const none = assignAnchors(anchors, { faces: nothing, ignore: nothing }, size, paper, null);
    expect([none.positives.length, none.negatives.length]).to.deep.equal([0, 80]);
  });

  it('uses outside anchors when the border is -1', () => {
    const config = { ...paper, rpn: { ...paper.rpn, allowedBorder: -1 } };
    const all = assignAnchors(anchors, image, size, config, null);
    expect(all.maxIou.filter((v) => v > 0).length).to.be.greaterThan(80);
    expect(all.positives.length + all.negatives.length).to.be.greaterThan(600);
  });

  it('samples without replacement, positives first capped', () => {
    const config = { ...paper, rpn: { ...paper.rpn, batchSize: 8 } };
    const more = { ...paper, rpn: { ...paper.rpn, batchSize: 20 } };
    const a = assignAnchors(anchors, image, size, config, new CounterRng(1, 'rpn'));
    const b = assignAnchors(anchors, image, size, config, new CounterRng(1, 'rpn'));
    expect([a.positives.length, a.negatives.length]).to.deep.equal([4, 4]);
    expect([...a.labels]).to.deep.equal([...b.labels]);
    expect(a.labels.filter((l) => l >= 0).length).to.equal(8);
    const few = assignAnchors(anchors, image, size, more, new CounterRng(1));
    expect([few.positives.length, few.negatives.length]).to.deep.equal([5, 15]);
  });

  it('leaves background inside ignored regions out, never faces', () => {
    const region = boxesFrom([[0, 0, 159, 127]]);
    const r = assignAnchors(anchors, { faces: gt, ignore: region }, size, paper, null);
    expect([...r.positives]).to.deep.equal([324, 336, 528, 532, 536]);
    expect(r.negatives.length).to.equal(0);
  });
});
