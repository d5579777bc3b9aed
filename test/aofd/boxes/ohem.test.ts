import { expect } from 'chai';
import { boxesFrom } from '../../../src/aofd/boxes/index.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { miningLosses, selectHardRois } from '../../../src/aofd/boxes/ohem.js';

describe('online hard example mining (docs/spec.md 2)', () => {
  const losses = Float64Array.of(2.3, 0.1, 1.7, 1.6, 0.9, 0.05, 0.8);
  const labels = Int32Array.of(1, 1, 1, 0, 0, 0, 1);
  const boxes = boxesFrom([
    [0, 0, 49, 49],
    [0, 0, 39, 39],
    [2, 2, 51, 51],
    [60, 60, 99, 99],
    [62, 60, 101, 99],
    [10, 60, 49, 99],
    [61, 61, 100, 100],
  ]);

  it('gives the worked example', () => {
    const paper = presetConfig('paper');
    const all = selectHardRois(losses, labels, boxes, paper);
    expect([...all]).to.deep.equal([0, 3, 6, 1, 5]);
    const ohem = { ...paper.ohem, batchSize: 3 };
    const three = selectHardRois(losses, labels, boxes, { ...paper, ohem });
    expect([...three]).to.deep.equal([0, 3, 6]);
  });

  it('adds the box loss of faces only', () => {
    const out = miningLosses(
      [0.2, 0.8, 0.9, 0.1],
      Int32Array.of(1, 0),
      [0.5, 0, 0, 2, 9, 9, 9, 9],
      [0, 0, 0, 0, 0, 0, 0, 0],
    );
    expect(out[0]).to.be.closeTo(-Math.log(0.8) + 0.125 + 1.5, 1e-6);
    expect(out[1]).to.be.closeTo(-Math.log(0.9), 1e-6);
  });
});
