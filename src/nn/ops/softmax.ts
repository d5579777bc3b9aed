import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow } from './common.js';

/** Softmax of each row of x, row [M, K]. */
export function softmax(x: Tensor): Tensor {
  requireRow('softmax', 'x', x, 2);
  const [rows = 0, k = 0] = x.shape;
  const { device } = x;
  const y = emptyLike(x);
  if (y.size > 0) {
    device.dispatch({
      kernel: 'softmax/softmax',
      bindings: { x, y },
      params: { rows, k },
      workgroups: grid1d(rows),
    });
  }
  record({
    op: 'softmax',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      if (y.size > 0) {
        device.dispatch({
          kernel: 'softmax/softmax_backward',
          bindings: { y, dY, dX },
          params: { rows, k },
          workgroups: grid1d(rows),
        });
      }
      return [dX];
    },
  });
  return y;
}
