/**
 * Turns VGG16 parameters of other layouts and preprocessing into ours (see `names.ts`). Pure.
 */
import { FC6_INPUT } from './names.js';

/** [H, W, I, O] kernel to [O, I, H, W]. */
export function hwioToOihw(
  data: Float32Array,
  h: number,
  w: number,
  inputs: number,
  outputs: number,
): Float32Array {
  const out = new Float32Array(data.length);
  const taps = h * w;
  let from = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) out[(o * inputs + i) * taps + tap] = data[from++]!;
    }
  }
  return out;
}

/** [O, I, H, W] kernel to [H, W, I, O]. */
export function oihwToHwio(
  data: Float32Array,
  outputs: number,
  inputs: number,
  h: number,
  w: number,
): Float32Array {
  const out = new Float32Array(data.length);
  const taps = h * w;
  let to = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) out[to++] = data[(o * inputs + i) * taps + tap]!;
    }
  }
  return out;
}

/** Reverses the input channels of an [O, I, taps] kernel: RGB to BGR and back. */
export function reverseInputChannels(
  data: Float32Array,
  outputs: number,
  inputs: number,
  taps: number,
): Float32Array {
  const out = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const from = (o * inputs + i) * taps;
      out.set(data.subarray(from, from + taps), (o * inputs + (inputs - 1 - i)) * taps);
    }
  }
  return out;
}

/** [in, out] matrix to [out, in], in blocks that fit the cache. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  const block = 64;
  for (let r0 = 0; r0 < rows; r0 += block) {
    const r1 = Math.min(rows, r0 + block);
    for (let c0 = 0; c0 < columns; c0 += block) {
      const c1 = Math.min(columns, c0 + block);
      for (let r = r0; r < r1; r++) {
        for (let c = c0; c < c1; c++) out[c * rows + r] = data[r * columns + c]!;
      }
    }
  }
  return out;
}

/**
 * fc6 from a network that flattens its features H, W, C, as an [H*W*C, outputs] matrix, to ours:
 * [outputs, C*H*W], columns in C, H, W order.
 */
export function fc6FromHwc(
  data: Float32Array,
  outputs: number,
  { channels, height, width }: { channels: number; height: number; width: number } = FC6_INPUT,
): Float32Array {
  const columns = channels * height * width;
  const out = new Float32Array(data.length);
  const taps = height * width;
  const block = 64;
  for (let tap = 0; tap < taps; tap++) {
    for (let c0 = 0; c0 < channels; c0 += block) {
      const c1 = Math.min(channels, c0 + block);
      for (let o = 0; o < outputs; o++) {
        for (let c = c0; c < c1; c++) {
          out[o * columns + c * taps + tap] = data[(tap * channels + c) * outputs + o]!;
        }
      }
    }
  }
  return out;
}

/** Mean and standard deviation per channel R, G, B of torchvision's ImageNet models (0..1). */
export const TORCHVISION_NORM = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;

/**
 * conv1_1 of a torchvision model, folded for our pixels.
 *
 * The model computes `y = b + sum_c,taps w_c * (v_c / 255 - mean_c) / std_c` from R, G, B values
 * v = 0..255. With our pixels `u_c = v_c - M_c` (M: `pixelMeans`) the same y is
 *
 *     w'_c = w_c / (255 std_c)
 *     b'   = b + sum_c (M_c - 255 mean_c) / (255 std_c) * sum_taps w_c
 *
 * and the channels are stored B, G, R. NOTE: inside the picture this is exact (up to float32
 * rounding). At its border it is not quite: zero padding stands for the colour 255 mean_c there and
 * for M_c here, and the fold of the bias counts the taps that fall outside. The means differ by
 * 0.9 (R), 0.3 (G) and 0.5 (B) grey levels, so outputs of the outermost row and column of conv1_1
 * move by at most `sum |w_c| * 0.015`, as if the padding were 0.015 standard deviations off.
 *
 * @param weight [O, 3, taps], R, G, B
 * @param pixelMeans B, G, R in grey levels
 */
export function foldTorchvisionConv1(
  weight: Float32Array,
  bias: Float32Array,
  taps: number,
  pixelMeans: readonly [number, number, number],
): { weight: Float32Array; bias: Float32Array } {
  const outputs = bias.length;
  const outWeight = new Float32Array(weight.length);
  const outBias = new Float32Array(outputs);
  const { mean, std } = TORCHVISION_NORM;
  for (let o = 0; o < outputs; o++) {
    let b = bias[o]!;
    for (let c = 0; c < 3; c++) {
      const scale = 1 / (255 * std[c]!);
      const shift = (pixelMeans[2 - c]! - 255 * mean[c]!) * scale;
      for (let tap = 0; tap < taps; tap++) {
        const w = weight[(o * 3 + c) * taps + tap]!;
        outWeight[(o * 3 + 2 - c) * taps + tap] = w * scale;
        b += w * shift;
      }
    }
    outBias[o] = b;
  }
  return { weight: outWeight, bias: outBias };
}
