import { expect } from 'chai';
import {
  augment,
  cutOut,
  drawTile,
  finishCanvas,
  fullTile,
  mosaicTiles,
  nineTiles,
  newCanvas,
} from '../../../src/aofd/data/augment/augment.js';
import {
  DEFAULT_AUGMENT,
  NO_AUGMENT,
  type AugmentConfig,
} from '../../../src/aofd/config/augment.js';
import {
  addNoise,
  applyColorMatrix,
  blur3,
  colorMatrix,
} from '../../../src/aofd/data/augment/color-jitter.js';
import {
  chooseWindow,
  mapFaces,
  type CropWindow,
} from '../../../src/aofd/data/augment/crop-window.js';
import { degradeJpeg } from '../../../src/aofd/data/augment/jpeg-noise.js';
import {
  FILL_RGB,
  sampleWindow,
  shrinkByInteger,
} from '../../../src/aofd/data/augment/resample.js';
import { tentBlur, loseFocus } from '../../../src/aofd/data/augment/focus.js';
import { loseResolution } from '../../../src/aofd/data/augment/resolution.js';
import { KeyedRng } from '../../../src/aofd/data/rng.js';
import type { Box } from '../../../src/aofd/data/sample.js';
import { face, gradientImage } from '../../helpers/pictures.js';

const whole = (width: number, height: number, flip = false): CropWindow => ({
  left: 0,
  top: 0,
  width,
  height,
  flip,
});

