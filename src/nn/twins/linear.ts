import type { TwinArray } from './nd.js';

/** x (R, I), weight (O, I), bias (O) or null -> (R, O). */
export function linear(
  x: TwinArray,
  weight: TwinArray,
  bias: TwinArray | null,
  relu = false,
): TwinArray {
  const [r = 0, i = 0] = x.shape;
  const [o = 0] = weight.shape;
  const y = new Float64Array(r * o);
  for (let a = 0; a < r; a++)
    for (let b = 0; b < o; b++) {
      let sum = bias ? (bias.data[b] as number) : 0;
      for (let k = 0; k < i; k++)
        sum += (x.data[a * i + k] as number) * (weight.data[b * i + k] as number);
      y[a * o + b] = relu ? Math.max(0, sum) : sum;
    }
  return { shape: [r, o], data: y };
}

/** Gradients of linear with respect to x, weight and bias, given dY. */
export function linearBackward(
  x: TwinArray,
  weight: TwinArray,
  bias: TwinArray | null,
  relu: boolean,
  dY: TwinArray,
): { x: TwinArray; weight: TwinArray; bias: TwinArray } {
  const [r = 0, i = 0] = x.shape;
  const [o = 0] = weight.shape;
  const y = linear(x, weight, bias, relu);
  const dX = new Float64Array(r * i);
  const dW = new Float64Array(o * i);
  const dB = new Float64Array(o);
  for (let a = 0; a < r; a++)
    for (let b = 0; b < o; b++) {
      if (relu && (y.data[a * o + b] as number) <= 0) continue;
      const g = dY.data[a * o + b] as number;
      dB[b]! += g;
      for (let k = 0; k < i; k++) {
        dX[a * i + k]! += g * (weight.data[b * i + k] as number);
        dW[b * i + k]! += g * (x.data[a * i + k] as number);
      }
    }
  return {
    x: { shape: x.shape, data: dX },
    weight: { shape: weight.shape, data: dW },
    bias: { shape: [o], data: dB },
  };
}
