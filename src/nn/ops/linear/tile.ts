import { runTileGemm } from '../tile-gemm.js';
import type { LinearKernels } from './passes.js';
import { weightWindows } from './weight-windows.js';

/** Rows of the weight that windows start at multiples of: the tile kernels read four at a time. */
const panel = 4;

/** Tiles in workgroup memory. */
export const tileLinear: LinearKernels = {
  reads: 'buffer',

  // Both operands lie along the terms of the sum.
  forward({ x, weight, bias, y, s, relu, tile }) {
    for (const { start, count, bound } of weightWindows(weight, s, panel)) {
      runTileGemm(x.device, {
        label: 'linear tile forward',
        tile,
        rowsV: count,
        rowsS: s.r,
        k: s.i,
        v: { binding: bound, along: 'k', pitch: s.i, base: bound.base },
        s: { binding: x, along: 'k', pitch: s.i },
        c: { binding: y, pitch: s.o, base: start },
        bias,
        biasBase: start,
        relu,
      });
    }
  },

  // Windows of the weight are parts of the sum and add up in order.
  inputGradient({ dY, weight, dX, s, tile }) {
    for (const { start, count, bound } of weightWindows(weight, s, panel)) {
      runTileGemm(dY.device, {
        label: 'linear tile dX',
        tile,
        rowsV: s.i,
        rowsS: s.r,
        k: count,
        v: { binding: bound, along: 'rows', pitch: s.i, base: bound.base },
        s: { binding: dY, along: 'k', pitch: s.o, base: start },
        c: { binding: dX, pitch: s.i },
        accumulate: start > 0,
      });
    }
  },

  // Both operands lie across the sum.
  weightGradient({ dY, x, dW, s, tile }) {
    for (const { start, count, bound } of weightWindows(dW, s, panel)) {
      runTileGemm(x.device, {
        label: 'linear tile dW',
        tile,
        rowsV: s.i,
        rowsS: count,
        k: s.r,
        v: { binding: x, along: 'rows', pitch: s.i },
        s: { binding: dY, along: 'rows', pitch: s.o, base: start },
        c: { binding: bound, pitch: s.i, base: bound.base },
      });
    }
  },
};
