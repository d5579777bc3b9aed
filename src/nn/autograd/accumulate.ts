import { grid1d } from '../kernel/dispatch.js';
import type { Tensor } from '../tensor/tensor.js';

/** a + b as a new tensor, over storage order (same shape and layout). */
export function accumulate(a: Tensor, b: Tensor): Tensor {
  return combine(a, b, 1, 1);
}

/** factor · a as a new tensor. */
export function scaled(a: Tensor, factor: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  a.device.dispatch({
    kernel: 'elementwise/scale',
    bindings: { x: a, y },
    params: { n: a.storedSize, factor },
    workgroups: grid1d(a.storedSize),
  });
  return y;
}

/** alpha · a + beta · b as a new tensor. */
export function combine(a: Tensor, b: Tensor, alpha: number, beta: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  a.device.dispatch({
    kernel: 'elementwise/add',
    bindings: { a, b, y },
    params: { n: a.storedSize, alpha, beta },
    workgroups: grid1d(a.storedSize),
  });
  return y;
}
