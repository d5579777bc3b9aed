import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  baseAnchors,
  gridAnchors,
  makeAnchors,
  roundHalfEven,
} from '../../../src/aofd/boxes/anchors.js';
import { boxRows } from '../../../src/aofd/boxes/index.js';
import { presetConfig } from '../../../src/aofd/config/index.js';

const golden = JSON.parse(
  readFileSync(new URL('../../golden/anchors.json', import.meta.url), 'utf8'),
) as { anchors_aofd: number[][]; anchors_classic: number[][] };

const paper = presetConfig('paper').model.levels[0]!;

describe('anchors (docs/spec.md 1.4)', () => {
  it("makes the paper's twelve", () => {
    expect(boxRows(baseAnchors(paper))).to.deep.equal(golden.anchors_aofd);
  });

  it("makes py-faster-rcnn's classic nine", () => {
    const classic = { ...paper, sizes: [128, 256, 512], ratios: [0.5, 1, 2] };
    expect(boxRows(baseAnchors(classic))).to.deep.equal(golden.anchors_classic);
  });

  it('keeps real sizes without rounding', () => {
    const [first] = boxRows(baseAnchors({ ...paper, rounding: 'none' }, 'continuous'));
    const want = [-16.5429, -33.7229, 32.5429, 49.7229];
    want.forEach((value, i) => expect(first![i]).to.be.closeTo(value, 1e-4));
  });

  it('orders y, x, anchor', () => {
    const grid = gridAnchors(baseAnchors(paper), { height: 8, width: 10 }, 16);
    expect(grid.length).to.equal(960 * 4);
    expect([...grid.subarray(4 * 536, 4 * 536 + 4)]).to.deep.equal([44, 36, 99, 107]);
  });

  it('puts levels one after the other', () => {
    const small = { stride: 8, sizes: [16, 24], ratios: [1.2], rounding: 'none' as const };
    const set = makeAnchors(
      [small, paper],
      [
        { height: 4, width: 6 },
        { height: 2, width: 3 },
      ],
    );
    expect(set.counts).to.deep.equal([48, 72]);
    expect(set.offsets).to.deep.equal([0, 48]);
    expect(set.total).to.equal(120);
    expect([...set.boxes.subarray(4 * 48, 4 * 48 + 4)]).to.deep.equal(golden.anchors_aofd[0]);
    expect(() => makeAnchors([small], [])).to.throw(/1 levels but 0/);
  });

  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, 2.4, 2.6].map((v) => roundHalfEven(v) + 0)).to.deep.equal([
      0, 2, 2, 0, 2, 3,
    ]);
  });
});
