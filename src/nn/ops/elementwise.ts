import { record } from '../autograd/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementwise } from '../tensor/run-elementwise.js';
import { emptyLike, padParams, requireSame } from './common.js';

/** max(x, 0) elementwise; any layout. A NaN stays a NaN. */
export function relu(x: Tensor): Tensor {
  const y = emptyLike(x);
  elementwise({ kernel: 'elementwise/relu', quads: true, tensors: { x, y } });
  record({
    op: 'relu',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => [dY ? reluBackward(y, dY) : null],
  });
  return y;
}

/** dY where y > 0, else 0; y is the output of relu. Not recorded. */
export function reluBackward(y: Tensor, dY: Tensor): Tensor {
  const dX = emptyLike(y);
  elementwise({ kernel: 'elementwise/relu_backward', quads: true, tensors: { y, dY, dX } });
  return dX;
}

/** 1 / (1 + exp(-x)) elementwise; any layout. */
export function sigmoid(x: Tensor): Tensor {
  const y = emptyLike(x);
  elementwise({ kernel: 'elementwise/sigmoid', tensors: { x, y }, ...padParams(x) });
  record({
    op: 'sigmoid',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(x);
      elementwise({ kernel: 'elementwise/sigmoid_backward', tensors: { y, dY, dX } });
      return [dX];
    },
  });
  return y;
}

/** a + b elementwise; the same shape and layout, any layout. */
export function add(a: Tensor, b: Tensor): Tensor {
  requireSame('add', a, b);
  const y = emptyLike(a);
  elementwise({
    kernel: 'elementwise/add',
    quads: true,
    tensors: { a, b, y },
    params: () => ({ alpha: 1, beta: 1 }),
  });
  record({
    op: 'add',
    inputs: [a, b],
    outputs: [y],
    backward: ([dY]) => [dY ?? null, dY ?? null],
  });
  return y;
}

/** factor · x elementwise; any layout. */
export function scale(x: Tensor, factor: number): Tensor {
  const y = scaleBy(x, factor);
  record({
    op: 'scale',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => [dY ? scaleBy(dY, factor) : null],
  });
  return y;
}

function scaleBy(x: Tensor, factor: number): Tensor {
  const y = emptyLike(x);
  elementwise({
    kernel: 'elementwise/scale',
    quads: true,
    tensors: { x, y },
    params: () => ({ factor }),
  });
  return y;
}

/** a · b elementwise; the same shape and layout, any layout. */
export function mulElement(a: Tensor, b: Tensor): Tensor {
  requireSame('mulElement', a, b);
  const y = multiply(a, b);
  record({
    op: 'mulElement',
    inputs: [a, b],
    outputs: [y],
    backward: ([dY], needs) => [
      dY && needs[0] ? multiply(dY, b) : null,
      dY && needs[1] ? multiply(dY, a) : null,
    ],
  });
  return y;
}

// a and b may be one tensor: both are bound for reading only.
function multiply(a: Tensor, b: Tensor): Tensor {
  const y = emptyLike(a);
  elementwise({ kernel: 'elementwise/mul', quads: true, tensors: { a, b, y } });
  return y;
}

/** 1 − x elementwise; any layout. */
export function oneMinus(x: Tensor): Tensor {
  const y = emptyLike(x);
  elementwise({ kernel: 'elementwise/one_minus', tensors: { x, y }, ...padParams(x) });
  record({
    op: 'oneMinus',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => [dY ? scaleBy(dY, -1) : null],
  });
  return y;
}
