import { expect } from 'chai';
import { newCanvas } from '../../../src/aofd/data/augment/augment.js';
import { changeExposure } from '../../../src/aofd/data/augment/exposure.js';
import { changeLight } from '../../../src/aofd/data/augment/light.js';
import { KeyedRng } from '../../../src/aofd/data/rng.js';
import type { Box } from '../../../src/aofd/data/sample.js';

describe('data/augment: light', () => {
  it('exposes by stops of light: black stays black, white stays white where there is more', () => {
    const values = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    const exposed = (stops: number): Uint8Array => {
      const image = { width: 256, height: 1, data: values.slice() };
      changeExposure(image, new KeyedRng(1), { probability: 1, stops: [stops, stops] });
      return image.data.filter((_, i) => i % 3 === 1);
    };
    expect([...exposed(0)]).to.deep.equal([...Array(256).keys()]);
    const [dark, bright] = [exposed(-2), exposed(2)];
    expect([dark[0], bright[0], bright[255]]).to.deep.equal([0, 0, 255]);
    // A quarter of white's light is 137 in sRGB, and back.
    expect([dark[255], bright[137]]).to.deep.equal([137, 255]);
    for (let v = 1; v < 256; v++) expect(dark[v]! - dark[v - 1]!).to.be.at.least(0);
  });

  it('lets two lights meet on a face: each side has its own colour, which changes in between', () => {
    const [width, height] = [90, 60];
    const lit = (stops: number, seed = 1): { data: Uint8Array; box: Box } => {
      const canvas = newCanvas(width, height);
      canvas.image.data.fill(100);
      const box: Box = [40, 20, 59, 39];
      canvas.faces.push({ box, ignore: false, index: 0 });
      changeLight(canvas, new KeyedRng(seed), { probability: 1, stops });
      return { data: canvas.image.data as Uint8Array, box };
    };
    expect(new Set(lit(0).data)).to.deep.equal(new Set([100]));
    for (let seed = 1; seed <= 40; seed++) {
      const { data, box } = lit(1, seed);
      expect(lit(1, seed).data).to.deep.equal(data);
      // 2^(1 / 2.2) of 100 at most, and the inverse at least.
      expect([Math.min(...data), Math.max(...data)].every((v) => v >= 72 && v <= 138)).to.equal(
        true,
      );
      const onFace = new Set<string>();
      for (let y = box[1]; y <= box[3]; y++) {
        for (let x = box[0]; x <= box[2]; x++) {
          onFace.add(data.slice(3 * (y * width + x), 3 * (y * width + x) + 3).join());
        }
      }
      // The line runs through the face.
      expect(onFace.size, `seed ${seed}`).to.be.above(1);
    }
  });
});
