import { elementwise } from '../tensor/run-elementwise.js';
import type { Tensor } from '../tensor/tensor.js';

/** a + b as a new tensor, over storage order (same shape and layout). */
export function accumulate(a: Tensor, b: Tensor): Tensor {
  return combine(a, b, 1, 1);
}

/** factor · a as a new tensor. */
export function scaled(a: Tensor, factor: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  elementwise({
    kernel: 'elementwise/scale',
    tensors: { x: a, y },
    quads: true,
    params: () => ({ factor }),
  });
  return y;
}

/** alpha · a + beta · b as a new tensor. */
export function combine(a: Tensor, b: Tensor, alpha: number, beta: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  elementwise({
    kernel: 'elementwise/add',
    tensors: { a, b, y },
    quads: true,
    params: () => ({ alpha, beta }),
  });
  return y;
}
