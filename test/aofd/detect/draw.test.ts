import { expect } from 'chai';
import { PNG } from 'pngjs';
import { drawFaces, faceLabel, scoreColor } from '../../../src/aofd/detect/drawing/draw-faces.js';
import type { Raster } from '../../../src/aofd/detect/drawing/draw.js';
import {
  COVER_COLOR,
  drawBox,
  drawMask,
  drawText,
  fillRect,
  labelSize,
} from '../../../src/aofd/detect/drawing/draw.js';
import { glyphOf, hasGlyph, textWidth } from '../../../src/aofd/detect/drawing/font.js';
import { encodePng } from '../../../src/aofd/detect/files/png.js';

function blank(width: number, height: number, channels: 3 | 4 = 3): Raster {
  return { width, height, channels, data: new Uint8Array(width * height * channels) };
}

function pixel(r: Raster, x: number, y: number): number[] {
  const at = (y * r.width + x) * (r.channels ?? 3);
  return [...r.data.subarray(at, at + 3)];
}

function inkOf(r: Raster): number {
  return r.data.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
}

describe('drawing', () => {
  it('fills whole pixels completely and part pixels by their share', () => {
    const r = blank(4, 4);
    fillRect(r, [1, 1, 2.5, 2], [200, 100, 50]);
    expect(pixel(r, 1, 1)).to.deep.equal([200, 100, 50]);
    expect(pixel(r, 2, 1)).to.deep.equal([100, 50, 25]);
    expect(pixel(r, 3, 1)).to.deep.equal([0, 0, 0]);
    expect(pixel(r, 1, 2)).to.deep.equal([0, 0, 0]);
  });

  it('clips at every side and accepts boxes wholly outside', () => {
    const r = blank(8, 6);
    drawBox(r, [-20, -20, 40, 40], { color: [255, 0, 0], thickness: 3 });
    drawBox(r, [50, 50, 60, 60], { color: [255, 0, 0], thickness: 3 });
    drawText(r, -30, -30, 'covered', { size: 9, color: [255, 255, 255] });
    expect(inkOf(r)).to.equal(0);
    drawBox(r, [-4, -4, 3, 3], { color: [255, 0, 0], thickness: 2 });
    expect(pixel(r, 3, 0)).to.deep.equal([255, 0, 0]);
  });

  it('draws a frame of the asked thickness around an untouched inside', () => {
    const r = blank(40, 40);
    drawBox(r, [10, 10, 30, 30], { color: [0, 255, 0], thickness: 4 });
    for (const x of [8, 9, 10, 11]) expect(pixel(r, x, 20)).to.deep.equal([0, 255, 0]);
    expect(pixel(r, 20, 20)).to.deep.equal([0, 0, 0]);
  });

  it('draws degenerate boxes as a dot, without looping for ever', () => {
    const r = blank(9, 9);
    drawBox(r, [4, 4, 4, 4], { color: [0, 0, 255], thickness: 2 });
    expect(pixel(r, 4, 4)).to.deep.equal([0, 0, 255]);
  });

  it('tints covered pixels and outlines the area', () => {
    const r = blank(12, 12);
    drawMask(
      r,
      { x: 2, y: 3, width: 7, height: 7, data: new Uint8Array(49).fill(1) },
      { alpha: 0.5, outline: 1 },
    );
    expect(pixel(r, 5, 6)).to.deep.equal(COVER_COLOR.map((c) => Math.round(c / 2)));
    expect(pixel(r, 2, 6)[0]).to.be.greaterThan(230);
    expect(pixel(r, 1, 6)).to.deep.equal([0, 0, 0]);
    expect(pixel(r, 9, 6)).to.deep.equal([0, 0, 0]);
  });

  it('has a distinct glyph for every printable ASCII character', () => {
    const seen = new Map<string, string>();
    for (let code = 33; code < 127; code++) {
      const character = String.fromCharCode(code);
      expect(hasGlyph(character), character).to.equal(true);
      const key = JSON.stringify(glyphOf(character).segments);
      expect(seen.get(key), `${character} looks like ${seen.get(key)}`).to.equal(undefined);
      seen.set(key, character);
      for (const [x1, y1, x2, y2] of glyphOf(character).segments) {
        expect(Math.max(x1, x2), character).to.be.at.most(10);
        expect(Math.max(y1, y2), character).to.be.at.most(16);
      }
    }
  });

  it('measures text as it draws it', () => {
    const text = '0.97  covered 43 %';
    const size = 24;
    const width = (textWidth(text) * size) / 12;
    const r = blank(Math.ceil(width) + 20, 50);
    drawText(r, 5, 10, text, { size, color: [255, 255, 255] });
    let right = 0;
    for (let i = 0; i < r.data.length; i += 3) {
      if ((r.data[i] ?? 0) > 128) right = Math.max(right, (i / 3) % r.width);
    }
    expect(right).to.be.within(width, width + 8);
    expect(labelSize(text, size).width).to.be.greaterThan(width);
  });

  it('writes labels for people', () => {
    expect(faceLabel({ score: 0.9712, coveredRatio: 0.43 })).to.equal('0.97  covered 43 %');
    expect(faceLabel({ score: 0.9712, coveredRatio: 0.43 }, true)).to.equal('0.97 43%');
    expect(faceLabel({ score: 1 })).to.equal('1.00');
    expect(scoreColor(0.3)[0]).to.be.greaterThan(scoreColor(1)[0]);
  });

  it('annotates thumbnails, big pictures and crowds', () => {
    for (const [width, height, channels] of [
      [1, 1, 3],
      [24, 16, 4],
      [160, 120, 3],
      [2000, 1500, 3],
    ] as const) {
      const r = blank(width, height, channels);
      const faces = Array.from({ length: 20 }, (_, i) => ({
        box: [i, i, i + width / 4, i + height / 3] as const,
        score: i / 20,
        coveredRatio: 1 - i / 20,
        mask: { x: i, y: i, width: 2, height: 2, data: Uint8Array.of(1, 0, 0, 1) },
      }));
      drawFaces(r, faces);
      expect(inkOf(r)).to.be.greaterThan(0);
    }
  });

  it('leaves the picture alone when there is nothing to draw', () => {
    const r = blank(30, 30);
    drawFaces(r, []);
    expect(inkOf(r)).to.equal(0);
  });

  it('encodes PNG that decodes to the same pixels', () => {
    for (const channels of [3, 4] as const) {
      const r = blank(5, 3, channels);
      r.data.forEach((_, i) => (r.data[i] = (i * 37) % 256));
      const decoded = PNG.sync.read(Buffer.from(encodePng(r)));
      expect([decoded.width, decoded.height]).to.deep.equal([5, 3]);
      for (let p = 0; p < 15; p++) {
        for (let c = 0; c < channels; c++) {
          expect(decoded.data[p * 4 + c]).to.equal(r.data[p * channels + c]);
        }
        if (channels === 3) expect(decoded.data[p * 4 + 3]).to.equal(255);
      }
    }
    expect(() => encodePng({ ...blank(2, 2), width: 3 })).to.throw(RangeError, 'expected 18');
  });
});
