/**
 * Single outputs of the benchmarked operations in float64, from the formulas. Whole results of the
 * large shapes would take the CPU twins (`nn/twins`) minutes; the unit tests compare these functions
 * with the twins on small shapes. Arrays are logical row-major, one image.
 */

/** 3x3, stride 1, pad 1: x (C, H, W), weight (O, C, 3, 3). */
export interface ConvSizes {
  c: number;
  o: number;
  h: number;
  w: number;
}

type Values = ArrayLike<number>;

/** Output `place` of (O, H, W). */
export function convAt(
  x: Values,
  weight: Values,
  bias: Values | null,
  { c, h, w }: ConvSizes,
  place: number,
  relu = false,
): number {
  const co = Math.floor(place / (h * w));
  const y = Math.floor(place / w) % h;
  const column = place % w;
  let sum = bias ? (bias[co] as number) : 0;
  for (let ci = 0; ci < c; ci++) {
    for (let ky = Math.max(0, 1 - y); ky < Math.min(3, h + 1 - y); ky++) {
      for (let kx = Math.max(0, 1 - column); kx < Math.min(3, w + 1 - column); kx++) {
        const from = (ci * h + y + ky - 1) * w + column + kx - 1;
        sum += (x[from] as number) * (weight[((co * c + ci) * 3 + ky) * 3 + kx] as number);
      }
    }
  }
  return relu ? Math.max(0, sum) : sum;
}

/** Entry `place` of dX (C, H, W). */
export function convInputGradientAt(
  dY: Values,
  weight: Values,
  { c, o, h, w }: ConvSizes,
  place: number,
): number {
  const ci = Math.floor(place / (h * w));
  const y = Math.floor(place / w) % h;
  const column = place % w;
  let sum = 0;
  for (let co = 0; co < o; co++) {
    for (let ky = 0; ky < 3; ky++) {
      const oy = y + 1 - ky;
      if (oy < 0 || oy >= h) continue;
      for (let kx = 0; kx < 3; kx++) {
        const ox = column + 1 - kx;
        if (ox < 0 || ox >= w) continue;
        sum +=
          (dY[(co * h + oy) * w + ox] as number) *
          (weight[((co * c + ci) * 3 + ky) * 3 + kx] as number);
      }
    }
  }
  return sum;
}

/** Entry `place` of dW (O, C, 3, 3). */
export function convWeightGradientAt(
  x: Values,
  dY: Values,
  { c, h, w }: ConvSizes,
  place: number,
): number {
  const kx = place % 3;
  const ky = Math.floor(place / 3) % 3;
  const ci = Math.floor(place / 9) % c;
  const co = Math.floor(place / (9 * c));
  let sum = 0;
  for (let y = Math.max(0, 1 - ky); y < Math.min(h, h + 1 - ky); y++) {
    for (let column = Math.max(0, 1 - kx); column < Math.min(w, w + 1 - kx); column++) {
      sum +=
        (dY[(co * h + y) * w + column] as number) *
        (x[(ci * h + y + ky - 1) * w + column + kx - 1] as number);
    }
  }
  return sum;
}

/** x (R, I), weight (O, I): what one pass of a linear layer gives at `place`. */
export function linearAt(
  pass: 'forward' | 'inputGradient' | 'weightGradient',
  operands: { x: Values; weight: Values; dY: Values },
  { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
  place: number,
): number {
  const { x, weight, dY } = operands;
  let sum = 0;
  if (pass === 'forward') {
    const [r, o] = [Math.floor(place / outputs), place % outputs];
    for (let i = 0; i < inputs; i++)
      sum += (x[r * inputs + i] as number) * (weight[o * inputs + i] as number);
  } else if (pass === 'inputGradient') {
    const [r, i] = [Math.floor(place / inputs), place % inputs];
    for (let o = 0; o < outputs; o++)
      sum += (dY[r * outputs + o] as number) * (weight[o * inputs + i] as number);
  } else {
    const [o, i] = [Math.floor(place / inputs), place % inputs];
    for (let r = 0; r < rows; r++)
      sum += (dY[r * outputs + o] as number) * (x[r * inputs + i] as number);
  }
  return sum;
}

/** Output `place` of a 2x2 max pool, stride 2, of planes h x w with even sides. */
export function maxPoolAt(x: Values, h: number, w: number, place: number): number {
  const [oh, ow] = [h / 2, w / 2];
  const plane = Math.floor(place / (oh * ow));
  const y = 2 * (Math.floor(place / ow) % oh);
  const from = (plane * h + y) * w + 2 * (place % ow);
  return Math.max(...[from, from + 1, from + w, from + w + 1].map((i) => x[i] as number));
}

/** Output `place` of a softmax over rows of `columns`. */
export function softmaxAt(x: Values, columns: number, place: number): number {
  const start = place - (place % columns);
  let total = 0;
  for (let i = 0; i < columns; i++) total += Math.exp(x[start + i] as number);
  return Math.exp(x[place] as number) / total;
}

/** Output `place` of bilinear upsampling by 2 with half-pixel centres and clamped edges. */
export function upsample2At(x: Values, h: number, w: number, place: number): number {
  const plane = Math.floor(place / (4 * h * w));
  const taps = (o: number, n: number): [number, number, number] => {
    const s = Math.min(Math.max((o + 0.5) / 2 - 0.5, 0), n - 1);
    const low = Math.floor(s);
    return [low, Math.min(low + 1, n - 1), s - low];
  };
  const [y0, y1, fy] = taps(Math.floor(place / (2 * w)) % (2 * h), h);
  const [x0, x1, fx] = taps(place % (2 * w), w);
  const at = (y: number, column: number): number => x[(plane * h + y) * w + column] as number;
  const top = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
  return top * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy;
}
