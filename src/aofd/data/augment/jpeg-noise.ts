/** What strong JPEG compression does to a picture, without an encoder: luma blocks of 8 x 8. */
import type { DecodedImage } from '../sample.js';

/** Luma quantisation table of JPEG (Annex K of the standard), row-major. */
const LUMA_TABLE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
  92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/** DCT[k][n] = c(k) cos((2n + 1) k pi / 16), orthonormal. */
const DCT = Float64Array.from({ length: 64 }, (_, i) => {
  const k = i >> 3;
  const n = i & 7;
  return (k === 0 ? Math.sqrt(1 / 8) : 0.5) * Math.cos(((2 * n + 1) * k * Math.PI) / 16);
});

/**
 * Quantises each whole 8 x 8 luma block as JPEG of this quality (1..100) would, in place; the
 * change of the luma is added to all channels. Rows and columns beyond the last block stay.
 */
export function degradeJpeg(image: DecodedImage, quality: number): void {
  const scale = quality < 50 ? 50 / quality : 2 - quality / 50;
  const table = Float64Array.from(LUMA_TABLE, (v) => Math.max(1, v * scale));
  const { width, height, data } = image;
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  const coefficients = new Float64Array(64);
  for (let by = 0; by + 8 <= height; by += 8) {
    for (let bx = 0; bx + 8 <= width; bx += 8) {
      for (let i = 0; i < 64; i++) {
        const at = 3 * ((by + (i >> 3)) * width + bx + (i & 7));
        block[i] =
          0.299 * (data[at] as number) +
          0.587 * (data[at + 1] as number) +
          0.114 * (data[at + 2] as number) -
          128;
      }
      multiplyRows(block, half, false);
      multiplyColumns(half, coefficients, false);
      let isFlat = true;
      for (let i = 0; i < 64; i++) {
        const step = table[i] as number;
        const level = Math.round((coefficients[i] as number) / step) * step;
        coefficients[i] = level;
        if (i > 0 && level !== 0) isFlat = false;
      }
      if (isFlat) half.fill((coefficients[0] as number) / 8);
      else {
        multiplyColumns(coefficients, half, true);
        multiplyRows(half, coefficients, true);
        half.set(coefficients);
      }
      for (let i = 0; i < 64; i++) {
        const change = Math.round((half[i] as number) - (block[i] as number));
        const at = 3 * ((by + (i >> 3)) * width + bx + (i & 7));
        for (let c = 0; c < 3; c++) {
          const v = (data[at + c] as number) + change;
          data[at + c] = v < 0 ? 0 : v > 255 ? 255 : v;
        }
      }
    }
  }
}

/** out[r][k] = sum_n in[r][n] D[k][n], or the transposed sum when `inverse`. */
function multiplyRows(input: Float64Array, out: Float64Array, inverse: boolean): void {
  for (let r = 0; r < 64; r += 8) {
    for (let k = 0; k < 8; k++) {
      let sum = 0;
      for (let n = 0; n < 8; n++) {
        sum += (input[r + n] as number) * (DCT[inverse ? 8 * n + k : 8 * k + n] as number);
      }
      out[r + k] = sum;
    }
  }
}

function multiplyColumns(input: Float64Array, out: Float64Array, inverse: boolean): void {
  for (let c = 0; c < 8; c++) {
    for (let k = 0; k < 8; k++) {
      let sum = 0;
      for (let n = 0; n < 8; n++) {
        sum += (input[8 * n + c] as number) * (DCT[inverse ? 8 * n + k : 8 * k + n] as number);
      }
      out[8 * k + c] = sum;
    }
  }
}
