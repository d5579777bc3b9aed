import type { TwinArray } from './nd.js';

/** Geometry of a convolution; see ops/conv/conv2d.ts. */
export interface ConvGeometry {
  stride?: number;
  pad?: number;
  dilation?: number;
  relu?: boolean;
}

/** Calls `visit(yIndex, xIndex, wIndex)` for every multiply-add of a convolution. */
function eachTap(
  xShape: readonly number[],
  wShape: readonly number[],
  g: ConvGeometry,
  visit: (y: number, x: number, w: number) => void,
): number[] {
  const [n = 0, c = 0, h = 0, w = 0] = xShape;
  const [o = 0, , kh = 0, kw = 0] = wShape;
  const { stride = 1, pad = 0, dilation = 1 } = g;
  const oh = Math.floor((h + 2 * pad - dilation * (kh - 1) - 1) / stride) + 1;
  const ow = Math.floor((w + 2 * pad - dilation * (kw - 1) - 1) / stride) + 1;
  for (let b = 0; b < n; b++)
    for (let co = 0; co < o; co++)
      for (let y = 0; y < oh; y++)
        for (let x = 0; x < ow; x++)
          for (let ci = 0; ci < c; ci++)
            for (let ky = 0; ky < kh; ky++) {
              const sy = y * stride + ky * dilation - pad;
              if (sy < 0 || sy >= h) continue;
              for (let kx = 0; kx < kw; kx++) {
                const sx = x * stride + kx * dilation - pad;
                if (sx < 0 || sx >= w) continue;
                visit(
                  ((b * o + co) * oh + y) * ow + x,
                  ((b * c + ci) * h + sy) * w + sx,
                  ((co * c + ci) * kh + ky) * kw + kx,
                );
              }
            }
  return [n, o, oh, ow];
}

/** x (N, C, H, W), weight (O, C, KH, KW), bias (O) or null -> (N, O, OH, OW). */
export function conv2d(
  x: TwinArray,
  weight: TwinArray,
  bias: TwinArray | null,
  g: ConvGeometry,
): TwinArray {
  const shape = eachTap([0, ...x.shape.slice(1)], weight.shape, g, () => {});
  shape[0] = x.shape[0] ?? 0;
  const [n = 0, o = 0, oh = 0, ow = 0] = shape;
  const y = new Float64Array(n * o * oh * ow);
  if (bias)
    for (let i = 0; i < y.length; i++) y[i] = bias.data[Math.floor(i / (oh * ow)) % o] as number;
  eachTap(x.shape, weight.shape, g, (yi, xi, wi) => {
    y[yi]! += (x.data[xi] as number) * (weight.data[wi] as number);
  });
  if (g.relu) for (let i = 0; i < y.length; i++) y[i] = Math.max(0, y[i] as number);
  return { shape, data: y };
}

/** Gradients of conv2d with respect to x, weight and bias, given dY. */
export function conv2dBackward(
  x: TwinArray,
  weight: TwinArray,
  bias: TwinArray | null,
  g: ConvGeometry,
  dY: TwinArray,
): { x: TwinArray; weight: TwinArray; bias: TwinArray } {
  const [, o = 0, oh = 0, ow = 0] = dY.shape;
  const gradient = Float64Array.from(dY.data);
  if (g.relu) {
    const y = conv2d(x, weight, bias, g);
    for (let i = 0; i < gradient.length; i++) if ((y.data[i] as number) <= 0) gradient[i] = 0;
  }
  const dX = new Float64Array(x.data.length);
  const dW = new Float64Array(weight.data.length);
  const dB = new Float64Array(o);
  eachTap(x.shape, weight.shape, g, (yi, xi, wi) => {
    dX[xi]! += (gradient[yi] as number) * (weight.data[wi] as number);
    dW[wi]! += (gradient[yi] as number) * (x.data[xi] as number);
  });
  for (let i = 0; i < gradient.length; i++)
    dB[Math.floor(i / (oh * ow)) % o]! += gradient[i] as number;
  return {
    x: { shape: x.shape, data: dX },
    weight: { shape: weight.shape, data: dW },
    bias: { shape: [o], data: dB },
  };
}
