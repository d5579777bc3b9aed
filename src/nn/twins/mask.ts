import { at, logistic, nd, nd2, nd4, type TwinArray } from './nd.js';

/** Hard masks with their thresholds: mask [R, P], tau [R]. */
export interface Squeezed {
  mask: TwinArray;
  tau: TwinArray;
}

/** 0 at the k smallest of each row of h [R, P], ties by lower index (docs/spec.md 3.2). */
export function kSmallestMask(h: TwinArray, k: number): Squeezed {
  const [rows, cells] = nd2(h);
  const mask = nd(h.shape, new Float64Array(h.data.length).fill(1));
  const tau = nd([rows]);
  for (let r = 0; r < rows; r++) {
    const row = h.data.subarray(r * cells, (r + 1) * cells);
    const order = Array.from({ length: cells }, (_, i) => i).sort(
      (a, b) => (row[a] as number) - (row[b] as number) || a - b,
    );
    for (const i of order.slice(0, k)) mask.data[r * cells + i] = 0;
    const [low, high] = [order[k - 1] as number, order[k] as number];
    tau.data[r] = ((row[low] as number) + (row[high] as number)) / 2;
  }
  return { mask, tau };
}

/** Threshold-centred straight-through gradient: dM · sigmoid'(h - tau) (docs/spec.md 3.3). */
export function kSmallestMaskBackward(h: TwinArray, k: number, dM: TwinArray): TwinArray {
  const [, cells] = nd2(h);
  const { tau } = kSmallestMask(h, k);
  const dH = nd(h.shape);
  for (let i = 0; i < dH.data.length; i++) {
    const s = logistic(at(h, i) - at(tau, Math.floor(i / cells)));
    dH.data[i] = at(dM, i) * s * (1 - s);
  }
  return dH;
}

/** x [R, C, H, W] times mask [R, H·W], the same for all channels. */
export function mulMask(x: TwinArray, mask: TwinArray): TwinArray {
  const [, channels, h, w] = nd4(x);
  const cells = h * w;
  const y = nd(x.shape);
  for (let i = 0; i < y.data.length; i++) {
    const r = Math.floor(i / (cells * channels));
    y.data[i] = at(x, i) * at(mask, r * cells + (i % cells));
  }
  return y;
}

/** Gradients of mulMask: dX = dY mask, dMask = sum over channels of x dY. */
export function mulMaskBackward(
  x: TwinArray,
  mask: TwinArray,
  dY: TwinArray,
): { x: TwinArray; mask: TwinArray } {
  const [, channels, h, w] = nd4(x);
  const cells = h * w;
  const dMask = nd(mask.shape);
  for (let i = 0; i < dY.data.length; i++) {
    const to = Math.floor(i / (cells * channels)) * cells + (i % cells);
    dMask.data[to] = at(dMask, to) + at(x, i) * at(dY, i);
  }
  return { x: mulMask(dY, mask), mask: dMask };
}
