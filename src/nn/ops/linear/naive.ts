import { grid1d } from '../../kernel/dispatch.js';
import type { LinearKernels } from './passes.js';
import { weightWindows } from './weight-windows.js';

const noBases = { a_base: 0, b_base: 0, c_base: 0, bias_base: 0 };

/** One result per invocation, from buffers: any size on any adapter. */
export const naiveLinear: LinearKernels = {
  reads: 'buffer',

  forward({ x, weight, bias, y, s, relu }) {
    for (const { start, count, bound } of weightWindows(weight, s)) {
      x.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive forward',
        defines: { BIAS: bias !== null, RELU: relu },
        bindings: { a: x, b: bound, c: y, ...(bias ? { bias } : {}) },
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
          b_base: bound.base,
          c_base: start,
          bias_base: start,
        },
        workgroups: grid1d(s.r * count),
      });
    }
  },

  // Windows of the weight are parts of the sum and add up in order.
  inputGradient({ dY, weight, dX, s }) {
    for (const { start, count, bound } of weightWindows(weight, s)) {
      dY.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dX',
        defines: { BIAS: false, RELU: false, ACCUMULATE: start > 0 },
        bindings: { a: dY, b: bound, c: dX },
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
          b_base: bound.base,
        },
        workgroups: grid1d(s.r * s.i),
      });
    }
  },

  weightGradient({ dY, x, dW, s }) {
    for (const { start, count, bound } of weightWindows(dW, s)) {
      dY.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dW',
        defines: { BIAS: false, RELU: false },
        bindings: { a: dY, b: x, c: bound },
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
          c_base: bound.base,
        },
        workgroups: grid1d(count * s.i),
      });
    }
  },
};
