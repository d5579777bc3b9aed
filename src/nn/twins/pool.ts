import { at, nd, nd4, type TwinArray } from './nd.js';

interface Best {
  /** Flat place of the maximum in x. */
  place: number;
  value: number;
}

/** The first maximum of the window of output (oy, ox) of plane `plane`. */
function windowMax(x: TwinArray, plane: number, oy: number, ox: number): Best {
  const [, , h, w] = nd4(x);
  const best: Best = { place: -1, value: -Infinity };
  for (let iy = 2 * oy; iy < Math.min(2 * oy + 2, h); iy++) {
    for (let ix = 2 * ox; ix < Math.min(2 * ox + 2, w); ix++) {
      const place = (plane * h + iy) * w + ix;
      const value = at(x, place);
      if (value > best.value) {
        best.value = value;
        best.place = place;
      }
    }
  }
  return best;
}

function outSize(n: number, ceil: boolean): number {
  return ceil ? Math.ceil((n - 2) / 2) + 1 : Math.floor((n - 2) / 2) + 1;
}

function visit(x: TwinArray, ceil: boolean, take: (out: number, best: Best) => void): number[] {
  const [n, c, h, w] = nd4(x);
  const oh = outSize(h, ceil);
  const ow = outSize(w, ceil);
  for (let plane = 0; plane < n * c; plane++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        take((plane * oh + oy) * ow + ox, windowMax(x, plane, oy, ox));
      }
    }
  }
  return [n, c, oh, ow];
}

/** 2x2 max pool, stride 2: x [N, C, H, W] (docs/spec.md 1.1). */
export function maxPool2d(x: TwinArray, ceil: boolean): TwinArray {
  const values: number[] = [];
  const shape = visit(x, ceil, (_, best) => values.push(best.value));
  return nd(shape, values);
}

/** dX of the 2x2 max pool: the first maximum takes the gradient. */
export function maxPool2dBackward(x: TwinArray, dY: TwinArray, ceil: boolean): TwinArray {
  const dX = nd(x.shape);
  visit(x, ceil, (out, best) => {
    dX.data[best.place] = at(dX, best.place) + at(dY, out);
  });
  return dX;
}
