import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, mapWindows, windowsOf } from '../kernel/windows.js';
import { dims4, quads, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { copyBytes, emptyLike, requireC4, requireRow } from './common.js';

/** A c4 map as a row tensor of the same shape, in real N, C, H, W order. A row tensor as it is. */
export function toRow(x: Tensor): Tensor {
  if (x.layout === 'row') return x;
  const y = x.device.empty(x.shape);
  convert('layout/to_row', x, y);
  record({
    op: 'toRow',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      convert('layout/to_c4', dY, dX);
      return [dX];
    },
  });
  return y;
}

/** A rank 4 f32 row tensor as a c4 map of the same shape. A c4 map as it is. */
export function toC4(x: Tensor): Tensor {
  if (x.layout === 'c4') return x;
  requireRow('toC4', 'x', x, 4);
  const y = x.device.empty(x.shape, { layout: 'c4' });
  convert('layout/to_c4', x, y);
  record({
    op: 'toC4',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = x.device.empty(x.shape);
      convert('layout/to_row', dY, dX);
      return [dX];
    },
  });
  return y;
}

/** Copies x into y, the same shape in the other layout; image by image and in windows of planes when large. */
function convert(kernel: 'layout/to_row' | 'layout/to_c4', x: Tensor, y: Tensor): void {
  const { device } = x;
  const [, c, h, w] = dims4(x.shape);
  if (x.size === 0) return;
  const hw = h * w;
  const toRowOrder = kernel === 'layout/to_row';
  const [map, row] = toRowOrder ? [x, y] : [y, x];
  // The rows of a window may begin inside of their binding where its planes do not.
  const limit = device.context.bindingLimit - 256;
  for (const window of mapWindows(map, { limit })) {
    const { imageFrom, imageCount, quadFrom, quadCount } = window;
    const channels = Math.min(c, 4 * (quadFrom + quadCount)) - 4 * quadFrom;
    const start = imageFrom * c + 4 * quadFrom;
    const rows = bind(row.buffer, hw * 4, { start, count: imageCount * channels });
    const count = imageCount * hw * (toRowOrder ? channels : quadCount);
    const [from, to] = toRowOrder ? [window, rows] : [rows, window];
    device.dispatch({
      kernel,
      bindings: { x: from, y: to },
      params: {
        n: count,
        hw,
        channels,
        quads: quadCount,
        x_base: from.base,
        // to_c4 writes quads.
        y_base: toRowOrder ? to.base : to.base / 4,
      },
      workgroups: grid1d(count),
    });
  }
}

/** The same row-major elements under another shape; shares the memory of `x`. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const y = x.view(shape);
  record({
    op: 'reshape',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => [dY ? dY.view(x.shape) : null],
  });
  return y;
}

export interface AnchorRowsOptions {
  /** Anchors per cell (A). */
  anchors: number;
  /** planar: channel k · A + a (class scores); interleaved: channel a · K + k (boxes). docs/spec.md 1.5. */
  order: 'planar' | 'interleaved';
}

/** A head's map, c4 [N, K·A, H, W], as one row of K numbers per anchor: [N·H·W·A, K], row order n, y, x, a. */
export function toAnchorRows(x: Tensor, { anchors, order }: AnchorRowsOptions): Tensor {
  requireC4('toAnchorRows', 'x', x);
  const [n, c, h, w] = dims4(x.shape);
  if (!Number.isInteger(anchors) || anchors < 1 || c % anchors !== 0) {
    throw new NnError(
      'shape',
      `toAnchorRows: ${c} channels are not a multiple of ${anchors} anchors.`,
      {
        fix: 'pass the number of anchors per cell that the head was made for.',
      },
    );
  }
  const y = x.device.empty([n * h * w * anchors, c / anchors]);
  moveAnchors('layout/anchor_rows', { x, y }, anchors, order);
  record({
    op: 'toAnchorRows',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      moveAnchors('layout/anchor_rows_backward', { dX, dY }, anchors, order);
      return [dX];
    },
  });
  return y;
}

/** Runs a kernel between a head's map and its rows, named as its bindings are, in windows of images. */
function moveAnchors(
  kernel: 'layout/anchor_rows' | 'layout/anchor_rows_backward',
  tensors: Readonly<Record<string, Tensor>>,
  anchors: number,
  order: AnchorRowsOptions['order'],
): void {
  const [[mapName, map], [rowsName, rows]] = Object.entries(tensors) as [
    [string, Tensor],
    [string, Tensor],
  ];
  const { device } = map;
  const [n, c, h, w] = dims4(map.shape);
  if (map.size === 0) return;
  const hw = h * w;
  const [mapBytes, rowBytes] = [quads(c) * hw * 16, c * hw * 4];
  const limit = device.context.bindingLimit;
  const rules = { unitBytes: [mapBytes, rowBytes], limit, unit: 'image of scores' };
  for (const window of windowsOf(n, rules)) {
    const ofMap = bind(map.buffer, mapBytes, window);
    const ofRows = bind(rows.buffer, rowBytes, window);
    // The forward kernel writes rows, the backward one quads of the map.
    const count = window.count * hw * (kernel === 'layout/anchor_rows' ? c : quads(c));
    device.dispatch({
      kernel,
      defines: { INTERLEAVED: order === 'interleaved' },
      bindings: { [mapName]: ofMap, [rowsName]: ofRows },
      params: {
        n: count,
        hw,
        anchors,
        k: c / anchors,
        quads: quads(c),
        x_base: ofMap.base,
        y_base: ofRows.base,
      },
      workgroups: grid1d(count),
    });
  }
}

