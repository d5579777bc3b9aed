import { at, nd, nd2, nd4, type TwinArray } from './nd.js';

/** Logical row-major data does not change with the layout: toRow, toC4 and reshape are copies. */
export function copy(x: TwinArray, shape: readonly number[] = x.shape): TwinArray {
  return nd(shape, x.data);
}

type Order = 'planar' | 'interleaved';

function eachAnchorElement(
  n: number,
  h: number,
  w: number,
  anchors: number,
  k: number,
  order: Order,
  visit: (mapIndex: number, rowIndex: number) => void,
): void {
  let to = 0;
  for (let b = 0; b < n; b++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let a = 0; a < anchors; a++) {
          for (let j = 0; j < k; j++) {
            const c = order === 'planar' ? j * anchors + a : a * k + j;
            visit(((b * anchors * k + c) * h + y) * w + x, to++);
          }
        }
      }
    }
  }
}

/** [N, K·A, H, W] -> [N·H·W·A, K]. */
export function toAnchorRows(x: TwinArray, anchors: number, order: Order): TwinArray {
  const [n, c, h, w] = nd4(x);
  const k = c / anchors;
  const y = nd([n * h * w * anchors, k]);
  eachAnchorElement(n, h, w, anchors, k, order, (from, to) => {
    y.data[to] = at(x, from);
  });
  return y;
}

export function toAnchorRowsBackward(
  x: TwinArray,
  anchors: number,
  order: Order,
  dY: TwinArray,
): TwinArray {
  const [n, c, h, w] = nd4(x);
  const dX = nd(x.shape);
  eachAnchorElement(n, h, w, anchors, c / anchors, order, (from, to) => {
    dX.data[from] = at(dY, to);
  });
  return dX;
}

/** Joins arrays along an axis. */
export function concat(list: readonly TwinArray[], axis: number): TwinArray {
  const first = list[0] as TwinArray;
  const shape = [...first.shape];
  shape[axis] = list.reduce((total, t) => total + (t.shape[axis] ?? 0), 0);
  const y = nd(shape);
  const outer = shape.slice(0, axis).reduce((p, d) => p * d, 1);
  const inner = shape.slice(axis + 1).reduce((p, d) => p * d, 1);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (const t of list) {
      const span = (t.shape[axis] ?? 0) * inner;
      for (let i = 0; i < span; i++) y.data[to++] = at(t, o * span + i);
    }
  }
  return y;
}

/** `count` steps of an axis from `start` on. */
export function slice(x: TwinArray, start: number, count: number, axis = 0): TwinArray {
  const shape = [...x.shape];
  const full = shape[axis] ?? 0;
  shape[axis] = count;
  const y = nd(shape);
  const outer = shape.slice(0, axis).reduce((p, d) => p * d, 1);
  const inner = shape.slice(axis + 1).reduce((p, d) => p * d, 1);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < count * inner; i++) y.data[to++] = at(x, (o * full + start) * inner + i);
  }
  return y;
}

export function sliceBackward(x: TwinArray, start: number, dY: TwinArray): TwinArray {
  const dX = nd(x.shape);
  const inner = x.shape.slice(1).reduce((p, d) => p * d, 1);
  for (let i = 0; i < dY.data.length; i++) dX.data[start * inner + i] = at(dY, i);
  return dX;
}

/** Rows of x by number; zeros where the number is no row. */
export function gatherRows(x: TwinArray, index: TwinArray): TwinArray {
  const [rows, k] = nd2(x);
  const y = nd([index.data.length, k]);
  for (let r = 0; r < index.data.length; r++) {
    const row = at(index, r);
    if (row < 0 || row >= rows) continue;
    for (let j = 0; j < k; j++) y.data[r * k + j] = at(x, row * k + j);
  }
  return y;
}

export function gatherRowsBackward(x: TwinArray, index: TwinArray, dY: TwinArray): TwinArray {
  const [rows, k] = nd2(x);
  const dX = nd(x.shape);
  for (let r = 0; r < index.data.length; r++) {
    const row = at(index, r);
    if (row < 0 || row >= rows) continue;
    for (let j = 0; j < k; j++) dX.data[row * k + j] = at(dX, row * k + j) + at(dY, r * k + j);
  }
  return dX;
}
