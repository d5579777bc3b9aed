/** Colour and quality jitter of a canvas, in place. Each effect has a switch of its own. */
import type { AugmentConfig } from '../../config/augment.js';
import type { DecodedImage } from '../sample.js';
import { chance, gaussian, randomInt, uniform, type Rng } from '../rng.js';
import { degradeJpeg } from './jpeg-noise.js';

/** Draws and applies all effects. The number of random draws does not depend on the pixels. */
export function jitterColor(image: DecodedImage, rng: Rng, options: AugmentConfig['color']): void {
  const isGrey = chance(rng, options.grey);
  const matrix = colorMatrix({
    brightness: uniform(rng, -options.brightness, options.brightness),
    contrast: 1 + uniform(rng, -options.contrast, options.contrast),
    saturation: isGrey ? 0 : 1 + uniform(rng, -options.saturation, options.saturation),
    hueDegrees: uniform(rng, -options.hue, options.hue),
  });
  const isBlurred = chance(rng, options.blur);
  const isNoisy = chance(rng, options.noise);
  const isBlocky = chance(rng, options.jpeg);
  const passes = 1 + randomInt(rng, 2);
  const sigma = uniform(rng, 1, 8);
  const quality = uniform(rng, 10, 60);
  applyColorMatrix(image, matrix);
  if (isBlurred) for (let i = 0; i < passes; i++) blur3(image);
  if (isNoisy) addNoise(image, sigma, rng);
  if (isBlocky) degradeJpeg(image, quality);
}

/** 3 x 4 matrix, row-major: out = M [r, g, b, 1]. */
export function colorMatrix(p: {
  brightness: number;
  contrast: number;
  saturation: number;
  hueDegrees: number;
}): Float64Array {
  const luma = [0.299, 0.587, 0.114];
  const angle = (p.hueDegrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle) / Math.sqrt(3);
  // Rotation about the grey axis, then saturation as a blend with the luma.
  const third = (1 - cos) / 3;
  const rotation = [
    [cos + third, third - sin, third + sin],
    [third + sin, cos + third, third - sin],
    [third - sin, third + sin, cos + third],
  ] as number[][];
  const m = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      let grey = 0;
      for (let k = 0; k < 3; k++) grey += (luma[k] as number) * (rotation[k]?.[column] as number);
      const value = p.saturation * (rotation[row]?.[column] as number) + (1 - p.saturation) * grey;
      m[4 * row + column] = value * p.contrast;
    }
    m[4 * row + 3] = 128 * (1 - p.contrast) + p.brightness;
  }
  return m;
}

/** In place; results are rounded and clamped to 0..255. */
export function applyColorMatrix(image: DecodedImage, m: Float64Array): void {
  // 16.16 fixed point; three look-ups are no quicker than three multiplications here.
  const f = Int32Array.from(m, (v) => Math.round(v * 65536));
  const [a, b, c, d0, e, g, h, d1, i, j, k, d2] = f as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const data = image.data;
  const half = 32768;
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at] as number;
    const green = data[at + 1] as number;
    const blue = data[at + 2] as number;
    const x = (a * red + b * green + c * blue + d0 + half) >> 16;
    const y = (e * red + g * green + h * blue + d1 + half) >> 16;
    const z = (i * red + j * green + k * blue + d2 + half) >> 16;
    data[at] = x < 0 ? 0 : x > 255 ? 255 : x;
    data[at + 1] = y < 0 ? 0 : y > 255 ? 255 : y;
    data[at + 2] = z < 0 ? 0 : z > 255 ? 255 : z;
  }
}

/** Binomial 3x3 blur (1 2 1) in place, edges clamped. */
export function blur3(image: DecodedImage): void {
  const { width, height, data } = image;
  const n = 3 * width;
  let above = new Uint16Array(n);
  let here = new Uint16Array(n);
  let below = new Uint16Array(n);
  const horizontal = (y: number, row: Uint16Array): void => {
    const base = y * n;
    for (let c = 0; c < 3; c++) {
      let left = data[base + c] as number;
      let middle = left;
      for (let i = c; i < n; i += 3) {
        const right = i + 3 < n ? (data[base + i + 3] as number) : middle;
        row[i] = left + 2 * middle + right;
        left = middle;
        middle = right;
      }
    }
  };
  horizontal(0, here);
  above.set(here);
  for (let y = 0; y < height; y++) {
    if (y + 1 < height) horizontal(y + 1, below);
    else below.set(here);
    const base = y * n;
    for (let i = 0; i < n; i++) {
      const sum = (above[i] as number) + 2 * (here[i] as number) + (below[i] as number);
      data[base + i] = (sum + 8) >> 4;
    }
    [above, here, below] = [here, below, above];
  }
}

/** Adds Gaussian noise, the same to all three channels of a pixel, from a table of 4096 draws. */
export function addNoise(image: DecodedImage, sigma: number, rng: Rng): void {
  const table = new Int16Array(4096);
  for (let i = 0; i < table.length; i++) table[i] = Math.round(sigma * gaussian(rng));
  const data = image.data;
  let state = Math.floor(rng.next() * 4294967296) | 1;
  for (let at = 0; at < data.length; at += 3) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const offset = table[state >>> 20] as number;
    for (let c = 0; c < 3; c++) {
      const v = (data[at + c] as number) + offset;
      data[at + c] = v < 0 ? 0 : v > 255 ? 255 : v;
    }
  }
}
