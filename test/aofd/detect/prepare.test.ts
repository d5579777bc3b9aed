import { expect } from 'chai';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { inputScale, preparePass } from '../../../src/aofd/detect/prepare.js';

const paper = presetConfig('paper').input;
const lite = presetConfig('lite').input;

function picture(
  width: number,
  height: number,
  value: (x: number, y: number, c: number) => number,
) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = value(x, y, c);
    }
  }
  return { width, height, data };
}

describe('preprocessing', () => {
  it('sizes pictures as the paper does (docs/spec.md 1.1, 1.2)', () => {
    const sizes: [number, number, number, number][] = [
      [299, 450, 680, 1024],
      [450, 333, 1024, 758],
      [1280, 720, 1024, 576],
      [400, 400, 1024, 1024],
      [1200, 300, 1024, 256],
    ];
    for (const [width, height, outW, outH] of sizes) {
      const scale = inputScale(width, height, paper);
      expect([Math.round(width * scale), Math.round(height * scale)]).to.deep.equal([outW, outH]);
    }
  });

  it('scales the long side for lite, small pictures too, and pads to few shapes', () => {
    const input = { ...lite, maxSize: 640, padMultiple: 32 };
    const small = preparePass(
      picture(50, 30, () => 200),
      input,
    );
    expect([small.contentWidth, small.contentHeight]).to.deep.equal([640, 384]);
    expect(small.scale).to.equal(12.8);
    const wide = preparePass(
      picture(100, 33, () => 200),
      input,
    );
    expect([wide.contentHeight, wide.height]).to.deep.equal([211, 224]);
    // Padding is the mean: zero after normalisation; lanes 3 are zero too.
    const at = (y: number, x: number, lane: number): number =>
      wide.data[(y * wide.width + x) * 4 + lane] ?? NaN;
    expect(at(220, 5, 0)).to.equal(0);
    expect(at(100, 5, 3)).to.equal(0);
    expect(at(100, 5, 1)).to.be.closeTo((200 - (input.mean[1] ?? 0)) / (input.std[1] ?? 1), 1e-6);
    const doubled = preparePass(
      picture(100, 33, () => 0),
      input,
      { factor: 0.5 },
    );
    expect(doubled.contentWidth).to.equal(320);
  });

  it('orders channels and subtracts means by the config', () => {
    const image = picture(4, 4, (_x, _y, c) => 10 * (c + 1)); // R 10, G 20, B 30
    const input = { ...paper, testShortSide: 4, maxSize: 4 };
    const { data } = preparePass(image, input);
    expect(data[0]).to.be.closeTo(30 - 102.9801, 1e-4);
    expect(data[1]).to.be.closeTo(20 - 115.9465, 1e-4);
    expect(data[2]).to.be.closeTo(10 - 122.7717, 1e-4);
    const rgb = preparePass(image, {
      ...input,
      channelOrder: 'rgb',
      mean: [0, 0, 0],
      std: [2, 2, 2],
    });
    expect([...rgb.data.subarray(0, 4)]).to.deep.equal([5, 10, 15, 0]);
  });

  it('resizes with half-pixel centres and mirrors', () => {
    const image = picture(4, 1, (x) => 10 * x);
    const input = {
      ...lite,
      channelOrder: 'rgb' as const,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      maxSize: 8,
      padMultiple: 1,
    };
    const row = (flip: boolean): number[] => {
      const { data, width } = preparePass(image, input, { flip });
      return Array.from({ length: width }, (_, x) => data[4 * x] ?? NaN);
    };
    const expected = [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30];
    expect(row(false)).to.deep.equal(expected);
    expect(row(true)).to.deep.equal([...expected].reverse());
  });

  it('averages before shrinking by more than 2, without a shift', () => {
    const input = {
      ...lite,
      channelOrder: 'rgb' as const,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      maxSize: 16,
      padMultiple: 1,
    };
    // A ramp stays a ramp with the same centre; stripes of one pixel become grey.
    const ramp = preparePass(
      picture(160, 16, (x) => x),
      input,
    );
    for (let x = 1; x < 15; x++) expect(ramp.data[4 * x]).to.be.closeTo(10 * x + 4.5, 0.51);
    const stripes = preparePass(
      picture(160, 16, (x) => 255 * (x % 2)),
      input,
    );
    for (let x = 0; x < 16; x++) expect(stripes.data[4 * x]).to.be.closeTo(127.5, 1);
    // Odd sizes: the last block is smaller.
    const odd = preparePass(
      picture(37, 35, () => 77),
      { ...input, maxSize: 9 },
    );
    expect(Math.max(...odd.data.filter((_, i) => i % 4 === 0))).to.be.closeTo(77, 1e-4);
  });
});