/** Stored elements per step of axis 0. */
function strideOf(x: Tensor): number {
  const inner = x.shape.slice(1);
  if (x.layout === 'row') return sizeOf(inner);
  const [c = 0, h = 0, w = 0] = inner;
  return quads(c) * h * w * 4;
}

/** The tensors one after another along axis 0; any layout, the same in all; other axes must agree. */
export function concatRows(list: readonly Tensor[]): Tensor {
  const first = list[0];
  if (!first) throw new NnError('shape', 'concatRows: the list is empty.');
  for (const t of list) {
    if (
      !sameShape(t.shape.slice(1), first.shape.slice(1)) ||
      t.layout !== first.layout ||
      t.dtype !== first.dtype
    ) {
      throw new NnError('shape', `concatRows: ${t.describe()} does not fit ${first.describe()}.`, {
        fix: 'all but axis 0 must agree, and so must layout and type.',
      });
    }
  }
  const rows = list.reduce((sum, t) => sum + (t.shape[0] ?? 0), 0);
  const y = first.device.empty([rows, ...first.shape.slice(1)], {
    layout: first.layout,
    dtype: first.dtype,
  });
  let place = 0;
  for (const t of list) {
    copyBytes(t, 0, y, place, t.byteLength);
    place += t.byteLength;
  }
  record({
    op: 'concatRows',
    inputs: [...list],
    outputs: [y],
    backward: ([dY], needs) => {
      let start = 0;
      return list.map((t, i) => {
        const from = start;
        start += t.shape[0] ?? 0;
        return dY && needs[i] ? copyRows(dY, from, t.shape[0] ?? 0) : null;
      });
    },
  });
  return y;
}

function copyRows(x: Tensor, start: number, count: number): Tensor {
  const y = x.device.empty([count, ...x.shape.slice(1)], { layout: x.layout, dtype: x.dtype });
  copyBytes(x, start * strideOf(x) * 4, y, 0, y.byteLength);
  return y;
}

/** `count` steps of axis 0 from `start` on, as a copy; any layout. */
export function sliceRows(x: Tensor, start: number, count: number): Tensor {
  const rows = x.shape[0] ?? 0;
  if (start < 0 || count < 0 || start + count > rows) {
    throw new NnError(
      'shape',
      `sliceRows: rows ${start} .. ${start + count - 1} are not in ${x.describe()}.`,
      {
        fix: `choose a range within 0 .. ${rows - 1}.`,
      },
    );
  }
  const y = copyRows(x, start, count);
  record({
    op: 'sliceRows',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = x.device.zeros(x.shape, { layout: x.layout });
      copyBytes(dY, 0, dX, start * strideOf(x) * 4, dY.byteLength);
      return [dX];
    },
  });
  return y;
}

/**
 * Rows of x [M, K] by number: [R, K]. `index` is i32 or u32 [R]; a number that is no row of x
 * gives zeros. Rows may repeat; the gradient then adds up in the order of `index`.
 */
export function gatherRows(x: Tensor, index: Tensor): Tensor {
  requireRow('gatherRows', 'x', x, 2);
  requireRow('gatherRows', 'index', index, 1);
  if (index.dtype === 'f32') {
    throw new NnError('dtype', `gatherRows: index must be i32 or u32, got ${index.describe()}.`);
  }
  const { device } = x;
  const [rows = 0, k = 0] = x.shape;
  const picked = index.size;
  const y = device.empty([picked, k]);
  if (y.size > 0) {
    device.dispatch({
      kernel: 'layout/gather_rows',
      bindings: { x, index, y },
      params: { n: y.size, rows, k },
      workgroups: grid1d(y.size),
    });
  }
  record({
    op: 'gatherRows',
    inputs: [x, null],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null, null];
      const dX = device.zeros(x.shape);
      if (y.size > 0) {
        device.dispatch({
          kernel: 'layout/gather_rows_backward',
          bindings: { index, dY, dX },
          params: { n: dX.size, rows, k, picked },
          workgroups: grid1d(k),
        });
      }
      return [dX, null];
    },
  });
  return y;
}
