import { expect } from 'chai';
import {
  bestOverlaps,
  boxIou,
  boxesFrom,
  clipBoxes,
  decodeBoxes,
  encodeBoxes,
  enlargeBoxes,
  gateMask,
  iouMatrix,
  nms,
  overlapMatrix,
  sortDescending,
  topK,
} from '../../../src/aofd/boxes/index.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';

const paper = presetConfig('paper');

/** Every number of `got` within `tolerance` of `want`. */
function close(got: ArrayLike<number>, want: readonly number[], tolerance = 1e-6): void {
  expect(got.length).to.equal(want.length);
  want.forEach((value, i) => expect(got[i], `element ${i}`).to.be.closeTo(value, tolerance));
}

describe('boxes: IoU (docs/spec.md 1.6)', () => {
  const a = boxesFrom([[0, 0, 9, 9]]);
  const others = boxesFrom([
    [5, 5, 14, 14],
    [10, 0, 19, 9],
    [9, 9, 18, 18],
  ]);

  it('gives the worked examples', () => {
    close(iouMatrix(a, others), [25 / 175, 0, 1 / 199], 1e-15);
    expect(boxIou(a, 0, others, 2)).to.be.closeTo(0.0050251, 1e-7);
  });

  it('reads continuous corners without the +1', () => {
    close(iouMatrix(a, others, 'continuous'), [16 / (81 + 81 - 16), 0, 0], 1e-15);
  });

  it('divides by the first area for iof', () => {
    close(overlapMatrix(a, boxesFrom([[0, 0, 19, 4]]), 'iof'), [0.5], 1e-15);
  });

  it('takes the lowest column on ties and copes with no columns', () => {
    const two = boxesFrom([
      [0, 0, 9, 9],
      [50, 50, 59, 59],
    ]);
    const three = boxesFrom([
      [0, 0, 1, 9],
      [0, 0, 4, 9],
      [5, 0, 9, 9],
    ]);
    const { max, argmax } = bestOverlaps(two, three);
    expect([...argmax]).to.deep.equal([1, 0]);
    expect([...max]).to.deep.equal([0.5, 0]);
    expect([...bestOverlaps(two, new Float64Array(0)).argmax]).to.deep.equal([-1, -1]);
  });
});

describe('boxes: box code (docs/spec.md 1.6)', () => {
  const e = boxesFrom([[16, 32, 63, 111]]);
  const g = boxesFrom([[20, 30, 69, 99]]);

  it('gives the worked example, plain and normalised', () => {
    const code = encodeBoxes(e, g);
    close(code, [0.1041667, -0.0875, 0.040822, -0.1335314], 1e-7);
    close(
      encodeBoxes(e, g, { stds: paper.rois.stds }),
      [1.0416667, -0.875, 0.20411, -0.667657],
      1e-6,
    );
    close(decodeBoxes(e, code), [20, 30, 70, 100], 1e-12);
    const normalised = encodeBoxes(e, g, { stds: paper.rois.stds });
    close(decodeBoxes(e, normalised, { stds: paper.rois.stds }), [20, 30, 70, 100], 1e-12);
  });

  it('keeps the trap: zero deltas on [0,0,15,15] give [0,0,16,16]', () => {
    close(decodeBoxes(boxesFrom([[0, 0, 15, 15]]), [0, 0, 0, 0]), [0, 0, 16, 16], 0);
  });

  it('is its own inverse with continuous corners', () => {
    const code = encodeBoxes(e, g, { convention: 'continuous' });
    close(decodeBoxes(e, code, { convention: 'continuous' }), [20, 30, 69, 99], 1e-12);
  });

  it('caps dw and dh at ln(1000/16) (J3)', () => {
    expect(paper.boxes.maxLogRatio).to.be.closeTo(4.135167, 1e-6);
    const out = decodeBoxes(boxesFrom([[0, 0, 15, 15]]), [0, 0, 1000, -1000], paper.boxes);
    expect(out[2]! - out[0]!).to.be.closeTo(1000, 1e-9);
    expect(out[3]! - out[1]!).to.equal(0);
  });

  it('names the row of an empty box', () => {
    expect(() => encodeBoxes(e, boxesFrom([[20, 30, 10, 99]]))).to.throw(/row 0.*Fix/s);
  });

  it('decodes the proposal example and clips it (docs/spec.md 1.9)', () => {
    const out = decodeBoxes(boxesFrom([[0, 0, 63, 63]]), [0.1, -0.05, 0.2, 0.1]);
    close(out, [-0.6849, -6.5655, 77.4849, 64.1655], 1e-4);
    close(clipBoxes(out, { width: 120, height: 100 }), [0, 0, 77.4849, 64.1655], 1e-4);
  });
});

