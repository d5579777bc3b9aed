import { expect } from 'chai';
import { makeAnchors } from '../../../src/aofd/boxes/anchors.js';
import { assignAtss, type AtssLevel, type DenseTargets } from '../../../src/aofd/boxes/atss.js';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { decodeBoxes } from '../../../src/aofd/boxes/coder.js';

const strides = [8, 16, 32];
const sizes = [
  [10, 16, 25],
  [40, 63, 100],
  [160, 250, 400],
];
const side = 256;
const levels: AtssLevel[] = strides.map((stride) => ({
  stride,
  width: side / stride,
  height: side / stride,
}));
const anchors = makeAnchors(
  strides.map((stride, i) => ({ stride, sizes: sizes[i]!, ratios: [1.1], rounding: 'none' })),
  levels,
);
const config = resolveConfig({ rpn: { assign: 'atss' } });
const none = new Float64Array();
const assign = (faces: Float64Array, ignore = none): DenseTargets =>
  assignAtss(anchors, levels, { faces, ignore }, config);

describe('assignAtss', () => {
  it('gives faces of every size several anchors, wherever they lie in a cell', () => {
    for (const size of [10, 14, 22, 35, 60, 110, 180]) {
      for (const shift of [0, 2.5, 5]) {
        const at = 40 + shift;
        const found = assign(Float64Array.of(at, at, at + size - 1, at + 1.1 * size - 1));
        expect(found.positives.length, `size ${size}, shift ${shift}`).within(
          size < 12 ? 1 : 2,
          30,
        );
      }
    }
  });

  it('codes boxes that decode to the face', () => {
    const face = Float64Array.of(50, 61, 70, 84);
    const { labels, targets } = assign(face);
    labels.forEach((label, a) => {
      if (label !== 1) return;
      const box = decodeBoxes(
        anchors.boxes.slice(4 * a, 4 * a + 4),
        targets.slice(4 * a, 4 * a + 4),
        {},
      );
      // Decoded corners are the far edges: one more than inclusive ones (docs/spec.md 1.6).
      face.forEach((v, j) => expect(box[j]).closeTo(v + (j < 2 ? 0 : 1), 1e-4));
    });
  });

  it('gives an anchor that two faces want to the one that it overlaps more', () => {
    const gt = Float64Array.of(60, 60, 83, 83, 70, 60, 93, 83);
    const both = assign(gt);
    const alone = [0, 4].map((from) => assign(gt.slice(from, from + 4)).positives.length);
    expect(both.positives.length).lessThan(alone[0]! + alone[1]!);
    expect(both.positives.length).greaterThan(1);
  });

  it('leaves out background in ignored regions, but no face', () => {
    const face = Float64Array.of(60, 60, 83, 83);
    const region = Float64Array.of(40, 40, 120, 120);
    const { labels, positives } = assign(face, region);
    const plain = assign(face);
    expect(positives).deep.equals(plain.positives);
    expect(labels.filter((l) => l === -1).length).greaterThan(50);
    labels.forEach((l, a) => {
      if (l === -1) expect(plain.labels[a]).equals(0);
    });
  });

  it('calls everything background without faces', () => {
    const { labels, positives } = assign(new Float64Array());
    expect(positives.length).equals(0);
    expect(labels.every((l) => l === 0)).equals(true);
  });
});
