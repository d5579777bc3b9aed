import { sliceOf, windowsOf, type Window } from '../../kernel/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import { runTileGemm } from '../tile-gemm.js';
import type { LinearKernels } from './passes.js';
import type { LinearShape } from './plan.js';

/** The rows of the weight, or of its gradient, in windows that fit a binding, at multiples of 4 rows where it can be. */
function weightWindows(weight: Tensor, s: LinearShape): Window[] {
  return windowsOf(s.o, s.i * 4, weight.device.context.bindingLimit, 4);
}

/** Tiles in workgroup memory. */
export const tileLinear: LinearKernels = {
  reads: 'buffer',

  // Both operands lie along the terms of the sum.
  forward({ x, weight, bias, y, s, relu, tile }) {
    for (const window of weightWindows(weight, s)) {
      runTileGemm(x.device, {
        label: 'linear tile forward',
        tile,
        rowsV: window.count,
        rowsS: s.r,
        k: s.i,
        v: { binding: sliceOf(weight.buffer, window), along: 'k', pitch: s.i, base: window.base },
        s: { binding: x, along: 'k', pitch: s.i },
        c: { binding: y, pitch: s.o, base: window.start },
        bias,
        biasBase: window.start,
        relu,
      });
    }
  },

  // Windows of the weight are parts of the sum and add up in order.
  inputGradient({ dY, weight, dX, s, tile }) {
    for (const window of weightWindows(weight, s)) {
      const { start, count, base } = window;
      runTileGemm(dY.device, {
        label: 'linear tile dX',
        tile,
        rowsV: s.i,
        rowsS: s.r,
        k: count,
        v: { binding: sliceOf(weight.buffer, window), along: 'rows', pitch: s.i, base },
        s: { binding: dY, along: 'k', pitch: s.o, base: start },
        c: { binding: dX, pitch: s.i },
        accumulate: start > 0,
      });
    }
  },

  // Both operands lie across the sum.
  weightGradient({ dY, x, dW, s, tile }) {
    for (const window of weightWindows(dW, s)) {
      runTileGemm(x.device, {
        label: 'linear tile dW',
        tile,
        rowsV: s.i,
        rowsS: window.count,
        k: s.r,
        v: { binding: x, along: 'rows', pitch: s.i },
        s: { binding: dY, along: 'rows', pitch: s.o, base: window.start },
        c: { binding: sliceOf(dW.buffer, window), pitch: s.i, base: window.base },
      });
    }
  },
};