describe('data/augment', () => {
  const image = gradientImage(80, 60);

  it('copies a picture exactly when the window is the whole picture at scale 1', () => {
    const canvas = newCanvas(80, 60);
    sampleWindow(image, whole(80, 60), canvas.image, fullTile(80, 60), false);
    expect(canvas.image.data).to.deep.equal(image.data);
  });

  it('mirrors pixels, labels and boxes alike (docs/spec.md 1.3: W 200, [100, 149] -> [50, 99])', () => {
    const tile = fullTile(200, 60);
    const [mapped] = mapFaces([face([100, 10, 149, 30])], whole(200, 60, true), tile, 1);
    expect(mapped?.box).to.deep.equal([50, 10, 99, 30]);
    const labels = new Uint8Array(80 * 60).fill(255);
    labels[5 * 80 + 7] = 1;
    const canvas = newCanvas(80, 60);
    const source = { image, faces: [], labels };
    drawTile(canvas, fullTile(80, 60), source, whole(80, 60, true), {
      antialias: false,
      minFacePx: 1,
    });
    expect(canvas.labels?.[5 * 80 + 72]).to.equal(1);
    expect(canvas.image.data[3 * (5 * 80 + 72)]).to.equal(image.data[3 * (5 * 80 + 7)]);
  });

  it('keeps box and pixels together under any window', () => {
    // A white square on black must be found again inside its mapped box.
    const square = { width: 100, height: 80, data: new Uint8Array(24000) };
    for (let y = 20; y <= 49; y++) square.data.fill(255, 3 * (y * 100 + 30), 3 * (y * 100 + 70));
    const faces = [face([30, 20, 69, 49])];
    for (let seed = 0; seed < 30; seed++) {
      const rng = new KeyedRng(seed);
      const tile = { x0: 10, y0: 5, x1: 138, y1: 101 };
      const window = chooseWindow(100, 80, faces, tile, rng, {
        ...DEFAULT_AUGMENT.crop,
        ratios: [0.8, 1, 1.5, 2],
      });
      const canvas = newCanvas(150, 110);
      canvas.image.data.fill(0);
      drawTile(canvas, tile, { image: square, faces }, window, { antialias: false, minFacePx: 1 });
      const [x1, y1, x2, y2] = canvas.faces[0]!.box;
      let [left, top, right, bottom] = [150, 110, -1, -1];
      for (let y = tile.y0; y < tile.y1; y++) {
        for (let x = tile.x0; x < tile.x1; x++) {
          // Padding is grey (123): the square is what is brighter than both.
          if (canvas.image.data[3 * (y * 150 + x) + 2]! < 128) continue;
          [left, right] = [Math.min(left, x), Math.max(right, x)];
          [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        }
      }
      for (const [got, expected] of [
        [left, x1],
        [top, y1],
        [right, x2],
        [bottom, y2],
      ] as const) {
        expect(Math.abs(got - expected), `seed ${seed}`).to.be.at.most(1.01);
      }
    }
  });

  it('keeps faces with their centre inside, ignores those reaching in, drops the rest', () => {
    const faces = [
      face([10, 10, 29, 29]),
      face([35, 10, 60, 30]),
      face([70, 10, 79, 20]),
      face([12, 12, 15, 15]),
      face([20, 20, 39, 39], { invalid: true }),
    ];
    const window = { left: 0, top: 0, width: 40, height: 40, flip: false };
    const mapped = mapFaces(faces, window, fullTile(80, 80), 10);
    expect(mapped.map((f) => [f.index, f.ignore])).to.deep.equal([
      [0, false],
      [1, true],
      [3, true],
      [4, true],
    ]);
    expect(mapped[0]?.box).to.deep.equal([20, 20, 59, 59]);
    expect(mapped[1]?.box[2]).to.equal(79);
  });

  it('always shows a face when there is a usable one', () => {
    const faces = [face([2, 2, 9, 9]), face([60, 40, 79, 59], { ignore: true })];
    for (let seed = 0; seed < 200; seed++) {
      const tile = fullTile(64, 64);
      const window = chooseWindow(80, 60, faces, tile, new KeyedRng(seed), DEFAULT_AUGMENT.crop);
      const [mapped] = mapFaces(faces, window, tile, 1);
      expect(mapped?.index, `seed ${seed}`).to.equal(0);
      expect(mapped?.ignore, `seed ${seed}`).to.equal(false);
    }
  });

  it('keeps whole boxes at the border where asked to, cut ones for ignored faces', () => {
    const tile = { x0: 10, y0: 0, x1: 60, y1: 50 };
    const window = { left: 0, top: 0, width: 100, height: 100, flip: false };
    const faces = [
      face([-1 + 1, 20, 39, 59], { whole: [-20, 20, 39, 59] }),
      face([80, 0, 109, 39]),
      face([90, 0, 139, 39]),
    ];
    const boxes = mapFaces(faces, window, tile, 1, false).map((f) => [...f.box, f.ignore]);
    expect(boxes).to.deep.equal([
      [0, 10, 29, 29, false],
      [50, 0, 64, 19, false],
      [55, 0, 59, 19, true],
    ]);
    const mirrored = mapFaces(faces.slice(0, 1), { ...window, flip: true }, tile, 1, false);
    expect(mirrored[0]?.box).to.deep.equal([40, 10, 69, 29]);
    expect(mapFaces(faces, window, tile, 1)[0]?.box).to.deep.equal([10, 10, 29, 29]);
  });

  it('looks at decoys as often as asked to', () => {
    const tile = { x0: 0, y0: 0, x1: 50, y1: 50 };
    const rng = new KeyedRng(3);
    const options = { flip: 0, ratios: [0.3], scaleJitter: 0, aspectJitter: 0, decoyFocus: 0.75 };
    const faces = [face([5, 5, 20, 20])];
    let count = 0;
    for (let i = 0; i < 200; i++) {
      const window = chooseWindow(100, 100, faces, tile, rng, options, [[80, 80, 95, 95]]);
      const shows = (v: number): boolean => v >= window.left && v < window.left + window.width;
      if (shows(88)) count++;
      expect(shows(88) || shows(13)).to.equal(true);
    }
    expect(count).to.be.within(130, 170);
    // Options without it, or a picture without decoys, draw the same numbers as ever.
    const plain = { ...options, decoyFocus: 0 };
    const draw = (o: typeof plain, decoys: Box[]): unknown =>
      chooseWindow(100, 100, faces, tile, new KeyedRng(5), o, decoys);
    expect(draw(options, [])).to.deep.equal(draw(plain, [[80, 80, 95, 95]]));
  });

  it('takes detail, not size, and ignores faces that had too little of it', () => {
    const image = gradientImage(96, 96);
    for (let i = 0; i < image.data.length; i += 6) image.data.fill(255, i, i + 3);
    const canvas = { image, labels: null, faces: [12, 40].map((side, index) => ({ box: [0, 0, side - 1, side - 1] as Box, ignore: false, index })) }; // prettier-ignore
    const contrast = (): number => {
      let sum = 0;
      for (let i = 3; i < image.data.length; i++) {
        sum += Math.abs((image.data[i] as number) - (image.data[i - 3] as number));
      }
      return sum;
    };
    const before = contrast();
    loseResolution(canvas, new KeyedRng(1), { probability: 1, factors: [2.9, 3] });
    expect(contrast()).to.be.below(0.2 * before);
    expect([canvas.image.width, canvas.image.data.length]).to.deep.equal([96, 3 * 96 * 96]);
    expect(canvas.faces.map((f) => f.ignore)).to.deep.equal([true, false]);
  });

  it('blurs with the deviations asked for, keeps the mean and flat areas', () => {
    for (const [sigmaX, sigmaY] of [
      [1, 1],
      [2.3, 4],
      [6, 0.7],
    ] as const) {
      const side = 81;
      const dot = { width: side, height: side, data: new Uint8Array(3 * side * side).fill(40) };
      // A square of 9x9 has a variance of 80/12 of its own and leaves enough after blurring.
      for (let y = 36; y < 45; y++) dot.data.fill(240, 3 * (y * side + 36), 3 * (y * side + 45));
      tentBlur(dot, sigmaX, sigmaY);
      const moments = [0, 0, 0, 0, 0];
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const mass = dot.data[3 * (y * side + x) + 1]! - 40;
          [1, x, y, x * x, y * y].forEach((term, i) => (moments[i]! += mass * term));
        }
      }
      const [mass, mx, my, mxx, myy] = moments.map((m, i) => (i === 0 ? m : m / moments[0]!));
      expect(mass! / (200 * 81)).to.be.closeTo(1, 0.03);
      expect([mx, my]).to.deep.equal([40, 40]);
      expect(Math.sqrt(mxx! - 1600 - 80 / 12)).to.be.closeTo(sigmaX, 0.1 * sigmaX);
      expect(Math.sqrt(myy! - 1600 - 80 / 12)).to.be.closeTo(sigmaY, 0.1 * sigmaY);
    }
    const flat = { width: 5, height: 3, data: new Uint8Array(45).fill(255) };
    tentBlur(flat, 9, 9);
    expect([...new Set(flat.data)]).to.deep.equal([255]);
  });

  it('ignores faces that a blur leaves nothing of', () => {
    const faces = [19, 21].map((side, index) => ({ box: [0, 0, side - 1, side - 1] as Box, ignore: false, index })); // prettier-ignore
    const canvas = { image: gradientImage(64, 64), faces };
    loseFocus(canvas, new KeyedRng(1), { probability: 1, sigma: [4, 4] });
    expect(faces.map((f) => f.ignore)).to.deep.equal([true, false]);
  });

  it('pads with the mean colour beyond the picture and labels 255 there', () => {
    const canvas = newCanvas(40, 40);
    canvas.image.data.fill(0);
    const source = { image, faces: [], labels: new Uint8Array(80 * 60) };
    const window = { left: -80, top: -60, width: 160, height: 120, flip: false };
    drawTile(canvas, fullTile(40, 40), source, window, { antialias: true, minFacePx: 1 });
    expect([...canvas.image.data.subarray(0, 3)]).to.deep.equal([...FILL_RGB]);
    expect(canvas.labels?.[0]).to.equal(255);
    expect(canvas.labels?.[40 * 40 - 1]).to.equal(0);
  });

  it('averages when minifying with antialias', () => {
    const checks = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
    checks.data.forEach((_, i) => {
      const p = Math.floor(i / 3);
      checks.data[i] = ((p % 64) + Math.floor(p / 64)) % 2 === 0 ? 0 : 255;
    });
    const canvas = newCanvas(16, 16);
    sampleWindow(checks, whole(64, 64), canvas.image, fullTile(16, 16), true);
    for (const v of canvas.image.data) expect(v).to.be.within(126, 129);
    expect(shrinkByInteger(checks, 3).width).to.equal(22);
  });

  it('tiles the canvas in a mosaic without gaps and maps faces into their tiles', () => {
    for (let seed = 0; seed < 20; seed++) {
      const tiles = mosaicTiles(90, 70, new KeyedRng(seed));
      const area = tiles.reduce((a, t) => a + (t.x1 - t.x0) * (t.y1 - t.y0), 0);
      expect(area).to.equal(90 * 70);
    }
    for (let seed = 0; seed < 20; seed++) {
      const tiles = nineTiles(90, 70, new KeyedRng(seed));
      const owners = new Uint8Array(90 * 70);
      for (const { x0, y0, x1, y1 } of tiles) {
        expect((x1 - x0) / 90).to.be.within(0.15, 0.51);
        expect((y1 - y0) / 70).to.be.within(0.15, 0.51);
        for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) owners[90 * y + x]!++;
      }
      expect(tiles).to.have.length(9);
      expect(new Set(owners)).to.deep.equal(new Set([1]));
    }
    const picture = { image, faces: [face([20, 20, 49, 49])] };
    const four = [picture, picture, picture, picture];
    const canvas = augment(four, { width: 90, height: 70 }, new KeyedRng(4), NO_AUGMENT);
    expect(canvas.faces).to.have.length(4);
    for (const { box } of canvas.faces) {
      expect(box[0]).to.be.at.least(0);
      expect(box[2]).to.be.at.most(89);
      expect(box[3]).to.be.at.most(69);
    }
  });

  it('repeats for equal seeds, differs for others, and leaves the source alone', () => {
    const before = image.data.slice();
    const options: AugmentConfig = {
      ...DEFAULT_AUGMENT,
      color: { ...DEFAULT_AUGMENT.color, noise: 1, blur: 1, jpeg: 1 },
      cutout: { probability: 1, maxCount: 3, maxShare: 0.2 },
    };
    const make = (seed: number): ReturnType<typeof augment> =>
      augment(
        [{ image, faces: [face([10, 10, 40, 40])] }],
        { width: 64, height: 48 },
        new KeyedRng(seed),
        options,
      );
    expect(make(1)).to.deep.equal(make(1));
    expect(make(1).image.data).to.not.deep.equal(make(2).image.data);
    expect(image.data).to.deep.equal(before);
  });

  it('does nothing to colours with every switch off', () => {
    const canvas = newCanvas(80, 60);
    canvas.image.data.set(image.data);
    finishCanvas(canvas, new KeyedRng(1), NO_AUGMENT);
    expect(canvas.image.data).to.deep.equal(image.data);
  });

  it('applies the colour matrix: brightness, contrast, grey, hue', () => {
    const one = (rgb: number[], patch: object): number[] => {
      const picture = { width: 1, height: 1, data: Uint8Array.from(rgb) };
      const base = { brightness: 0, contrast: 1, saturation: 1, hueDegrees: 0 };
      applyColorMatrix(picture, colorMatrix({ ...base, ...patch }));
      return [...picture.data];
    };
    expect(one([10, 200, 250], { brightness: 20 })).to.deep.equal([30, 220, 255]);
    expect(one([128, 28, 228], { contrast: 0.5 })).to.deep.equal([128, 78, 178]);
    const grey = Math.round(0.299 * 10 + 0.587 * 200 + 0.114 * 250);
    expect(one([10, 200, 250], { saturation: 0 })).to.deep.equal([grey, grey, grey]);
    expect(one([200, 60, 60], { hueDegrees: 120 })).to.deep.equal([60, 200, 60]);
    expect(one([90, 90, 90], { hueDegrees: 37 })).to.deep.equal([90, 90, 90]);
  });

  it('blurs, adds noise and quantises without moving the mean', () => {
    const mean = (d: Uint8Array): number => d.reduce((a, b) => a + b, 0) / d.length;
    const base = gradientImage(64, 64);
    for (const effect of [
      (i: typeof base) => blur3(i),
      (i: typeof base) => addNoise(i, 5, new KeyedRng(2)),
      (i: typeof base) => degradeJpeg(i, 15),
    ]) {
      const copy = { ...base, data: base.data.slice() };
      effect(copy);
      expect(copy.data).to.not.deep.equal(base.data);
      expect(mean(copy.data)).to.be.closeTo(mean(base.data), 1);
    }
    const flat = { width: 16, height: 16, data: new Uint8Array(768).fill(100) };
    blur3(flat);
    expect(new Set(flat.data)).to.deep.equal(new Set([100]));
    const fine = gradientImage(16, 16);
    const before = fine.data.slice();
    degradeJpeg(fine, 100);
    before.forEach((v, i) => expect(fine.data[i]).to.be.within(v - 2, v + 2));
  });

  it('marks labels under a cut-out as unknown', () => {
    const canvas = newCanvas(50, 50);
    canvas.labels = new Uint8Array(2500);
    cutOut(canvas, new KeyedRng(1), { maxCount: 2, maxShare: 0.3 });
    let changed = 0;
    canvas.labels.forEach((label, i) => {
      const isCut = canvas.image.data[3 * i] !== FILL_RGB[0];
      if (isCut) expect(label).to.equal(255);
      if (label === 255) changed++;
    });
    expect(changed).to.be.greaterThan(0);
  });
});
