import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf } from '../kernel/windows.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementwise } from '../tensor/run-elementwise.js';
import { emptyLike, padParams, requireC4, requireRow } from './common.js';

/** Terms per partial sum and lanes per block of the kernels. */
const block = 64;

/**
 * Sum over everything stored (pad lanes are zero), times `factor`, as a new [1] tensor; not
 * recorded. Blocks of 64 terms are summed until one number is left: a fixed order, and an error
 * that grows with the logarithm of the size. An empty tensor gives 0.
 */
export function sumAll(x: Tensor, factor = 1): Tensor {
  const { device } = x;
  let current = x;
  let size = x.storedSize;
  if (size === 0) return device.zeros([1]);
  for (;;) {
    // Windows of whole blocks, so that every window's partial sums are those of the whole.
    const windows = windowsOf(size, {
      unitBytes: 4,
      limit: Math.max(device.context.bindingLimit, block * block * 4),
      step: block * block,
    });
    const lanes = size <= block ? 1 : block;
    const m = partials(size, lanes);
    const y = device.empty([m]);
    for (const window of windows) {
      const count = partials(window.count, lanes);
      device.dispatch({
        kernel: 'reduce/sum',
        bindings: {
          x: bind(current.buffer, 4, window),
          y: bind(y.buffer, 4, { start: window.start / block, count }),
        },
        params: { n: window.count, m: count, lanes, factor: m === 1 ? factor : 1 },
        workgroups: grid1d(count),
      });
    }
    if (current !== x) current.dispose();
    current = y;
    size = m;
    if (m === 1) return y;
  }
}

/** Number of partial sums of n elements; see kernels/reduce/sum.wgsl. */
function partials(n: number, lanes: number): number {
  const span = block * lanes;
  return Math.floor(n / span) * lanes + Math.min(n % span, lanes);
}

/** Sum of all elements: [1]. */
export function sum(x: Tensor): Tensor {
  return reduced('sum', x, 1);
}

/** Mean of all elements: [1]. An empty tensor gives 0. */
export function mean(x: Tensor): Tensor {
  return reduced('mean', x, 1 / Math.max(1, x.size));
}

function reduced(op: string, x: Tensor, factor: number): Tensor {
  const y = sumAll(x, factor);
  record({
    op,
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      const { defines, params } = padParams(x);
      elementwise({
        kernel: 'reduce/fill',
        defines,
        tensors: { y: dX },
        whole: { x: dY },
        params: (start) => ({ ...params(start), factor }),
      });
      return [dX];
    },
  });
  return y;
}

/** Sums over the rows of x, row [R, O] -> [O]; not recorded. */
export function columnSums(x: Tensor): Tensor {
  const { device } = x;
  const [r = 0, columns = 0] = x.shape;
  if (r === 0 || columns === 0) return device.zeros([columns]);
  let current = x;
  let rows = r;
  for (;;) {
    const chunks = Math.ceil(rows / block);
    const y = device.empty(chunks === 1 ? [columns] : [chunks, columns]);
    // Windows of whole chunks.
    const windows = windowsOf(chunks, {
      unitBytes: block * columns * 4,
      limit: device.context.bindingLimit,
      unit: `${block} rows`,
    });
    for (const { start, count } of windows) {
      const taken = Math.min(count * block, rows - start * block);
      const from = bind(current.buffer, columns * 4, { start: start * block, count: taken });
      const to = bind(y.buffer, columns * 4, { start, count });
      device.dispatch({
        kernel: 'reduce/sum_rows',
        bindings: { x: from, y: to },
        params: { rows: taken, columns, n: count * columns, x_base: from.base, y_base: to.base },
        workgroups: grid1d(count * columns),
      });
    }
    if (current !== x) current.dispose();
    if (chunks === 1) return y;
    current = y;
    rows = chunks;
  }
}

/** Sum over the rows: row [R, O] -> [O]. No rows give zeros. */
export function sumRows(x: Tensor): Tensor {
  requireRow('sumRows', 'x', x, 2);
  const columns = x.shape[1] ?? 0;
  const y = columnSums(x);
  record({
    op: 'sumRows',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      elementwise({
        kernel: 'reduce/spread_rows',
        tensors: { y: dX },
        whole: { x: dY },
        params: (start) => ({ start, columns }),
      });
      return [dX];
    },
  });
  return y;
}

/** Sums over images and pixels of x, c4 [N, C, H, W] -> [C]; not recorded. */
export function channelSums(x: Tensor): Tensor {
  const { device } = x;
  const [n, c, h, w] = dims4(x.shape);
  const q = quads(c);
  if (x.size === 0) return device.zeros([c]);
  let current = x;
  let hw = h * w;
  while (hw > block) {
    const blocks = Math.ceil((4 * hw) / (block * block));
    const pixels = 16 * blocks;
    const y = device.empty([n, c, 1, pixels], { layout: 'c4' });
    const windows = windowsOf(n * q, {
      unitBytes: hw * 16,
      limit: device.context.bindingLimit,
      unit: 'plane of a map',
    });
    for (const window of windows) {
      const from = bind(current.buffer, hw * 16, window);
      const to = bind(y.buffer, pixels * 16, window);
      const count = window.count * blocks * block;
      device.dispatch({
        kernel: 'reduce/sum_map',
        bindings: { x: from, y: to },
        params: { n: count, hw, blocks, x_base: from.base, y_base: to.base },
        workgroups: grid1d(count),
      });
    }
    if (current !== x) current.dispose();
    current = y;
    hw = pixels;
  }
  const images = device.empty([n, c]);
  device.dispatch({
    kernel: 'reduce/sum_map_last',
    bindings: { x: current, y: images },
    params: { n: n * c, hw, channels: c, quads: q },
    workgroups: grid1d(n * c),
  });
  if (current !== x) current.dispose();
  const y = columnSums(images);
  images.dispose();
  return y;
}

/** Sum over images and pixels: c4 [N, C, H, W] -> [C]. */
export function sumMap(x: Tensor): Tensor {
  requireC4('sumMap', 'x', x);
  const [, c, h, w] = dims4(x.shape);
  const y = channelSums(x);
  record({
    op: 'sumMap',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      elementwise({
        kernel: 'reduce/spread_map',
        tensors: { y: dX },
        whole: { x: dY },
        params: (start) => ({ start, hw: h * w, quads: quads(c), channels: c }),
      });
      return [dX];
    },
  });
  return y;
}
