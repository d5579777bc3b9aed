import { grid1d } from '../../kernel/dispatch.js';
import { sliceOf, windowsOf, type Window } from '../../kernel/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { LinearKernels } from './passes.js';
import type { LinearShape } from './plan.js';

/** The rows of the weight, or of its gradient, in windows that fit a binding. */
function weightWindows(weight: Tensor, s: LinearShape): Window[] {
  return windowsOf(s.o, s.i * 4, weight.device.context.bindingLimit);
}

const noBases = { a_base: 0, b_base: 0, c_base: 0, bias_base: 0 };

/** One result per invocation, from buffers: any size on any adapter. */
export const naiveLinear: LinearKernels = {
  reads: 'buffer',

  forward({ x, weight, bias, y, s, relu }) {
    for (const window of weightWindows(weight, s)) {
      const { start, count, base } = window;
      x.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive forward',
        defines: { BIAS: bias !== null, RELU: relu },
        bindings: { a: x, b: sliceOf(weight.buffer, window), c: y, ...(bias ? { bias } : {}) },
        params: {
          ...noBases,
          rows: s.r,
          cols: count,
          k: s.i,
          a_row: s.i,
          a_k: 1,
          b_col: s.i,
          b_k: 1,
          c_row: s.o,
          b_base: base,
          c_base: start,
          bias_base: start,
        },
        workgroups: grid1d(s.r * count),
      });
    }
  },

  // Windows of the weight are parts of the sum and add up in order.
  inputGradient({ dY, weight, dX, s }) {
    for (const window of weightWindows(weight, s)) {
      const { start, count, base } = window;
      dY.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dX',
        defines: { BIAS: false, RELU: false, ACCUMULATE: start > 0 },
        bindings: { a: dY, b: sliceOf(weight.buffer, window), c: dX },
        params: {
          ...noBases,
          rows: s.r,
          cols: s.i,
          k: count,
          a_row: s.o,
          a_k: 1,
          b_col: 1,
          b_k: s.i,
          c_row: s.i,
          a_base: start,
          b_base: base,
        },
        workgroups: grid1d(s.r * s.i),
      });
    }
  },

  weightGradient({ dY, x, dW, s }) {
    for (const window of weightWindows(dW, s)) {
      const { start, count, base } = window;
      dY.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dW',
        defines: { BIAS: false, RELU: false },
        bindings: { a: dY, b: x, c: sliceOf(dW.buffer, window) },
        params: {
          ...noBases,
          rows: count,
          cols: s.i,
          k: s.r,
          a_row: 1,
          a_k: s.o,
          b_col: 1,
          b_k: s.i,
          c_row: s.i,
          a_base: start,
          c_base: base,
        },
        workgroups: grid1d(count * s.i),
      });
    }
  },
};
