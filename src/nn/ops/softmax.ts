import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { sliceOf } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow } from './common.js';
import { planSoftmax } from './map-plan.js';

/** Softmax of each row of x, row [M, K]. */
export function softmax(x: Tensor): Tensor {
  requireRow('softmax', 'x', x, 2);
  const [rows = 0, k = 0] = x.shape;
  const { device } = x;
  const y = emptyLike(x);
  const { windows } = planSoftmax({ rows, k }, device.context);
  const run = (kernel: string, tensors: Record<string, Tensor>): void => {
    for (const { first, count } of windows) {
      const part = { offset: first * k * 4, size: count * k * 4 };
      const bindings = Object.entries(tensors).map(
        ([name, t]) => [name, windows.length === 1 ? t : sliceOf(t.buffer, part)] as const,
      );
      device.dispatch({
        kernel,
        bindings: Object.fromEntries(bindings),
        params: { rows: count, k },
        workgroups: grid1d(count),
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
