import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow } from './common.js';

/** Softmax of each row of x, row [M, K]. */
export function softmax(x: Tensor): Tensor {
  requireRow('softmax', 'x', x, 2);
  const [rows = 0, k = 0] = x.shape;
  const { device } = x;
  const y = emptyLike(x);
  // Windows of 64 rows, which begin at a multiple of 256 bytes for every k.
  const limit = device.context.bindingLimit;
  const windows = windowsOf(rows, { unitBytes: k * 4, limit, step: 64, unit: 'row of scores' });
  const run = (kernel: string, tensors: Record<string, Tensor>): void => {
    for (const window of windows) {
      const bindings = Object.entries(tensors).map(
        ([name, t]) => [name, bind(t.buffer, k * 4, window)] as const,
      );
      device.dispatch({
        kernel,
        bindings: Object.fromEntries(bindings),
        params: { rows: window.count, k },
        workgroups: grid1d(window.count),
      });
    }
  };
  if (y.size > 0) run('softmax/softmax', { x, y });
  record({
    op: 'softmax',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      if (y.size > 0) run('softmax/softmax_backward', { y, dY, dX });
      return [dX];
    },
  });
  return y;
}
