import { expect } from 'chai';
import {
  detectionScale,
  resizeArea,
  resizeBilinear,
  resizedLength,
  resizeImage,
  resizeLabels,
  roundHalfEven,
} from '../../../src/aofd/data/resize.js';
import { gradientImage } from '../../helpers/pictures.js';

/** One row scaled in x (the y axis has one element and stays constant). */
function row(values: number[], scale: number): number[] {
  const tall = [...values, ...values];
  const out = resizeBilinear(tall, values.length, 2, 1, scale);
  return [...out.data.subarray(0, out.width)];
}

describe('data/resize', () => {
  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, 7.5, 2.4, 2.6].map(roundHalfEven)).to.deep.equal([0, 2, 2, 8, 2, 3]);
    expect(resizedLength(5, 1.5)).to.equal(8);
  });

  it('matches the vectors of docs/spec.md 1.2 (tolerance 1e-4)', () => {
    const near = (got: number[], expected: number[]): void => {
      expect(got).to.have.length(expected.length);
      got.forEach((v, i) => expect(v).to.be.closeTo(expected[i] as number, 1e-4));
    };
    near(row([0, 10, 20, 30], 2), [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]);
    near(row([0, 10, 20, 30, 40], 1.5), [0, 5, 11.6667, 18.3333, 25, 31.6667, 38.3333, 40]);
    near(row([0, 10, 20, 30], 0.5), [5, 25]);
  });

  it('gives the resized sizes of docs/spec.md 1.1 (height x width)', () => {
    const sizes: [number, number, number, number, number][] = [
      [450, 299, 512, 771, 512],
      [450, 299, 1024, 1024, 680],
      [333, 450, 512, 512, 692],
      [333, 450, 1024, 758, 1024],
      [720, 1280, 512, 512, 910],
      [720, 1280, 1024, 576, 1024],
      [1024, 683, 512, 768, 512],
      [400, 400, 1024, 1024, 1024],
      [300, 1200, 512, 256, 1024],
    ];
    for (const [h, w, target, outH, outW] of sizes) {
      const s = detectionScale(w, h, target, 1024);
      expect([resizedLength(h, s), resizedLength(w, s)]).to.deep.equal([outH, outW]);
    }
  });

  it('keeps constant pictures and the identity', () => {
    const image = gradientImage(23, 11);
    expect(resizeImage(image, 1)).to.deep.equal(image);
    const flat = { width: 7, height: 5, data: new Uint8Array(105).fill(77) };
    for (const s of [0.3, 0.7, 1.9, 3]) {
      expect(new Set(resizeImage(flat, s).data)).to.deep.equal(new Set([77]));
    }
  });

  it('resizes labels by nearest, to an exact size', () => {
    const labels = Uint8Array.from([0, 1, 255, 1]);
    const up = resizeLabels(labels, 2, 2, 2);
    expect([...up]).to.deep.equal([0, 0, 1, 1, 0, 0, 1, 1, 255, 255, 1, 1, 255, 255, 1, 1]);
    expect(resizeLabels(labels, 2, 2, 1.3, 5, 4)).to.have.length(20);
    const values = new Set(resizeLabels(labels, 2, 2, 3.7));
    expect([...values].every((v) => [0, 1, 255].includes(v))).to.equal(true);
  });

  it('shrinks by exact area, keeping the mean', () => {
    const image = { width: 4, height: 2, data: new Uint8Array(24) };
    image.data.forEach((_, i) => (image.data[i] = 10 * Math.floor(i / 3)));
    const half = resizeArea(image, 2, 1);
    expect([half.data[0], half.data[3]]).to.deep.equal([25, 45]);
    const odd = resizeArea(gradientImage(50, 30), 13, 7);
    const mean = (d: Uint8Array): number => d.reduce((a, b) => a + b, 0) / d.length;
    expect(mean(odd.data)).to.be.closeTo(mean(gradientImage(50, 30).data), 0.5);
    expect(() => resizeArea(image, 5, 1)).to.throw(/cannot shrink/);
  });

  it('refuses scales that cannot be', () => {
    for (const s of [0, -1, NaN, Infinity]) expect(() => row([1, 2], s)).to.throw(/scale/);
  });
});