describe('boxes: geometry', () => {
  it('enlarges by 1.3 about the centre and clips (docs/spec.md 4.3)', () => {
    const size = { width: 300, height: 300 };
    const boxes = boxesFrom([
      [100, 80, 159, 159],
      [0, 0, 39, 49],
    ]);
    close(enlargeBoxes(boxes, 1.3, size), [91, 68, 168, 171, 0, 0, 45, 56.5], 1e-9);
  });

  it('marks the pixels inside any box', () => {
    const mask = gateMask(boxesFrom([[0.5, 0, 2.5, 1]]), { width: 4, height: 3 });
    expect([...mask]).to.deep.equal([0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });
});

describe('boxes: sorting', () => {
  it('keeps the lower index first on ties and puts NaN last (J5)', () => {
    const scores = [0.5, NaN, 0.9, 0.5, -0, 0, -1, 0.9];
    const want = [2, 7, 0, 3, 4, 5, 6, 1];
    expect([...sortDescending(Float64Array.from(scores))]).to.deep.equal(want);
    expect([...sortDescending(Float32Array.from(scores))]).to.deep.equal(want);
  });

  it('narrows by histogram without changing the answer', () => {
    const rng = new CounterRng(7);
    const scores = Float32Array.from({ length: 20000 }, () => Math.round(rng.next() * 500) / 500);
    const all = [...sortDescending(Float64Array.from(scores))];
    for (const k of [0, 1, 300, 9000, 20000, 30000]) {
      expect([...topK(scores, k)]).to.deep.equal(all.slice(0, k));
    }
  });
});

describe('boxes: NMS (docs/spec.md 1.9)', () => {
  const boxes = boxesFrom([
    [0, 0, 9, 9],
    [0, 0, 9, 10],
    [1, 1, 10, 10],
    [20, 20, 29, 29],
    [20, 20, 29, 24],
    [50, 50, 59, 59],
  ]);
  const scores = Float64Array.of(0.9, 0.8, 0.95, 0.7, 0.6, 0.7);

  it('gives the worked example', () => {
    expect([...nms(boxes, scores, { iouThreshold: 0.7 })]).to.deep.equal([2, 0, 3, 5, 4]);
    expect([...nms(boxes, scores, { iouThreshold: 0.5 })]).to.deep.equal([2, 3, 5, 4]);
    expect([...nms(boxes, scores, { iouThreshold: 0.3 })]).to.deep.equal([2, 3, 5]);
  });

  it('stops at maxOutput and leaves groups apart', () => {
    expect([...nms(boxes, scores, { iouThreshold: 0.3, maxOutput: 2 })]).to.deep.equal([2, 3]);
    const groups = [0, 1, 0, 0, 1, 0];
    expect([...nms(boxes, scores, { iouThreshold: 0.3, groups })]).to.deep.equal([2, 1, 3, 5, 4]);
  });

  it('keeps no two boxes above the threshold, and drops none without reason', () => {
    const rng = new CounterRng(3);
    const many = boxesFrom(
      Array.from({ length: 400 }, () => {
        const x = rng.range(0, 200);
        const y = rng.range(0, 200);
        return [x, y, x + rng.range(5, 60), y + rng.range(5, 60)];
      }),
    );
    const s = Float32Array.from({ length: 400 }, () => rng.next());
    const kept = [...nms(many, s, { iouThreshold: 0.4 })];
    const iou = iouMatrix(many, many);
    for (let i = 0; i < 400; i++) {
      const above = kept.filter((k) => k !== i && iou[k * 400 + i]! > 0.4 && s[k]! > s[i]!);
      expect(above.length > 0, `box ${i}`).to.equal(!kept.includes(i));
    }
  });

  it('returns nothing for nothing', () => {
    expect(nms(new Float32Array(0), new Float32Array(0), { iouThreshold: 0.5 }).length).to.equal(0);
  });
});
